//! One client's connection: requests come, each is answered before the next one is read.

use super::Door;
use super::brine::{BrineError, TUPLE_OF_3, Value, begin_tuple};
use super::channel::{ChannelError, read_frame, write_frame};
use super::commands;
use super::exception::Exception;
use super::object;
use super::reference::{Argument, Lent, Object, Reply};
use super::signature::keywords;
use std::net::IpAddr;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, BufStream};

/// The kinds of messages.
mod message {
    pub const REQUEST: u8 = 1;
    pub const REPLY: u8 = 2;
    pub const EXCEPTION: u8 = 3;
}

/// What a request asks for.
mod handle {
    pub const PING: i64 = 1;
    pub const CLOSE: i64 = 2;
    pub const GET_ROOT: i64 = 3;
    pub const GET_ATTRIBUTE: i64 = 4;
    pub const DELETE_ATTRIBUTE: i64 = 5;
    pub const SET_ATTRIBUTE: i64 = 6;
    pub const CALL: i64 = 7;
    pub const CALL_ATTRIBUTE: i64 = 8;
    pub const REPR: i64 = 9;
    pub const STR: i64 = 10;
    pub const COMPARE: i64 = 11;
    pub const HASH: i64 = 12;
    pub const DIR: i64 = 13;
    pub const PICKLE: i64 = 14;
    pub const GIVE_BACK: i64 = 15;
    pub const INSPECT: i64 = 16;
    pub const NEXT_ITEMS: i64 = 17;
    pub const OLD_SLICE: i64 = 18;
    pub const EXIT_CONTEXT: i64 = 19;
    pub const INSTANCE_CHECK: i64 = 20;
}

/// Why a connection ended.
#[derive(Debug, Error)]
pub enum Ended {
    #[error("the client said goodbye")]
    Goodbye,
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error("a frame is not brine: {0}")]
    Brine(#[from] BrineError),
    #[error("a frame is not a message")]
    Malformed,
}

/// How messages are laid out; the first one tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// RPyC 6: a byte for the kind, then the pair of number and content.
    Six,
    /// RPyC 5: kind, number and content.
    Five,
}

/// A message as it was read.
struct Message {
    kind: u8,
    number: i64,
    content: Value,
}

impl Dialect {
    fn of(frame: &[u8]) -> Self {
        if frame.first() == Some(&TUPLE_OF_3) { Self::Five } else { Self::Six }
    }

    fn read(self, frame: &[u8]) -> Result<Message, Ended> {
        let parts = |value| if let Value::Tuple(parts) = value { Ok(parts) } else { Err(Ended::Malformed) };
        let (kind, number, content) = match self {
            Self::Six => {
                let (kind, rest) = frame.split_first().ok_or(Ended::Malformed)?;
                let parts = <[Value; 2]>::try_from(parts(Value::decode(rest)?)?);
                let [number, content] = parts.map_err(|_| Ended::Malformed)?;
                (*kind, number, content)
            }
            Self::Five => {
                let parts = <[Value; 3]>::try_from(parts(Value::decode(frame)?)?);
                let [kind, number, content] = parts.map_err(|_| Ended::Malformed)?;
                let Value::Int(kind) = kind else { return Err(Ended::Malformed) };
                (u8::try_from(kind).map_err(|_| Ended::Malformed)?, number, content)
            }
        };
        let Value::Int(number) = number else { return Err(Ended::Malformed) };
        Ok(Message { kind, number, content })
    }

    /// Begins a message; its content follows.
    fn begin(self, kind: u8, number: i64) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Self::Six => {
                out.push(kind);
                begin_tuple(2, &mut out);
            }
            Self::Five => {
                begin_tuple(3, &mut out);
                Value::Int(kind.into()).encode(&mut out);
            }
        }
        Value::Int(number).encode(&mut out);
        out
    }
}

/// Serves a client until it leaves or does what is not allowed.
pub async fn run(stream: impl AsyncRead + AsyncWrite + Unpin, from: IpAddr, door: &Door) -> Ended {
    let mut stream = BufStream::new(stream);
    let mut session = Session { door, from, lent: Lent::new(door.lent()) };
    match session.serve(&mut stream).await {
        Err(ended) => ended,
        Ok(never) => match never {},
    }
}

