//! The wire: three loopback servers over one state, on a thread and a runtime of their own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::{Router, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use url::form_urlencoded;

use super::faults::{Fault, Mode, When};
use super::github::Ask;
use super::prometheus::{self, Params};
use super::state::{Headers, State, Wire};
use super::weather::Sky;
use super::wire::{Cord, Halves, Lines};
use super::{control, exposition};

/// Request bodies are cut off here.
const LARGEST_BODY: usize = 1 << 20;
/// The size of the answer of fault `huge`.
const HUGE: usize = 50 << 20;

/// Which of the three servers answers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    GitHub,
    Prometheus,
    Metrics,
}

impl Role {
    fn sky(self) -> Option<Sky> {
        match self {
            Self::GitHub => Some(Sky::GitHub),
            Self::Prometheus => Some(Sky::Prometheus),
            Self::Metrics => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Server {
    state: Arc<Mutex<State>>,
    role: Role,
    base: Arc<str>,
}

/// The running servers.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) addresses: [SocketAddr; 3],
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Handle {
    /// Stops the servers and waits until they are gone.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more when the thread is gone already.
            let _gone = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the servers (GitHub, Prometheus, `/metrics`) on these ports; 0 picks a free one.
pub(crate) fn start(state: State, ports: [u16; 3]) -> io::Result<Handle> {
    let mut listeners = Vec::new();
    let mut addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 3];
    for (address, port) in addresses.iter_mut().zip(ports) {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        *address = listener.local_addr()?;
        listeners.push(listener);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let state = Arc::new(Mutex::new(state));
    let run = move || {
        runtime.block_on(async move {
            for (listener, role) in
                listeners
                    .into_iter()
                    .zip([Role::GitHub, Role::Prometheus, Role::Metrics])
            {
                let Ok(address) = listener.local_addr() else {
                    return;
                };
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                let server = Server {
                    state: Arc::clone(&state),
                    role,
                    base: format!("http://{address}").into(),
                };
                let app = Router::new()
                    .fallback(handle)
                    .with_state(server)
                    .into_make_service_with_connect_info::<Cord>();
                tokio::spawn(async move { serve(Lines(listener), app).await });
            }
            // Dropped or told: either way it is over; the runtime takes the open connections with it.
            drop(stopped.await);
        });
    };
    let thread = thread::Builder::new().name("demo".to_owned()).spawn(run)?;
    Ok(Handle {
        addresses,
        stop: Some(stop),
        thread: Some(thread),
    })
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path segment without its percent signs.
fn decoded(segment: &str) -> String {
    let mut out = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        if let (b'%', Some(byte)) = (first, hex) {
            out.push(byte);
            rest = tail.get(2..).unwrap_or(&[]);
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned)
}

fn response(wire: Wire) -> Response<Body> {
    let mut response = Response::new(Body::from(wire.body));
    *response.status_mut() =
        StatusCode::from_u16(wire.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in wire.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn handle(
    Shared(server): Shared<Server>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return response(Wire {
            status: 413,
            headers: Vec::new(),
            body: Vec::new(),
        });
    };
    let raw_path = parts.uri.path().to_owned();
    let mut query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
            .into_owned()
            .collect();
    let trailing = raw_path.len() > 1 && raw_path.ends_with('/');
    let ask = Ask {
        method: parts.method.as_str().to_owned(),
        path: raw_path.split('/').skip(1).map(decoded).collect(),
        query: query.clone(),
        body: body.to_vec(),
        base: server.base.to_string(),
        raw_path: raw_path.clone(),
    };
    let headers = Headers {
        authorization: header(&parts.headers, "authorization"),
        if_none_match: header(&parts.headers, "if-none-match"),
        version: header(&parts.headers, "x-github-api-version"),
        agent: parts.headers.contains_key("user-agent"),
    };
    let fault = {
        let mut state = lock(&server.state);
        if server.role == Role::GitHub
            && let Some(wire) = control::answer(&mut state, &ask)
        {
            return response(wire);
        }
        state
            .journal
            .note(&ask.method, &ask.path, headers.if_none_match.is_some());
        state.fault(server.role.sky(), &ask.method, &raw_path)
    };
    if let Some(fault) = fault
        .as_ref()
        .filter(|f| matches!(f.mode, Mode::Delay | Mode::Silence) && f.when == When::Before)
    {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    if let Some(fault) = fault.as_ref().filter(|f| {
        f.when == When::Before && !matches!(f.mode, Mode::Delay | Mode::Cut | Mode::Torn)
    }) {
        return broken(
            fault,
            &cord,
            Wire {
                status: 200,
                headers: Vec::new(),
                body: Vec::new(),
            },
        );
    }
    let wire = {
        let mut state = lock(&server.state);
        match server.role {
            Role::GitHub if trailing => {
                Wire::json(404, &serde_json::json!({ "message": "Not Found" }))
            }
            Role::GitHub => state.github(&ask, &headers),
            Role::Prometheus => {
                if ask.method == "POST" {
                    query.extend(form_urlencoded::parse(&ask.body).into_owned());
                }
                prometheus::answer(&mut state, &ask.method, &raw_path, &Params(query))
            }
            Role::Metrics => match raw_path.as_str() {
                "/metrics" => exposition::page(&mut state),
                path if path.starts_with("/healthz/") => health(&mut state, path),
                _ => Wire {
                    status: 404,
                    headers: Vec::new(),
                    body: b"404 page not found\n".to_vec(),
                },
            },
        }
    };
    let wire = dated(&server.state, wire);
    match fault {
        Some(fault) if fault.when == When::During => halved(&fault, &cord, wire),
        Some(fault) => {
            if matches!(fault.mode, Mode::Delay | Mode::Silence) && fault.when == When::After {
                tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
            }
            broken(&fault, &cord, wire)
        }
        None => response(wire),
    }
}

/// Every server tells the virtual time, so that nobody sees a clock that goes wrong.
fn dated(state: &Mutex<State>, mut wire: Wire) -> Wire {
    let now = lock(state).world.now;
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    wire.headers.push(("date".to_owned(), date));
    wire
}

/// The answer of a request that fails half way: what would have come, or what the fault puts in its place.
fn halved(fault: &Fault, cord: &Cord, wire: Wire) -> Response<Body> {
    let whole = match fault.mode {
        Mode::Status | Mode::Html => broken(fault, cord, wire),
        _ => response(wire),
    };
    let pause = (fault.mode == Mode::Delay).then(|| Duration::from_millis(fault.delay_ms));
    let (parts, body) = whole.into_parts();
    Response::from_parts(parts, Body::new(Halves::new(body, pause)))
}

/// The answer of a request that fails as ordered; `wire` is what it would have been.
fn broken(fault: &Fault, cord: &Cord, wire: Wire) -> Response<Body> {
    let html = "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Something went wrong</h1></body></html>";
    match fault.mode {
        Mode::Status => {
            let body = fault
                .body
                .clone()
                .unwrap_or_else(|| r#"{"message":"Server Error"}"#.to_owned());
            let mut headers = vec![(
                "content-type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            )];
            headers.extend(fault.headers.clone());
            response(Wire {
                status: fault.status.unwrap_or(500),
                headers,
                body: body.into_bytes(),
            })
        }
        Mode::Html => {
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            response(Wire {
                status: fault.status.unwrap_or(200),
                headers,
                body: html.as_bytes().to_vec(),
            })
        }
        Mode::Huge => {
            let mut body = vec![b' '; HUGE];
            if let [first, .., last] = body.as_mut_slice() {
                (*first, *last) = (b'[', b']');
            }
            let headers = vec![(
                "content-type".to_owned(),
                "application/json; charset=utf-8".to_owned(),
            )];
            response(Wire {
                status: 200,
                headers,
                body,
            })
        }
        Mode::Reset | Mode::Silence => {
            cord.cut_after(0);
            response(wire)
        }
        Mode::Cut => {
            // The head of the answer takes about a kilobyte; some of a body that is longer gets through.
            cord.cut_after(1_200.min(wire.body.len() / 2 + 700));
            response(wire)
        }
        Mode::Torn => {
            let mut wire = wire;
            wire.body.truncate(wire.body.len() / 2);
            response(wire)
        }
        Mode::Delay => response(wire),
    }
}

/// `/healthz/SERVICE/ENVIRONMENT`: what a service says of itself, also which version most of its traffic gets.
fn health(state: &mut State, path: &str) -> Wire {
    let now = state.catch_up();
    let mut parts = path.split('/').skip(2);
    let (service, env) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let found = state
        .world
        .repos
        .iter()
        .find(|r| r.name == service)
        .and_then(|repo| {
            let shift = repo
                .shifts
                .iter()
                .rev()
                .find(|s| s.env == env && s.at <= now)?;
            Some((
                repo.version_of(shift.stable).map(str::to_owned),
                repo.commit(shift.stable)?.sha.clone(),
            ))
        });
    let Some((version, commit)) = found else {
        return Wire {
            status: 404,
            headers: Vec::new(),
            body: b"404 page not found\n".to_vec(),
        };
    };
    let mut wire = Wire::json(
        200,
        &serde_json::json!({ "status": "ok", "version": version, "commit": commit }),
    );
    wire.headers
        .push(("x-version".to_owned(), version.unwrap_or_default()));
    wire
}
