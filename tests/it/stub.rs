//! A small HTTP server that answers what a test says and remembers what it was asked; and one on bare TCP for connections
//! that break.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use flightdeck::providers::Clock;
use flightdeck::providers::http::{HttpPolicy, init_tls};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// "Now" in these tests.
pub(crate) const NOW_S: i64 = 1_793_000_000;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.split('?').next().unwrap()
    }

    /// The fields of a form body or a query.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let query = self.uri.split_once('?').map_or("", |(_, q)| q);
        let all = url::form_urlencoded::parse(query.as_bytes())
            .chain(url::form_urlencoded::parse(self.body.as_bytes()));
        all.into_iter()
            .find(|(k, _)| k == name)
            .map(|(_, v)| v.into_owned())
    }
}

/// A running server; it ends with the test's runtime.
pub(crate) struct Stub {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    /// Answers each request by `answer(request, how many came before)`.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&Seen, usize) -> Response + Clone + Send + Sync + 'static,
    {
        Self::start_on("127.0.0.1:0", answer).await.unwrap()
    }

    /// The same on another address; none where the machine has no such.
    pub(crate) async fn start_on<F>(address: &str, answer: F) -> Option<Self>
    where
        F: Fn(&Seen, usize) -> Response + Clone + Send + Sync + 'static,
    {
        init_tls();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let handler = move |request: Request| {
            let (log, answer) = (Arc::clone(&log), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let one = Seen {
                    method: parts.method.to_string(),
                    uri: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8_lossy(&body).into_owned(),
                };
                let before = {
                    let mut log = log.lock().unwrap();
                    log.push(one.clone());
                    log.len() - 1
                };
                answer(&one, before)
            }
        };
        let listener = TcpListener::bind(address).await.ok()?;
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handler);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Some(Self { url, seen })
    }

    /// What came, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// An answer with a body.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::from(body.into())).unwrap()
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &serde_json::Value) -> Response {
    reply(
        status,
        &[("content-type", "application/json")],
        body.to_string(),
    )
}

/// An answer of `mib` MiB without an announced length.
pub(crate) fn endless(mib: usize) -> Response {
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let pieces = (0..mib).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    let body = Body::from_stream(futures_stream(pieces));
    Response::builder().status(200).body(body).unwrap()
}

/// A JSON answer whose body takes that long to come.
pub(crate) fn late(delay: Duration, body: &serde_json::Value) -> Response {
    struct Late(Pin<Box<tokio::time::Sleep>>, Option<Bytes>);
    impl futures_core::Stream for Late {
        type Item = std::io::Result<Bytes>;
        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            std::task::ready!(self.0.as_mut().poll(cx));
            Poll::Ready(self.1.take().map(Ok))
        }
    }
    let body = Some(Bytes::from(body.to_string()));
    let body = Body::from_stream(Late(Box::pin(tokio::time::sleep(delay)), body));
    let response = Response::builder().header("content-type", "application/json");
    response.body(body).unwrap()
}

fn futures_stream<I, T>(items: I) -> impl futures_core::Stream<Item = T>
where
    I: Iterator<Item = T> + Unpin,
{
    struct Items<I>(I);
    impl<I: Iterator + Unpin> futures_core::Stream for Items<I> {
        type Item = I::Item;
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
            Poll::Ready(self.0.next())
        }
    }
    Items(items)
}

/// What a bare connection does once the request was read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bare {
    /// Closes without an answer.
    Close,
    /// Says nothing.
    Hang,
    /// Sends these bytes, then closes.
    Say(&'static str),
}

/// A server on bare TCP; gives its address and counts connections that sent a request.
pub(crate) async fn bare(what: Bare) -> (String, Arc<Mutex<usize>>) {
    init_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                if socket.read(&mut buffer).await.unwrap_or(0) == 0 {
                    return;
                }
                *counted.lock().unwrap() += 1;
                match what {
                    Bare::Close => {}
                    Bare::Hang => std::future::pending().await,
                    Bare::Say(text) => socket.write_all(text.as_bytes()).await.unwrap(),
                }
            });
        }
    });
    (url, count)
}

/// An address where nobody listens.
pub(crate) async fn closed_port() -> String {
    init_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The policy with short times and no proxy.
pub(crate) fn policy() -> HttpPolicy {
    HttpPolicy {
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(10),
        timeout: Duration::from_secs(20),
        pause: Duration::from_millis(2),
        system_proxy: false,
        ..HttpPolicy::default()
    }
}

/// The policy for tests that wait for a timeout.
pub(crate) fn impatient() -> HttpPolicy {
    HttpPolicy {
        read_timeout: Duration::from_millis(150),
        timeout: Duration::from_millis(300),
        ..policy()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(NOW_S).unwrap()
}

pub(crate) fn clock() -> Clock {
    Arc::new(now)
}