struct Session<'a> {
    door: &'a Door,
    from: IpAddr,
    lent: Lent,
}

impl Session<'_> {
    async fn serve(
        &mut self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> Result<std::convert::Infallible, Ended> {
        let mut frame = read_frame(stream).await?;
        let dialect = Dialect::of(&frame);
        loop {
            let Message { kind, number, content } = dialect.read(&frame)?;
            match kind {
                message::REQUEST => {
                    let is_goodbye =
                        matches!(&content, Value::Tuple(parts) if parts.first() == Some(&Value::Int(handle::CLOSE)));
                    self.door.metrics().called();
                    let answer = self.answer(dialect, number, content).await;
                    write_frame(stream, &answer).await?;
                    if is_goodbye {
                        return Err(Ended::Goodbye);
                    }
                }
                // Nothing is ever asked of a client, so there is nothing that these could answer.
                message::REPLY | message::EXCEPTION => {}
                _ => return Err(Ended::Malformed),
            }
            frame = read_frame(stream).await?;
        }
    }

    /// The message that answers a request.
    async fn answer(&mut self, dialect: Dialect, number: i64, content: Value) -> Vec<u8> {
        let exception = match self.dispatch(content).await {
            Ok(reply) => {
                let mut out = dialect.begin(message::REPLY, number);
                match self.lent.push_box(&reply, &mut out) {
                    Ok(()) => return out,
                    Err(exception) => exception,
                }
            }
            Err(exception) => exception,
        };
        let mut out = dialect.begin(message::EXCEPTION, number);
        exception.encode(&mut out);
        out
    }

    async fn dispatch(&mut self, content: Value) -> Result<Reply, Exception> {
        let malformed = || Exception::value_error("a request is a pair of what to do and with what");
        let Value::Tuple(parts) = content else { return Err(malformed()) };
        let [handler, arguments] = <[Value; 2]>::try_from(parts).map_err(|_| malformed())?;
        if handler == Value::Int(handle::GIVE_BACK) {
            return self.give_back(arguments);
        }
        let arguments = self.lent.unbox(arguments)?.into_items();
        let arguments = arguments.ok_or_else(|| Exception::type_error("the arguments of a request are a tuple"))?;
        let Value::Int(handler) = handler else { return Err(Exception::key_error(handler)) };
        let mut given = Given(arguments.into_iter());
        match handler {
            handle::PING => match given.any()? {
                Argument::Value(value) => Ok(Reply::Value(value)),
                _ => Err(object::own_object()),
            },
            handle::CLOSE => Ok(Reply::Value(Value::None)),
            handle::GET_ROOT => Ok(Reply::Object(Object::Root)),
            handle::GET_ATTRIBUTE => {
                let (object, name) = (given.object()?, given.name()?);
                object::attribute(&object, &name)
            }
            handle::SET_ATTRIBUTE | handle::DELETE_ATTRIBUTE => {
                let (_, name) = (given.object()?, given.name()?);
                Err(Exception::attribute_error(format!("cannot access '{name}'")))
            }
            handle::CALL => {
                let object = given.object()?;
                self.call(&object, given).await
            }
            handle::CALL_ATTRIBUTE => {
                let (object, name) = (given.object()?, given.name()?);
                match object::attribute(&object, &name)? {
                    Reply::Object(method) => self.call(&method, given).await,
                    _ => Err(Exception::type_error("this attribute is not callable")),
                }
            }
            handle::REPR | handle::STR => Ok(Reply::Value(Value::Str(object::shown(&given.object()?)?))),
            handle::COMPARE => {
                let (object, other, operator) = (given.object()?, given.any()?, given.name()?);
                object::compare(&object, &other, &operator)
            }
            handle::HASH => object::hash(&given.object()?),
            handle::DIR => Ok(Reply::Value(object::dir(&given.object()?))),
            handle::PICKLE => object::pickled(&given.object()?),
            handle::INSPECT => match given.any()? {
                Argument::Value(pack) => Ok(Reply::Value(object::inspect(self.lent.get(&pack)?))),
                _ => Err(Exception::type_error("an object is named by a tuple")),
            },
            handle::NEXT_ITEMS => {
                let (object, count) = (given.object()?, given.any()?);
                object::next_items(&object, &count)
            }
            handle::OLD_SLICE => self.old_slice(given),
            handle::EXIT_CONTEXT => object::attribute(&given.object()?, "__exit__"),
            handle::INSTANCE_CHECK => {
                given.object()?;
                Err(Exception::type_error("isinstance() arg 2 must be a class, type, or tuple of classes and types"))
            }
            unknown => Err(Exception::key_error(Value::Int(unknown))),
        }
    }

    async fn call(&mut self, object: &Object, mut given: Given) -> Result<Reply, Exception> {
        let positional = given.any()?.into_items();
        let positional = positional.ok_or_else(|| Exception::type_error("positional arguments are a tuple"))?;
        let keywords = given.0.next().map_or(Ok(Vec::new()), keywords)?;
        match object {
            Object::Command(signature) => {
                let bound = signature.bind(positional, keywords)?;
                commands::run(self.door, self.from, signature.command, bound).await
            }
            Object::Method(of, name) => object::call(of, name, positional, !keywords.is_empty()),
            other => Err(Exception::type_error(format!("'{}' object is not callable", other.type_name()))),
        }
    }

    /// Takes references back: the object they were to, and how many.
    fn give_back(&mut self, arguments: Value) -> Result<Reply, Exception> {
        let parts = |value| if let Value::Tuple(parts) = value { Some(parts) } else { None };
        let last = |value| parts(value).and_then(|parts| parts.into_iter().nth(1));
        let mut arguments = last(arguments).and_then(parts).unwrap_or_default().into_iter();
        let pack = arguments.next().and_then(last);
        let pack = pack.ok_or_else(|| Exception::type_error("the request concerns no object of the leader"))?;
        let count = match arguments.next().and_then(last) {
            None => 1,
            Some(Value::Int(count)) => u64::try_from(count).unwrap_or(0),
            Some(_) => return Err(Exception::type_error("the number of references is a whole number")),
        };
        self.lent.give_back(&pack, count)?;
        Ok(Reply::Value(Value::None))
    }

    /// What Python 2 asked for a slice by.
    fn old_slice(&self, mut given: Given) -> Result<Reply, Exception> {
        let (object, attempt, _, start, stop) =
            (given.object()?, given.name()?, given.any()?, given.any()?, given.any()?);
        match (&object, attempt.as_str(), start, stop) {
            (Object::List(list), "__getitem__", Argument::Value(start), Argument::Value(stop)) => {
                object::item(list.items(), Argument::Value(Value::Slice(Box::new([start, stop, Value::None]))))
            }
            _ => Err(Exception::attribute_error(format!("cannot access '{attempt}'"))),
        }
    }
}

