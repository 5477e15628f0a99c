//! A client that costs little: prepared requests over a few kept-alive connections.

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::try_join_all;
use std::cell::Cell;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a run of requests showed.
pub struct Run {
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long each request waited for its whole answer, shortest first.
    pub latencies: Vec<Duration>,
    /// The answers' bodies in no order, if they were to be kept.
    pub answers: Vec<Vec<u8>>,
}

/// What is kept of the answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    Answers,
}

impl Run {
    /// The latency that this part (0 to 1) of the requests stayed within, in milliseconds.
    pub fn percentile_ms(&self, part: f64) -> f64 {
        let index = (self.latencies.len() as f64 * part).ceil() as usize;
        let latency = self.latencies.get(index.saturating_sub(1));
        latency.map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// Sends each request once, over that many connections at a time, one after the other on each. Every answer must be a
/// success.
pub async fn send_all(address: &str, requests: &[Vec<u8>], connections: usize, keep: Keep) -> Result<Run> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let next = Cell::new(0);
    let began = Instant::now();
    let workers = streams.into_iter().map(|stream| work(stream, requests, &next, keep));
    let parts = try_join_all(workers).await?;
    let took = began.elapsed();
    let (latencies, answers): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let mut latencies: Vec<Duration> = latencies.into_iter().flatten().collect();
    latencies.sort_unstable();
    Ok(Run { took, latencies, answers: answers.into_iter().flatten().collect() })
}

type Part = (Vec<Duration>, Vec<Vec<u8>>);

async fn work(mut stream: TcpStream, requests: &[Vec<u8>], next: &Cell<usize>, keep: Keep) -> Result<Part> {
    let (mut latencies, mut answers) = (Vec::new(), Vec::new());
    let mut buffer = Vec::with_capacity(4_096);
    while let Some(request) = requests.get(next.replace(next.get() + 1)) {
        let began = Instant::now();
        stream.write_all(request).await.context("sending a request")?;
        let body = read_answer(&mut stream, &mut buffer).await?;
        latencies.push(began.elapsed());
        if keep == Keep::Answers {
            answers.push(buffer[body..].to_vec());
        }
    }
    Ok((latencies, answers))
}

/// Reads one answer, which must be a success and tell its length. Answers where its body begins.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<usize> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await.context("reading an answer")? > 0, "the connection was closed");
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).context("an answer's head is text")?;
        if !head.starts_with("HTTP/1.1 2") {
            bail!("a request was refused: {}", String::from_utf8_lossy(buffer));
        }
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .context("an answer tells its length")?;
        while buffer.len() < end + 4 + length {
            ensure!(stream.read_buf(buffer).await.context("reading an answer")? > 0, "the connection was closed");
        }
        return Ok(end + 4);
    }
}
