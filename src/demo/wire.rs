//! Connections that can be cut on purpose: a listener whose streams stop writing after a chosen number of bytes, and a body that
//! stops half way.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

/// The cord by which a connection hangs: how many bytes may still be written.
#[derive(Debug, Clone)]
pub(crate) struct Cord(Arc<AtomicUsize>);

impl Cord {
    /// Lets only so many more bytes through, then closes the connection.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Cord {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().cord.clone()
    }
}

/// A listener for such connections.
#[derive(Debug)]
pub(crate) struct Lines(pub(crate) TcpListener);

/// Such a connection.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    cord: Cord,
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // An answer is one small write: waiting for more would only delay it.
                    drop(stream.set_nodelay(true));
                    return (
                        Line {
                            stream,
                            cord: Cord(Arc::new(AtomicUsize::new(usize::MAX))),
                        },
                        address,
                    );
                }
                // Out of file descriptors, or the peer is gone already: neither ends the server.
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.cord.0.load(Ordering::Relaxed);
        if left == usize::MAX {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let part = buf.get(..left).unwrap_or(buf);
        let written = Pin::new(&mut self.stream).poll_write(cx, part);
        if let Poll::Ready(Ok(n)) = written {
            self.cord.cut_after(left - n);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A body whose second half comes after a pause, or never: then the connection is closed.
#[derive(Debug)]
pub(crate) struct Halves {
    body: Body,
    pause: Option<Duration>,
    /// The second half, once the first is on its way, with the rest of the pause.
    rest: Option<(Bytes, Option<Pin<Box<Sleep>>>)>,
}

impl Halves {
    /// Of a body that is in memory.
    pub(crate) fn new(body: Body, pause: Option<Duration>) -> Self {
        Self {
            body,
            pause,
            rest: None,
        }
    }
}

impl http_body::Body for Halves {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let lost = || Poll::Ready(Some(Err(axum::Error::new(io::Error::other("cut")))));
        if let Some((second, pause)) = &mut self.rest {
            let Some(pause) = pause else {
                return lost();
            };
            ready!(pause.as_mut().poll(cx));
            let second = std::mem::take(second);
            return Poll::Ready((!second.is_empty()).then(|| Ok(Frame::data(second))));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut whole) => {
                    let first = whole.split_to(whole.len() / 2);
                    self.rest = Some((whole, self.pause.map(|p| Box::pin(sleep(p)))));
                    Poll::Ready(Some(Ok(Frame::data(first))))
                }
                Err(frame) => Poll::Ready(Some(Ok(frame))),
            },
            end => Poll::Ready(end),
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