/// The arguments of a request, taken one after the other.
struct Given(std::vec::IntoIter<Argument>);

impl Given {
    fn any(&mut self) -> Result<Argument, Exception> {
        self.0.next().ok_or_else(|| Exception::type_error("the request has too few arguments"))
    }

    fn object(&mut self) -> Result<Object, Exception> {
        match self.any()? {
            Argument::Object(object) => Ok(object),
            _ => Err(Exception::type_error("the request concerns no object of the leader")),
        }
    }

    fn name(&mut self) -> Result<String, Exception> {
        match self.any()? {
            Argument::Value(Value::Str(name)) => Ok(name),
            Argument::Value(Value::Bytes(name)) => {
                String::from_utf8(name).map_err(|_| Exception::value_error("a name is UTF-8"))
            }
            _ => Err(Exception::type_error("name must be a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_are_told_apart_and_read() {
        let content = Value::Tuple(vec![Value::Int(3), Value::None]);
        for (dialect, frame) in [(Dialect::Six, "0111511153 00"), (Dialect::Five, "1251511153 00")] {
            let frame = hex::decode(frame.replace(' ', "")).unwrap();
            assert_eq!(Dialect::of(&frame), dialect);
            let message = dialect.read(&frame).unwrap();
            assert_eq!((message.kind, message.number, &message.content), (message::REQUEST, 1, &content));
            let mut written = dialect.begin(message::REQUEST, 1);
            content.encode(&mut written);
            assert_eq!(written, frame);
        }
        for bad in ["", "01", "0100", "01125151", "125100", "12515000 00", "125100 5100"] {
            let frame = hex::decode(bad.replace(' ', "")).unwrap();
            assert!(Dialect::of(&frame).read(&frame).is_err(), "{bad}");
        }
    }
}
