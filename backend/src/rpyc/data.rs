//! Answers: plain Python data that cannot change, with Python's equality and order.

use super::brine::Value;
use super::exception::Exception;
use indexmap::IndexMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// A value of an answer. Clones share what they hold.
#[derive(Debug, Clone)]
pub enum Data {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Arc<str>),
    Tuple(Arc<[Data]>),
    List(Arc<List>),
    Dict(Arc<Dict>),
}

/// A list.
#[derive(Debug)]
pub struct List {
    items: Vec<Data>,
    size: usize,
}

/// A dictionary, in the order in which it was filled.
#[derive(Debug)]
pub struct Dict {
    entries: IndexMap<Key, Data>,
    size: usize,
}

/// A key of a dictionary. Numbers that are equal are the same key, whatever their type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Str(Arc<str>),
    /// The bits of a number that is neither NaN nor minus zero.
    Float(u64),
}

impl Key {
    /// The key that a number is; none for what is not equal to itself.
    pub fn of_number(number: f64) -> Option<Self> {
        (!number.is_nan()).then(|| Self::Float((number + 0.0).to_bits()))
    }

    /// As a value.
    pub fn data(&self) -> Data {
        match self {
            Self::Str(text) => Data::Str(text.clone()),
            Self::Float(bits) => Data::Float(f64::from_bits(*bits)),
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}

impl List {
    /// A list of these.
    pub fn new(items: Vec<Data>) -> Arc<Self> {
        let size = 1 + items.iter().map(Data::size).sum::<usize>();
        Arc::new(Self { items, size })
    }

    /// What it holds.
    pub fn items(&self) -> &[Data] {
        &self.items
    }
}

impl Dict {
    /// A dictionary of these entries; of two with the same key the later one counts.
    pub fn new(entries: impl IntoIterator<Item = (Key, Data)>) -> Arc<Self> {
        let entries: IndexMap<Key, Data> = entries.into_iter().collect();
        let size = 1 + entries.values().map(|value| 1 + value.size()).sum::<usize>();
        Arc::new(Self { entries, size })
    }

    /// What it holds.
    pub fn entries(&self) -> &IndexMap<Key, Data> {
        &self.entries
    }
}

/// A dictionary with texts as keys.
pub fn dict<const N: usize>(entries: [(&str, Data); N]) -> Data {
    Data::Dict(Dict::new(entries.map(|(key, value)| (Key::from(key), value))))
}

impl Data {
    /// How many values it consists of.
    pub fn size(&self) -> usize {
        match self {
            Self::Tuple(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::List(list) => list.size,
            Self::Dict(dict) => dict.size,
            _ => 1,
        }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Tuple(_) => "tuple",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
        }
    }

    /// The value as it crosses the wire, unless it is, or holds, something that is lent.
    pub fn value(&self) -> Option<Value> {
        Some(match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(number) => Value::Int(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Str(text) => Value::str(&**text),
            Self::Tuple(items) => Value::Tuple(items.iter().map(Self::value).collect::<Option<_>>()?),
            Self::List(_) | Self::Dict(_) => return None,
        })
    }

    /// Python's `==`.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Str(one), Self::Str(other)) => one == other,
            (Self::Tuple(one), Self::Tuple(other)) => equal(one, other),
            (Self::List(one), Self::List(other)) => Arc::ptr_eq(one, other) || equal(&one.items, &other.items),
            (Self::Dict(one), Self::Dict(other)) => Arc::ptr_eq(one, other) || one.equals(other),
            _ => compare_numbers(self, other) == Some(Ordering::Equal),
        }
    }

