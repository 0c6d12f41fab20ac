//! A hop in front of a server that keeps every request and every answer, so that a test can judge them.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use tokio::sync::oneshot;

/// A request and what came back.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) sent: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) answer: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Way {
    to: String,
    /// Lists are asked for in pages this long, so that small ones have pages too.
    page: Option<u32>,
    client: reqwest::Client,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

/// A running hop; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
    _stop: oneshot::Sender<()>,
}

impl Hop {
    /// A hop in front of `to`, on a thread of its own.
    pub(crate) fn start(to: &str, page: Option<u32>) -> Self {
        flightdeck::providers::http::init_tls();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .build()
            .unwrap();
        let way = Way {
            to: to.to_owned(),
            page,
            client,
            seen: Arc::clone(&seen),
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let app = Router::new().fallback(pass).with_state(way);
                tokio::select! {
                    ended = async { axum::serve(listener, app).await } => ended.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self {
            url,
            seen,
            _stop: stop,
        }
    }

    /// How many went through since they were taken.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// All that went through until now, which is forgotten here.
    pub(crate) fn taken(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn pass(State(way): State<Way>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, 1 << 22).await.unwrap();
    let query = parts.uri.query().map(str::to_owned);
    let mut url = format!("{}{}", way.to, parts.uri.path());
    if let Some(query) = &query {
        let shorter = way
            .page
            .map(|n| query.replace("per_page=100", &format!("per_page={n}")));
        url = format!("{url}?{}", shorter.as_ref().unwrap_or(query));
    }
    let mut onward = way
        .client
        .request(parts.method.clone(), url)
        .body(sent.clone());
    for name in [
        "authorization",
        "accept",
        "content-type",
        "if-none-match",
        "user-agent",
        "x-github-api-version",
    ] {
        if let Some(value) = parts.headers.get(name) {
            onward = onward.header(name, value);
        }
    }
    let reply = onward.send().await.unwrap();
    let mut out = Response::builder().status(reply.status());
    for (name, value) in reply.headers() {
        if !["connection", "transfer-encoding", "content-length"].contains(&name.as_str()) {
            out = out.header(name, value);
        }
    }
    let status = reply.status().as_u16();
    let answer = reply.bytes().await.unwrap();
    way.seen.lock().unwrap().push(Exchange {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query,
        sent: sent.to_vec(),
        status,
        answer: answer.to_vec(),
    });
    out.body(Body::from(answer)).unwrap()
}
