//! Brine: how RPyC writes immutable values, a tag of one byte and what belongs to it.

use super::limits::{DEPTH_MAX, DIGITS_MAX, VALUES_MAX};
use thiserror::Error;

/// A value that crosses the wire as itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Python's `None`.
    None,
    /// What an operator answers that does not know the other side.
    NotImplemented,
    /// `...`
    Ellipsis,
    /// True or False.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond 64 bits, as its digits with a sign in front where it is negative.
    BigInt(String),
    /// A number.
    Float(f64),
    /// A complex number: its real and its imaginary part.
    Complex(f64, f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text.
    Str(String),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set that cannot change.
    FrozenSet(Vec<Value>),
    /// Start, stop and step.
    Slice(Box<[Value; 3]>),
}

/// Why bytes are no value.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum BrineError {
    /// It ends early.
    #[error("a value ends early")]
    Short,
    /// More bytes follow.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// An unknown tag.
    #[error("there is no tag {0:#04x}")]
    Tag(u8),
    /// Too many values in one another.
    #[error("values are nested more than {DEPTH_MAX} deep")]
    Depth,
    /// Too many values.
    #[error("more than {VALUES_MAX} values")]
    Values,
    /// No number, or one too long.
    #[error("a number is not written in at most {DIGITS_MAX} digits")]
    Number,
    /// No text.
    #[error("a text is not UTF-8")]
    Text,
    /// A text, slice or set of something else.
    #[error("a tagged value holds something of the wrong type")]
    Type,
}

mod tag {
    pub const NONE: u8 = 0x00;
    pub const EMPTY_BYTES: u8 = 0x01;
    pub const EMPTY_TUPLE: u8 = 0x02;
    pub const TRUE: u8 = 0x03;
    pub const FALSE: u8 = 0x04;
    pub const NOT_IMPLEMENTED: u8 = 0x05;
    pub const ELLIPSIS: u8 = 0x06;
    pub const STR: u8 = 0x08;
    /// Bytes of length 1; those of 2 to 4 follow.
    pub const BYTES_1: u8 = 0x0a;
    pub const BYTES_4: u8 = 0x0d;
    /// Bytes behind a length of one byte.
    pub const BYTES_L1: u8 = 0x0e;
    /// Bytes behind a length of four bytes, big endian as all numbers.
    pub const BYTES_L4: u8 = 0x0f;
    pub const TUPLE_1: u8 = 0x10;
    pub const TUPLE_4: u8 = 0x13;
    pub const TUPLE_L1: u8 = 0x14;
    pub const TUPLE_L4: u8 = 0x15;
    pub const INT_L1: u8 = 0x16;
    pub const INT_L4: u8 = 0x17;
    pub const FLOAT: u8 = 0x18;
    pub const SLICE: u8 = 0x19;
    pub const FROZEN_SET: u8 = 0x1a;
    pub const COMPLEX: u8 = 0x1b;
    /// The tag of the whole number 0; those from -48 to 159 stand around it.
    pub const ZERO: u8 = 0x50;
    pub const SMALLEST: u8 = ZERO - 0x30;
    pub const LARGEST: u8 = ZERO + 0x9f;
}

/// The tag with which a tuple of three begins, and so each message of an RPyC 5.
pub const TUPLE_OF_3: u8 = tag::TUPLE_1 + 2;

impl Value {
    /// A text.
    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// Appends the value.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => out.push(tag::NONE),
            Self::NotImplemented => out.push(tag::NOT_IMPLEMENTED),
            Self::Ellipsis => out.push(tag::ELLIPSIS),
            Self::Bool(true) => out.push(tag::TRUE),
            Self::Bool(false) => out.push(tag::FALSE),
            Self::Int(number) => encode_int(*number, out),
            Self::BigInt(digits) => encode_digits(digits, out),
            Self::Float(number) => {
                out.push(tag::FLOAT);
                out.extend(number.to_be_bytes());
            }
            Self::Complex(real, imaginary) => {
                out.push(tag::COMPLEX);
                out.extend(real.to_be_bytes());
                out.extend(imaginary.to_be_bytes());
            }
            Self::Bytes(bytes) => encode_bytes(bytes, out),
            Self::Str(text) => encode_str(text, out),
            Self::Tuple(items) => encode_tuple(items, out),
            Self::FrozenSet(items) => {
                out.push(tag::FROZEN_SET);
                encode_tuple(items, out);
            }
            Self::Slice(parts) => {
                out.push(tag::SLICE);
                encode_tuple(&**parts, out);
            }
        }
    }

    /// Reads the one value that `bytes` are.
    ///
    /// # Errors
    /// When they are none, or one beyond the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, BrineError> {
        let mut reader = Reader { rest: bytes, values_left: VALUES_MAX };
        let value = reader.value(DEPTH_MAX)?;
        if reader.rest.is_empty() { Ok(value) } else { Err(BrineError::Trailing(reader.rest.len())) }
    }
}

