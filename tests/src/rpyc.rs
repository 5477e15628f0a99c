//! A client of the Python interface that costs little: it speaks RPyC 6, with any server.

use anyhow::{Context, Result, bail};
use qoin::rpyc::brine::Value;
use qoin::rpyc::channel::{read_frame, write_frame};
use tokio::io::BufStream;
use tokio::net::TcpStream;

/// What is asked for, of what RPyC knows.
pub mod handle {
    /// The root.
    pub const GET_ROOT: i64 = 3;
    /// An attribute of an object.
    pub const GET_ATTRIBUTE: i64 = 4;
    /// A call of an object.
    pub const CALL: i64 = 7;
    /// An attribute of an object, called.
    pub const CALL_ATTRIBUTE: i64 = 8;
    /// The end of references to an object.
    pub const GIVE_BACK: i64 = 15;
}

/// The kinds of messages.
const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// A connection.
pub struct Client {
    stream: BufStream<TcpStream>,
    number: i64,
}

impl Client {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufStream::new(stream), number: 0 })
    }

    /// Asks for something, with boxed arguments, and answers the box that comes back.
    ///
    /// # Errors
    /// When an exception comes back, or nothing.
    pub async fn ask(&mut self, handle: i64, arguments: Vec<Value>) -> Result<Value> {
        self.number += 1;
        let content = Value::Tuple(vec![Value::Int(handle), all(arguments)]);
        let mut frame = vec![REQUEST];
        Value::Tuple(vec![Value::Int(self.number), content]).encode(&mut frame);
        write_frame(&mut self.stream, &frame).await?;
        let answer = read_frame(&mut self.stream).await?;
        let (kind, rest) = answer.split_first().context("an empty answer")?;
        match Value::decode(rest)? {
            Value::Tuple(parts) if *kind == REPLY && parts.first() == Some(&Value::Int(self.number)) => {
                parts.into_iter().nth(1).context("an answer without content")
            }
            other => bail!("no reply: {other:?}"),
        }
    }

    /// The object that a box holds, as an argument.
    ///
    /// # Errors
    /// When it holds none.
    pub fn object(boxed: &Value) -> Result<Value> {
        match boxed {
            Value::Tuple(parts) if parts.first() == Some(&Value::Int(4)) => {
                Ok(Value::Tuple(vec![Value::Int(3), parts.get(1).context("a box without content")?.clone()]))
            }
            other => bail!("no reference: {other:?}"),
        }
    }
}

/// A value in its box.
pub fn by_value(value: Value) -> Value {
    Value::Tuple(vec![Value::Int(1), value])
}

/// Boxes in the box of a tuple.
pub fn all(boxes: Vec<Value>) -> Value {
    Value::Tuple(vec![Value::Int(2), Value::Tuple(boxes)])
}
