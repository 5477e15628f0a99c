//! What goes wrong, as the Python exception that a Python server would raise.

use super::brine::{Value, begin_tuple, encode_str};

/// A Python exception.
#[derive(Debug, Clone, PartialEq)]
pub enum Exception {
    /// An iterator has no more; RPyC writes it shorter.
    StopIteration,
    /// One of Python's own classes with its arguments.
    Raised { class: &'static str, args: Vec<Value> },
}

/// How RPyC writes a StopIteration.
const STOP_ITERATION: i64 = 1;

impl Exception {
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::with_message("TypeError", message)
    }

    pub fn value_error(message: impl Into<String>) -> Self {
        Self::with_message("ValueError", message)
    }

    pub fn attribute_error(message: impl Into<String>) -> Self {
        Self::with_message("AttributeError", message)
    }

    pub fn index_error(message: impl Into<String>) -> Self {
        Self::with_message("IndexError", message)
    }

    /// More than this connection, or all of them, may hold.
    pub fn memory_error(message: impl Into<String>) -> Self {
        Self::with_message("MemoryError", message)
    }

    /// Of a key that is not there.
    pub fn key_error(key: Value) -> Self {
        Self::Raised { class: "KeyError", args: vec![key] }
    }

    fn with_message(class: &'static str, message: impl Into<String>) -> Self {
        Self::Raised { class, args: vec![Value::Str(message.into())] }
    }

    /// Appends it as RPyC's clients read it: class, arguments, attributes, and a text in place of a traceback.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::StopIteration => Value::Int(STOP_ITERATION).encode(out),
            Self::Raised { class, args } => {
                begin_tuple(4, out);
                begin_tuple(2, out);
                encode_str("builtins", out);
                encode_str(class, out);
                begin_tuple(args.len(), out);
                for argument in args {
                    argument.encode(out);
                }
                begin_tuple(1, out);
                begin_tuple(2, out);
                encode_str("_remote_version", out);
                encode_str("<version denied>", out);
                encode_str(&format!("{class}, raised by the leader"), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_is_what_clients_read() {
        let mut bytes = Vec::new();
        Exception::key_error(Value::str("x")).encode(&mut bytes);
        let Value::Tuple(parts) = Value::decode(&bytes).unwrap() else { panic!("no tuple") };
        assert_eq!(parts[0], Value::Tuple(vec![Value::str("builtins"), Value::str("KeyError")]));
        assert_eq!(parts[1], Value::Tuple(vec![Value::str("x")]));
        bytes.clear();
        Exception::StopIteration.encode(&mut bytes);
        assert_eq!(Value::decode(&bytes).unwrap(), Value::Int(1));
    }
}
