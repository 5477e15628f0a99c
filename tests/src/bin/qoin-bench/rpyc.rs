//! The Python interface beside a Python server: `get_balance` as a script asks it, over one connection and over sixteen.
//!
//! The same clients ask both, since Python's own would be what is measured: they speak RPyC 6 from within this process.
//! A call is what `root.get_balance(token)[0]["balance"]` sends: the call, the look at the answer, and the reference back.

use crate::Row;
use anyhow::{Context, Result, ensure};
use qoin::rpyc::brine::Value;
use qoin_tests::Leader;
use qoin_tests::rpyc::{Client, by_value, handle};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What the Python server knows.
const PEER_TOKEN: &str = "token7";

/// The Python server; it is gone when this is dropped.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

impl Peer {
    fn start() -> Result<(Self, String)> {
        let python = std::env::var_os("QOIN_PYTHON").context("QOIN_PYTHON names a Python with rpyc")?;
        let mut child = Command::new(python).arg("tests/python/peer.py").stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("the peer tells its port")?;
        let peer = Self(child);
        let mut port = String::new();
        BufReader::new(out).read_line(&mut port)?;
        Ok((peer, format!("127.0.0.1:{}", port.trim())))
    }
}

/// Measures both servers in turn.
pub async fn measure(quick: bool) -> Result<Vec<Row>> {
    let during = Duration::from_secs(if quick { 3 } else { 10 });
    let leader = Leader::start()?;
    let token = sign_in(&leader).await?;
    let (_peer, peer) = Peer::start()?;
    let mut rows = Vec::new();
    for connections in [1, 16] {
        let ours = calls_a_second(leader.rpyc(), &token, connections, during).await?;
        let theirs = calls_a_second(&peer, PEER_TOKEN, connections, during).await?;
        let name = format!(
            "RPyC get_balance and a look at it, {connections} connection{}",
            if connections == 1 { "" } else { "s" }
        );
        let row = Row::new(name, ours, "calls/s").against("Python ThreadedServer, same Rust clients", theirs);
        rows.push(if connections == 1 { row } else { row.ratio_at_least(5.0, 5.0) });
    }
    Ok(rows)
}

async fn sign_in(leader: &Leader) -> Result<String> {
    let mut client = Client::connect(leader.rpyc()).await?;
    let root = Client::object(&client.ask(handle::GET_ROOT, Vec::new()).await?)?;
    let credentials = Value::Tuple(vec![Value::str("admin@qoin.local"), Value::str(leader.password())]);
    let answer = call(&mut client, root, "authenticate_user", credentials).await?;
    match call(&mut client, first(&answer)?, "__getitem__", Value::Tuple(vec![Value::str("token")])).await? {
        Value::Tuple(parts) => match parts.into_iter().nth(1) {
            Some(Value::Str(token)) => Ok(token),
            other => anyhow::bail!("no token: {other:?}"),
        },
        other => anyhow::bail!("no token: {other:?}"),
    }
}

/// Calls a method of an object.
async fn call(client: &mut Client, object: Value, name: &str, arguments: Value) -> Result<Value> {
    let nothing = by_value(Value::Tuple(Vec::new()));
    client.ask(handle::CALL_ATTRIBUTE, vec![object, by_value(Value::str(name)), by_value(arguments), nothing]).await
}

/// The dictionary in an answer, which is a pair of it and a code.
fn first(answer: &Value) -> Result<Value> {
    let Value::Tuple(parts) = answer else { anyhow::bail!("no box: {answer:?}") };
    let Some(Value::Tuple(items)) = parts.get(1) else { anyhow::bail!("no pair: {answer:?}") };
    Client::object(items.first().context("an empty answer")?)
}

async fn calls_a_second(address: &str, token: &str, connections: usize, during: Duration) -> Result<f64> {
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(ask(address.to_owned(), token.to_owned(), began + during));
    }
    let mut calls = 0;
    while let Some(asked) = clients.join_next().await {
        calls += asked??;
    }
    Ok(f64::from(calls) / began.elapsed().as_secs_f64())
}

async fn ask(address: String, token: String, until: Instant) -> Result<u32> {
    let mut client = Client::connect(&address).await?;
    let root = Client::object(&client.ask(handle::GET_ROOT, Vec::new()).await?)?;
    let name = by_value(Value::str("get_balance"));
    let get_balance = Client::object(&client.ask(handle::GET_ATTRIBUTE, vec![root, name]).await?)?;
    let arguments = by_value(Value::Tuple(vec![Value::Str(token)]));
    let nothing = by_value(Value::Tuple(Vec::new()));
    let mut calls = 0;
    while Instant::now() < until {
        let call = vec![get_balance.clone(), arguments.clone(), nothing.clone()];
        let answer = first(&client.ask(handle::CALL, call).await?)?;
        let key = Value::Tuple(vec![Value::str("balance")]);
        let balance = self::call(&mut client, answer.clone(), "__getitem__", key).await?;
        ensure!(matches!(&balance, Value::Tuple(parts) if matches!(parts.get(1), Some(Value::Int(_)))), "{balance:?}");
        client.ask(handle::GIVE_BACK, vec![answer, by_value(Value::Int(1))]).await?;
        calls += 1;
    }
    Ok(calls)
}
