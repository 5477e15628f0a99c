//! The status door: what the miner does, for other programs on this machine or in its network. It only tells.

use crate::{rates::Rate, report::Report};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CONTENT_TYPE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, fmt::Write, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::sleep,
};

/// Connections at one time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 16;
/// How long a connection may take for a request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long to wait after the system refused a connection, which happens when it has no more files.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Serves the latest report at `/` as JSON and at `/metrics` for Prometheus; never returns.
pub async fn serve(listener: TcpListener, reports: watch::Receiver<Report>) -> Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("the semaphore is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!("the status door: {error}");
                sleep(AFTER_FAILURE).await;
                continue;
            }
        };
        let reports = reports.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&request, &reports.borrow());
                async move { Ok::<_, Infallible>(response) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).keep_alive(false);
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!("the status door: {error}");
            }
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, report: &Report) -> Response<Full<Bytes>> {
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/") => {
            (StatusCode::OK, "application/json", serde_json::to_string(report).unwrap_or_default())
        }
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, "text/plain; version=0.0.4", metrics(report)),
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, "text/plain", "there are / and /metrics\n".into()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "there is only GET\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind.parse().expect("a content type is a header's text"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, "GET, HEAD".parse().expect("two methods are a header's text"));
    }
    response
}

/// The report in Prometheus' text format.
fn metrics(report: &Report) -> String {
    let tally = &report.tally;
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: f64| {
        let _ = writeln!(text, "# HELP qoin_miner_{name} {help}\n# TYPE qoin_miner_{name} {kind}");
        let _ = writeln!(text, "qoin_miner_{name} {value}");
    };
    let flag = |is: bool| f64::from(u8::from(is));
    metric("connected", "gauge", "Whether a server has authorised the miner.", flag(tally.server.is_some()));
    metric("paused", "gauge", "Whether the miner pauses of itself.", flag(tally.paused.is_some()));
    metric("working", "gauge", "Whether there is work.", flag(tally.difficulty.is_some()));
    metric("difficulty", "gauge", "Share difficulty of the current job.", tally.difficulty.unwrap_or(0.0));
    metric("blocks_total", "counter", "Blocks solved.", tally.blocks as f64);
    metric("rewards_total", "counter", "Rewards of these blocks in smallest units.", tally.rewards as f64);
    metric("uptime_seconds", "counter", "How long the miner has been running.", report.uptime_s as f64);
    let _ = writeln!(text, "# HELP qoin_miner_shares_total Shares by what the server said.");
    let _ = writeln!(text, "# TYPE qoin_miner_shares_total counter");
    let shares =
        [("accepted", tally.shares_accepted), ("late", tally.shares_late), ("rejected", tally.shares_rejected)];
    for (result, count) in shares {
        let _ = writeln!(text, "qoin_miner_shares_total{{result=\"{result}\"}} {count}");
    }
    let _ = writeln!(text, "# HELP qoin_miner_hash_rate Hashes a second of each thread, over the last minute.");
    let _ = writeln!(text, "# TYPE qoin_miner_hash_rate gauge");
    for (thread, Rate { minute, .. }) in report.threads.iter().enumerate() {
        let _ = writeln!(text, "qoin_miner_hash_rate{{thread=\"{thread}\",kernel=\"{}\"}} {minute}", report.kernel);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    #[tokio::test]
    async fn the_report_is_served_in_both_forms_and_nothing_else() {
        let mut report = Report::new("avx2");
        (report.threads, report.tally.blocks) = (vec![Rate { minute: 5e6, ..Rate::default() }], 3);
        let (_reports, latest) = watch::channel(report);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ask = async |request: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{request} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let questions = async {
            let json = ask("GET /").await;
            let body: Value = serde_json::from_str(json.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            assert_eq!((&body["kernel"], &body["blocks"]), (&Value::from("avx2"), &Value::from(3)));
            assert_eq!(body["threads"][0]["minute"], Value::from(5e6));
            let metrics = ask("GET /metrics").await;
            for line in [
                "qoin_miner_blocks_total 3",
                "qoin_miner_hash_rate{thread=\"0\",kernel=\"avx2\"} 5000000",
                "qoin_miner_shares_total{result=\"late\"} 0",
                "qoin_miner_connected 0",
            ] {
                assert!(metrics.lines().any(|shown| shown == line), "{line} is not in {metrics}");
            }
            assert!(ask("GET /etc/passwd").await.starts_with("HTTP/1.1 404"));
            assert!(ask("POST /").await.starts_with("HTTP/1.1 405"));
            assert!(ask("nonsense").await.starts_with("HTTP/1.1 400"));
        };
        tokio::select! {
            never = serve(listener, latest) => match never {},
            () = questions => {}
        }
    }
}
