//! Serving HTTP with limits: so many connections at once, further ones wait until one ends; and so long for a request's
//! head to arrive, so that nobody holds a connection by saying nothing.

use super::Api;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long a request's head may take, counted from the connection's begin or the answer before.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after a connection could not be accepted: too many open files, for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopping`, then until the open requests are answered. Requests carry `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, api: Api, connections: u32, stopping: CancellationToken) {
    let free = Arc::new(Semaphore::new(connections as usize));
    let open = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = stopping.cancelled() => break,
            place = free.clone().acquire_owned() => place.expect("the semaphore is never closed"),
        };
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (api, stopping) = (api.clone(), stopping.clone());
                open.spawn(async move {
                    if let Err(error) = serve_connection(stream, peer, api, stopping).await {
                        tracing::debug!(%peer, %error, "a connection broke off");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    open.close();
    open.wait().await;
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    api: Api,
    stopping: CancellationToken,
) -> hyper::Result<()> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot send small answers at once");
    }
    let service = api.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut bytes = vec![0; 1024];
        let length = stream.read(&mut bytes).await.unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_waits_for_its_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Api::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()));
        let stopping = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, 1, stopping.clone()));
        let mut first = TcpStream::connect(address).await.unwrap();
        ask(&mut first).await;
        assert!(answer(&mut first).await.ends_with(&first.local_addr().unwrap().to_string()));
        let mut second = TcpStream::connect(address).await.unwrap();
        ask(&mut second).await;
        // The first still has the only place: its next answer comes, the second's does not.
        ask(&mut first).await;
        assert!(answer(&mut first).await.starts_with("HTTP/1.1 200"));
        assert!(second.try_read(&mut [0; 1]).is_err(), "the second was answered out of turn");
        drop(first);
        assert!(answer(&mut second).await.ends_with(&second.local_addr().unwrap().to_string()));
        // Stopping closes what is open and idle.
        stopping.cancel();
        assert_eq!(answer(&mut second).await, "");
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