fn encode_int(number: i64, out: &mut Vec<u8>) {
    match number {
        -0x30..0xa0 => out.push(u8::try_from(i64::from(tag::ZERO) + number).expect("its tag is within the range")),
        _ => encode_digits(&number.to_string(), out),
    }
}

fn encode_digits(digits: &str, out: &mut Vec<u8>) {
    encode_length(tag::INT_L1, tag::INT_L4, digits.len(), out);
    out.extend(digits.as_bytes());
}

/// Appends bytes.
fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes.len() {
        0 => out.push(tag::EMPTY_BYTES),
        1..=4 => out.push(tag::BYTES_1 + bytes.len() as u8 - 1),
        length => encode_length(tag::BYTES_L1, tag::BYTES_L4, length, out),
    }
    out.extend(bytes);
}

/// Appends a text.
pub fn encode_str(text: &str, out: &mut Vec<u8>) {
    out.push(tag::STR);
    encode_bytes(text.as_bytes(), out);
}

/// Appends the beginning of a tuple of so many items, which follow.
pub fn begin_tuple(items: usize, out: &mut Vec<u8>) {
    match items {
        0 => out.push(tag::EMPTY_TUPLE),
        1..=4 => out.push(tag::TUPLE_1 + items as u8 - 1),
        _ => encode_length(tag::TUPLE_L1, tag::TUPLE_L4, items, out),
    }
}

fn encode_tuple(items: &[Value], out: &mut Vec<u8>) {
    begin_tuple(items.len(), out);
    for item in items {
        item.encode(out);
    }
}

