//! Many miners at once: plain Stratum connections that take work and do nothing with it.

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many connect at the same time.
const CONNECTING: usize = 64;

/// Connections that stay open as long as this lives.
pub struct Crowd {
    heard: UnboundedReceiver<Heard>,
    _writers: Vec<OwnedWriteHalf>,
}

/// What one of them was told.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Which connection, from 0.
    pub connection: usize,
    /// When.
    pub at: Instant,
    /// The message's method.
    pub method: String,
    /// Its parameters.
    pub params: Value,
}

impl Crowd {
    /// Connects so many anonymous miners, each under a name of its own.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn connect(address: &str, count: usize) -> Result<Self> {
        let (sender, heard) = unbounded_channel();
        let connecting = stream::iter(0..count).map(|number| join(address, number, sender.clone()));
        let writers = connecting.buffer_unordered(CONNECTING).try_collect().await?;
        Ok(Self { heard, _writers: writers })
    }

    /// What is heard next, by any of them.
    ///
    /// # Errors
    /// When all connections were closed.
    pub async fn next(&mut self) -> Result<Heard> {
        self.heard.recv().await.context("all connections were closed")
    }
}

async fn join(address: &str, number: usize, sender: UnboundedSender<Heard>) -> Result<OwnedWriteHalf> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("connecting miner {number}"))?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::with_capacity(2_048, reader);
    for (id, method, params) in [
        (1, "mining.subscribe", json!(["crowd/1"])),
        (2, "mining.authorize", json!([format!("anonymous.rig{number}"), "x"])),
    ] {
        writer.write_all(format!("{}\n", json!({"id": id, "method": method, "params": params})).as_bytes()).await?;
        let mut line = String::new();
        reader.read_line(&mut line).await?;
        let answer: Value = serde_json::from_str(&line).with_context(|| format!("miner {number} heard {line:?}"))?;
        ensure!(answer["id"] == id && answer["error"].is_null(), "miner {number} was refused: {answer}");
    }
    tokio::spawn(listen(reader, number, sender));
    Ok(writer)
}

async fn listen(mut reader: BufReader<OwnedReadHalf>, connection: usize, sender: UnboundedSender<Heard>) {
    let mut line = String::new();
    while reader.read_line(&mut line).await.is_ok_and(|length| length > 0) {
        let at = Instant::now();
        if let Ok(mut message) = serde_json::from_str::<Value>(&line) {
            let method = message["method"].as_str().unwrap_or_default().to_owned();
            // Nobody may care any more.
            let _ = sender.send(Heard { connection, at, method, params: message["params"].take() });
        }
        line.clear();
    }
}
