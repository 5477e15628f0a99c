//! Serving HTTP with limits: so many connections at once, further ones wait until one ends; and so long for a request's
//! head to arrive, so that nobody holds a connection by saying nothing.
//!
//! Where there is a certificate, only programs of this same host may come without TLS: what they say crosses no network.
//! A browser that does is sent to HTTPS, anything else is refused.

use super::{Api, problem};
use crate::tls::{Accepted, Acceptor};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, HOST, LOCATION};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, Response, StatusCode};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use qoin_core::api::problem::{Problem, ProblemCode};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How long a request's head may take, counted from the connection's begin or the answer before.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after a connection could not be accepted: too many open files, for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a request carries that came by TLS.
#[derive(Debug, Clone, Copy)]
pub struct Encrypted;

/// Serves until `stopping`, then until the open requests are answered. Requests carry `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    api: Api,
    connections: u32,
    tls: Option<Acceptor>,
    stopping: CancellationToken,
) {
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
                let (api, tls, stopping) = (api.clone(), tls.clone(), stopping.clone());
                open.spawn(async move {
                    if let Err(error) = serve_connection(stream, peer, api, tls, stopping).await {
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
    tls: Option<Acceptor>,
    stopping: CancellationToken,
) -> io::Result<()> {
    let Some(acceptor) = tls else {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot send small answers at once");
        }
        return speak(stream, peer, false, api, stopping).await;
    };
    let own = is_of_this_host(&stream, peer);
    let accepted = tokio::select! {
        accepted = acceptor.accept(stream, HEAD_TIMEOUT) => accepted?,
        () = stopping.cancelled() => return Ok(()),
    };
    match accepted {
        Accepted::Encrypted(stream) => speak(stream, peer, true, api, stopping).await,
        Accepted::Plain(stream) if own => speak(stream, peer, false, api, stopping).await,
        Accepted::Plain(stream) => speak(stream, peer, false, Api::new().fallback(ask_for_https), stopping).await,
    }
}

/// Whether the other end is on this host: a loopback address, or the one that was connected to.
fn is_of_this_host(stream: &TcpStream, peer: SocketAddr) -> bool {
    let peer = peer.ip().to_canonical();
    peer.is_loopback() || stream.local_addr().is_ok_and(|own| own.ip().to_canonical() == peer)
}

/// The answer to a request that should have come by TLS. One that may have carried a secret is not sent on: whoever wrote
/// the program should notice.
async fn ask_for_https(request: Request<Body>) -> Response<Body> {
    let (path, host) = (request.uri().path_and_query(), request.headers().get(HOST));
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.uri().path().starts_with("/api/")
        && !request.headers().contains_key(AUTHORIZATION);
    let location = host.filter(|_| is_page).and_then(|host| {
        HeaderValue::from_str(&format!("https://{host}{}", path.map_or("/", |path| path.as_str()))).ok()
    });
    match location {
        Some(location) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
            response
        }
        None => problem(&Problem::new(
            ProblemCode::HttpsRequired,
            "This door speaks HTTPS: begin the address with https://.",
        )),
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    encrypted: bool,
    api: Api,
    stopping: CancellationToken,
) -> io::Result<()> {
    let service = api.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if encrypted {
            request.extensions_mut().insert(Encrypted);
        }
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::LeaderUrl;
    use crate::tls::client::connector;
    use crate::tls::testing::Files;
    use axum::http::HeaderName;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
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
        let serving = tokio::spawn(serve(listener, router, 1, None, stopping.clone()));
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

    #[tokio::test]
    async fn with_a_certificate_it_speaks_https_and_to_programs_of_this_host_both() {
        let (files, others) = (Files::make(), Files::make());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authority = format!("localhost:{}", listener.local_addr().unwrap().port());
        let is_encrypted = async |request: Request<Body>| request.extensions().get::<Encrypted>().is_some().to_string();
        let stopping = CancellationToken::new();
        let router = Api::new().route("/", get(is_encrypted));
        let serving = tokio::spawn(serve(listener, router, 8, Some(files.acceptor()), stopping.clone()));
        let get = async |https, files: &Files| {
            let url = LeaderUrl { https, authority: authority.clone() };
            let connector = connector(&url, Some(&files.path("certificate.pem")), HEAD_TIMEOUT).unwrap();
            let client = Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
            let answer = client.get(format!("{url}/").parse().unwrap()).await?;
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, hyper_util::client::legacy::Error>(String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(get(true, &files).await.unwrap(), "true");
        assert_eq!(get(false, &files).await.unwrap(), "false");
        assert!(get(true, &others).await.is_err(), "another authority vouches for another certificate");
        // One that says nothing holds nobody up who stops.
        let _silent = TcpStream::connect(&authority).await.unwrap();
        stopping.cancel();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_page_is_sent_to_https_and_what_may_carry_a_secret_is_refused() {
        let ask = async |method: Method, path: &str, headers: &[(HeaderName, &str)]| {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(name, *value);
            }
            let answer = ask_for_https(request.body(Body::empty()).unwrap()).await;
            let location = answer.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
            (answer.status().as_u16(), location)
        };
        let host = [(HOST, "qoin.example:5000")];
        let sent = (308, Some("https://qoin.example:5000/send?to=a".to_owned()));
        assert_eq!(ask(Method::GET, "/send?to=a", &host).await, sent);
        let refused = (403, None);
        assert_eq!(ask(Method::POST, "/send", &host).await, refused);
        assert_eq!(ask(Method::GET, "/api/v1/account", &host).await, refused);
        assert_eq!(ask(Method::GET, "/", &[host[0].clone(), (AUTHORIZATION, "Bearer token")]).await, refused);
        assert_eq!(ask(Method::GET, "/", &[(HOST, "a/b")]).await, refused);
        assert_eq!(ask(Method::GET, "/", &[]).await, refused);
    }
}