fn encode_length(short: u8, long: u8, length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(length) => out.extend([short, length]),
        Err(_) => {
            out.push(long);
            out.extend(u32::try_from(length).expect("answers are far below 4 GiB").to_be_bytes());
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    values_left: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth_left: usize) -> Result<Value, BrineError> {
        self.values_left = self.values_left.checked_sub(1).ok_or(BrineError::Values)?;
        let depth_left = depth_left.checked_sub(1).ok_or(BrineError::Depth)?;
        let [tag] = self.array()?;
        Ok(match tag {
            tag::NONE => Value::None,
            tag::EMPTY_BYTES => Value::Bytes(Vec::new()),
            tag::EMPTY_TUPLE => Value::Tuple(Vec::new()),
            tag::TRUE => Value::Bool(true),
            tag::FALSE => Value::Bool(false),
            tag::NOT_IMPLEMENTED => Value::NotImplemented,
            tag::ELLIPSIS => Value::Ellipsis,
            tag::STR => match self.value(depth_left)? {
                Value::Bytes(bytes) => Value::Str(String::from_utf8(bytes).map_err(|_| BrineError::Text)?),
                _ => return Err(BrineError::Type),
            },
            tag::BYTES_1..=tag::BYTES_4 => self.bytes(usize::from(tag - tag::BYTES_1) + 1)?,
            tag::BYTES_L1 => {
                let length = self.short_length()?;
                self.bytes(length)?
            }
            tag::BYTES_L4 => {
                let length = self.long_length()?;
                self.bytes(length)?
            }
            tag::TUPLE_1..=tag::TUPLE_4 => self.tuple(usize::from(tag - tag::TUPLE_1) + 1, depth_left)?,
            tag::TUPLE_L1 => {
                let length = self.short_length()?;
                self.tuple(length, depth_left)?
            }
            tag::TUPLE_L4 => {
                let length = self.long_length()?;
                self.tuple(length, depth_left)?
            }
            tag::INT_L1 => {
                let length = self.short_length()?;
                self.int(length)?
            }
            tag::INT_L4 => {
                let length = self.long_length()?;
                self.int(length)?
            }
            tag::FLOAT => Value::Float(f64::from_be_bytes(self.array()?)),
            tag::COMPLEX => Value::Complex(f64::from_be_bytes(self.array()?), f64::from_be_bytes(self.array()?)),
            tag::SLICE => match self.value(depth_left)? {
                Value::Tuple(parts) => Value::Slice(Box::new(parts.try_into().map_err(|_| BrineError::Type)?)),
                _ => return Err(BrineError::Type),
            },
            tag::FROZEN_SET => match self.value(depth_left)? {
                Value::Tuple(items) => Value::FrozenSet(items),
                _ => return Err(BrineError::Type),
            },
            tag::SMALLEST..=tag::LARGEST => Value::Int(i64::from(tag) - i64::from(tag::ZERO)),
            tag => return Err(BrineError::Tag(tag)),
        })
    }

    fn tuple(&mut self, length: usize, depth_left: usize) -> Result<Value, BrineError> {
        // Each item has at least its tag, so a length that cannot be is found before anything is kept for it.
        if length > self.rest.len() {
            return Err(BrineError::Short);
        }
        if length > self.values_left {
            return Err(BrineError::Values);
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.value(depth_left)?);
        }
        Ok(Value::Tuple(items))
    }

    fn int(&mut self, length: usize) -> Result<Value, BrineError> {
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| BrineError::Number)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(BrineError::Number);
        }
        Ok(match text.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => {
                let sign = if text.starts_with('-') { "-" } else { "" };
                Value::BigInt(format!("{sign}{}", digits.trim_start_matches('0')))
            }
        })
    }

    fn bytes(&mut self, length: usize) -> Result<Value, BrineError> {
        Ok(Value::Bytes(self.take(length)?.to_vec()))
    }

    fn short_length(&mut self) -> Result<usize, BrineError> {
        let [length] = self.array()?;
        Ok(usize::from(length))
    }

    fn long_length(&mut self) -> Result<usize, BrineError> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| BrineError::Short)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BrineError> {
        let (first, rest) = self.rest.split_first_chunk().ok_or(BrineError::Short)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], BrineError> {
        let (first, rest) = self.rest.split_at_checked(length).ok_or(BrineError::Short)?;
        self.rest = rest;
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes
    }

    /// Written by `rpyc.core.brine.dump` of RPyC 6.0.2.
    #[test]
    fn values_are_written_as_rpyc_does() {
        let value = Value::Tuple(vec![
            Value::str("he"),
            Value::Int(7),
            Value::str("llo"),
            Value::Int(8),
            Value::Tuple(vec![]),
            Value::Int(900),
            Value::None,
            Value::Bool(true),
            Value::Ellipsis,
            Value::Float(18.2),
            Value::Complex(13.0, 18.2),
            Value::Slice(Box::new([Value::Int(1), Value::Int(2), Value::Int(3)])),
            Value::FrozenSet(vec![Value::Int(5), Value::Int(6), Value::Int(7)]),
            Value::NotImplemented,
        ]);
        let bytes = "140e080b686557080c6c6c6f580216033930300003061840323333333333331b402a000000000000\
                     403233333333333319125152531a1255565705";
        assert_eq!(hex::encode(encoded(&value)), bytes);
        assert_eq!(Value::decode(&encoded(&value)).unwrap(), value);
        let big = Value::BigInt("-170141183460469231731687303715884105728".into());
        assert_eq!(Value::decode(&encoded(&big)).unwrap(), big);
        assert_eq!(hex::encode(encoded(&Value::Int(-48))), "20");
        assert_eq!(hex::encode(encoded(&Value::Int(159))), "ef");
        assert_eq!(hex::encode(encoded(&Value::Int(160))), "1603313630");
        assert_eq!(hex::encode(encoded(&Value::str("é"))), "080bc3a9");
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let refused = |hex: &str| Value::decode(&hex::decode(hex).unwrap()).unwrap_err();
        assert_eq!(refused(""), BrineError::Short);
        assert_eq!(refused("0000"), BrineError::Trailing(1));
        assert_eq!(refused("07"), BrineError::Tag(7));
        assert_eq!(refused("fe"), BrineError::Tag(0xfe));
        assert_eq!(refused("0fffffffff00"), BrineError::Short);
        assert_eq!(refused("15ffffffff00"), BrineError::Short);
        assert_eq!(refused("1600"), BrineError::Number);
        assert_eq!(refused("16022b31"), BrineError::Number);
        assert_eq!(refused("0850"), BrineError::Type);
        assert_eq!(refused("080aff"), BrineError::Text);
        assert_eq!(refused("19115152"), BrineError::Type);
        assert_eq!(Value::decode(&[tag::TUPLE_1; 10_000]).unwrap_err(), BrineError::Depth);
        let digits = encoded(&Value::BigInt("9".repeat(DIGITS_MAX + 1)));
        assert_eq!(Value::decode(&digits).unwrap_err(), BrineError::Number);
        let mut many = vec![tag::TUPLE_L4];
        many.extend(70_000u32.to_be_bytes());
        many.extend([tag::NONE; 70_000]);
        assert_eq!(Value::decode(&many).unwrap_err(), BrineError::Values);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::None),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (-300..300i64).prop_map(Value::Int),
            "[1-9][0-9]{19,600}".prop_map(Value::BigInt),
            proptest::num::f64::NORMAL.prop_map(Value::Float),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
            ".{0,300}".prop_map(Value::Str),
        ];
        leaf.prop_recursive(5, 400, 300, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..300).prop_map(Value::Tuple),
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::FrozenSet),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| Value::Slice(Box::new([a, b, c]))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_value_is_read_as_it_was_written(value in any_value()) {
            prop_assert_eq!(Value::decode(&encoded(&value)).unwrap(), value);
        }

        #[test]
        fn a_value_cut_short_is_none(value in any_value(), at in any::<prop::sample::Index>()) {
            let bytes = encoded(&value);
            prop_assert!(Value::decode(&bytes[..at.index(bytes.len())]).is_err());
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(value) = Value::decode(&bytes) {
                let again = encoded(&value);
                let read = Value::decode(&again).unwrap();
                // NaN differs from itself; its bytes do not.
                prop_assert_eq!(encoded(&read), again);
            }
        }
    }
}