    /// Python's `<`, by its sign.
    ///
    /// # Errors
    /// A TypeError where the two have no order.
    pub fn compare(&self, other: &Self, sign: &str) -> Result<Option<Ordering>, Exception> {
        match (self, other) {
            (Self::Str(one), Self::Str(other)) => Ok(Some(one.cmp(other))),
            (Self::Tuple(one), Self::Tuple(other)) => compare_items(one, other, sign),
            (Self::List(one), Self::List(other)) => compare_items(&one.items, &other.items, sign),
            (Self::Bool(_) | Self::Int(_) | Self::Float(_), Self::Bool(_) | Self::Int(_) | Self::Float(_)) => {
                Ok(compare_numbers(self, other))
            }
            _ => {
                let (one, other) = (self.type_name(), other.type_name());
                Err(Exception::type_error(format!("'{sign}' not supported between instances of '{one}' and '{other}'")))
            }
        }
    }
}

impl Dict {
    fn equals(&self, other: &Self) -> bool {
        let same = |(key, value): (&Key, &Data)| other.entries.get(key).is_some_and(|it| it.equals(value));
        self.entries.len() == other.entries.len() && self.entries.iter().all(same)
    }
}

fn equal(one: &[Data], other: &[Data]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.equals(other))
}

/// The order of sequences: that of the first pair that differs, else of their lengths.
///
/// # Errors
/// A TypeError where that pair has no order.
pub fn compare_items(one: &[Data], other: &[Data], sign: &str) -> Result<Option<Ordering>, Exception> {
    match one.iter().zip(other).find(|(one, other)| !one.equals(other)) {
        Some((one, other)) => one.compare(other, sign),
        None => Ok(Some(one.len().cmp(&other.len()))),
    }
}

fn compare_numbers(one: &Data, other: &Data) -> Option<Ordering> {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (Some(one), None) => compare_whole(one, float(other)?),
        (None, Some(other)) => compare_whole(other, float(one)?).map(Ordering::reverse),
        (None, None) => float(one)?.partial_cmp(&float(other)?),
    }
}

fn whole(data: &Data) -> Option<i64> {
    match data {
        Data::Bool(value) => Some((*value).into()),
        Data::Int(number) => Some(*number),
        _ => None,
    }
}

fn float(data: &Data) -> Option<f64> {
    if let Data::Float(number) = data { Some(*number) } else { None }
}

/// Compares without losing the digits that a float has no room for.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked first")]
fn compare_whole(whole: i64, float: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= BEYOND {
        Some(Ordering::Less)
    } else if float < -BEYOND {
        Some(Ordering::Greater)
    } else {
        let truncated = float.trunc() as i64;
        Some(whole.cmp(&truncated).then_with(|| 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<Data>) -> Data {
        Data::List(List::new(items))
    }

    #[test]
    fn equality_is_pythons() {
        assert!(Data::Int(1).equals(&Data::Float(1.0)) && Data::Bool(true).equals(&Data::Int(1)));
        assert!(!Data::Int(1).equals(&"1".into()) && !Data::Float(f64::NAN).equals(&Data::Float(f64::NAN)));
        assert!(!Data::Int((1 << 53) + 1).equals(&Data::Float(9_007_199_254_740_992.0)));
        let one = dict([("a", Data::Int(1)), ("b", list(vec![Data::None]))]);
        let other = dict([("b", list(vec![Data::None])), ("a", Data::Float(1.0))]);
        assert!(one.equals(&other));
        assert!(!one.equals(&dict([("a", Data::Int(1))])));
        assert_eq!(Key::of_number(-0.0), Key::of_number(0.0));
    }

    #[test]
    fn order_is_pythons() {
        let less = |one: Data, other: Data| one.compare(&other, "<").ok().flatten() == Some(Ordering::Less);
        assert!(less(list(vec![Data::Int(1), Data::Int(2)]), list(vec![Data::Int(1), Data::Float(2.5)])));
        assert!(less(list(vec![]), list(vec![Data::None])));
        assert!(less(Data::Float(-0.5), Data::Int(0)) && less(Data::Int(i64::MAX), Data::Float(1e30)));
        assert!(list(vec![Data::None]).compare(&list(vec![Data::Int(1)]), "<").is_err());
    }

    #[test]
    fn sizes_count_everything() {
        assert_eq!(dict([("a", list(vec![Data::Int(1), Data::Int(2)])), ("b", Data::None)]).size(), 7);
    }
}
