//! What lent objects can do: Python's dictionaries, lists, their views and iterators, as far as these are read.

use super::brine::Value;
use super::data::{Data, Dict, Key, List, compare_items};
use super::exception::Exception;
use super::limits::{ANSWER_BYTES_MAX, LENT_VALUES_MAX};
use super::pickle::pickle;
use super::reference::{Argument, Iter, Object, Over, Reply, ViewKind};
use super::signature::{self, COMMANDS};
use super::text;
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// The names with two underscores that RPyC lets through, of those that exist on what is lent here.
const SAFE: [&str; 18] = [
    "__add__",
    "__contains__",
    "__delitem__",
    "__doc__",
    "__eq__",
    "__format__",
    "__ge__",
    "__getitem__",
    "__gt__",
    "__iter__",
    "__le__",
    "__len__",
    "__lt__",
    "__mul__",
    "__ne__",
    "__next__",
    "__or__",
    "__repr__",
];
/// Likewise, of those with a reason to be listed apart: what changes, and what is a detail.
const SAFE_TOO: [&str; 7] =
    ["__iadd__", "__imul__", "__ior__", "__length_hint__", "__rmul__", "__setitem__", "__str__"];
const EXPOSED: &str = "exposed_";

/// The attributes of an object that can be had, in Python's order: names with underscores first.
fn attributes(object: &Object) -> &'static [&'static str] {
    match object {
        Object::Root | Object::Command(_) | Object::Method(..) => &["__doc__"],
        Object::List(_) => &[
            "__add__",
            "__contains__",
            "__doc__",
            "__eq__",
            "__format__",
            "__ge__",
            "__getitem__",
            "__gt__",
            "__iter__",
            "__le__",
            "__len__",
            "__lt__",
            "__mul__",
            "__ne__",
            "__repr__",
            "__rmul__",
            "__str__",
            "copy",
            "count",
            "index",
        ],
        Object::Dict(_) => &[
            "__contains__",
            "__doc__",
            "__eq__",
            "__format__",
            "__getitem__",
            "__iter__",
            "__len__",
            "__ne__",
            "__or__",
            "__repr__",
            "__str__",
            "copy",
            "get",
            "items",
            "keys",
            "values",
        ],
        Object::View(_, ViewKind::Values) => {
            &["__doc__", "__eq__", "__format__", "__iter__", "__len__", "__ne__", "__repr__", "__str__"]
        }
        Object::View(..) => {
            &["__contains__", "__doc__", "__eq__", "__format__", "__iter__", "__len__", "__ne__", "__repr__", "__str__"]
        }
        Object::Iterator(_) => &[
            "__doc__",
            "__eq__",
            "__format__",
            "__iter__",
            "__length_hint__",
            "__ne__",
            "__next__",
            "__repr__",
            "__str__",
        ],
    }
}

/// Methods that a client's class for such an object must have although they are refused, so that its operators ask here
/// and say what a Python server would.
fn refused_methods(object: &Object) -> &'static [&'static str] {
    match object {
        Object::List(_) => &["__delitem__", "__iadd__", "__imul__", "__reversed__", "__setitem__"],
        Object::Dict(_) => &["__delitem__", "__ior__", "__reversed__", "__setitem__"],
        Object::View(..) => &["__reversed__"],
        _ => &[],
    }
}

/// Python's `dir`.
pub fn dir(object: &Object) -> Value {
    let mut names: Vec<&str> = attributes(object).to_vec();
    if matches!(object, Object::Root) {
        names = COMMANDS.iter().map(|command| command.name).collect();
        names.sort_unstable();
    }
    Value::Tuple(names.into_iter().map(Value::str).collect())
}

/// What a client makes a class of: pairs of a method's name and its description.
pub fn inspect(object: &Object) -> Value {
    let pair = |name: &str, about: Value| Value::Tuple(vec![Value::str(name), about]);
    Value::Tuple(match object {
        Object::Root => COMMANDS.iter().map(|command| pair(command.name, Value::str(command.to_string()))).collect(),
        _ => {
            let names = attributes(object).iter().chain(refused_methods(object)).filter(|name| **name != "__doc__");
            names.map(|name| pair(name, Value::None)).collect()
        }
    })
}

/// Python's `getattr`, behind RPyC's rule which names can be asked for.
///
/// # Errors
/// An AttributeError; a TypeError for what would change an answer.
pub fn attribute(object: &Object, name: &str) -> Result<Reply, Exception> {
    if let Object::Root = object {
        let command = signature::find(name.strip_prefix(EXPOSED).unwrap_or(name));
        let command = command.ok_or_else(|| Exception::attribute_error(format!("cannot access '{name}'")))?;
        return Ok(Reply::Object(Object::Command(command)));
    }
    let type_name = object.type_name();
    let is_safe = SAFE.contains(&name) || SAFE_TOO.contains(&name);
    if name.starts_with('_') && !is_safe {
        return Err(Exception::attribute_error(format!("cannot access '{name}'")));
    }
    if name == "__doc__" {
        return Ok(Reply::Value(match object {
            Object::Command(command) => Value::str(command.to_string()),
            _ => Value::None,
        }));
    }
    if let Some(known) = attributes(object).iter().find(|known| **known == name) {
        return Ok(Reply::Object(Object::Method(Box::new(object.clone()), known)));
    }
    if refused_methods(object).contains(&name) {
        let message = format!("a '{type_name}' of the leader cannot be changed: change a copy.deepcopy of it");
        return Err(Exception::type_error(message));
    }
    Err(Exception::attribute_error(format!("'{type_name}' object has no attribute '{name}'")))
}

/// Calls a method of a list, dictionary, view or iterator.
///
/// # Errors
/// What Python would raise.
pub fn call(
    object: &Object,
    name: &'static str,
    arguments: Vec<Argument>,
    has_keywords: bool,
) -> Result<Reply, Exception> {
    let type_name = object.type_name();
    if has_keywords {
        return Err(Exception::type_error(format!("{type_name}.{name}() takes no keyword arguments")));
    }
    let mut arguments = Arguments { name, rest: arguments.into_iter(), taken: 0 };
    match name {
        "__repr__" | "__str__" => {
            arguments.end()?;
            return Ok(Reply::Value(Value::Str(shown(object)?)));
        }
        "__format__" => {
            let format = arguments.one()?;
            arguments.end()?;
            return match format {
                Argument::Value(Value::Str(text)) if text.is_empty() => Ok(Reply::Value(Value::Str(shown(object)?))),
                _ => Err(Exception::type_error(format!("unsupported format string passed to {type_name}.__format__"))),
            };
        }
        "__eq__" | "__ne__" | "__lt__" | "__gt__" | "__le__" | "__ge__" => {
            let other = arguments.one()?;
            arguments.end()?;
            return compare(object, &other, name);
        }
        _ => {}
    }
    match object {
        Object::List(list) => call_list(list, name, arguments),
        Object::Dict(dict) => call_dict(dict, name, arguments),
        Object::View(dict, kind) => call_view(dict, *kind, name, arguments),
        Object::Iterator(iter) => call_iterator(iter, name, arguments),
        Object::Root | Object::Command(_) | Object::Method(..) => {
            Err(Exception::attribute_error(format!("cannot access '{name}'")))
        }
    }
}

/// The arguments of a call, taken one after the other.
struct Arguments {
    name: &'static str,
    rest: std::vec::IntoIter<Argument>,
    taken: usize,
}

impl Arguments {
    fn one(&mut self) -> Result<Argument, Exception> {
        self.taken += 1;
        self.rest.next().ok_or_else(|| {
            Exception::type_error(format!(
                "{} expected at least {} argument, got {}",
                self.name,
                self.taken,
                self.taken - 1
            ))
        })
    }

    fn optional(&mut self) -> Option<Argument> {
        self.taken += 1;
        self.rest.next()
    }

    fn end(self) -> Result<(), Exception> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(Exception::type_error(format!(
                "{} expected at most {} arguments, got {}",
                self.name,
                self.taken,
                self.taken + more
            ))),
        }
    }
}

fn call_list(list: &Arc<List>, name: &str, mut arguments: Arguments) -> Result<Reply, Exception> {
    let items = list.items();
    Ok(match name {
        "__len__" => {
            arguments.end()?;
            length(items.len())
        }
        "__iter__" => {
            arguments.end()?;
            iterator(Over::List(list.clone()))
        }
        "copy" => {
            arguments.end()?;
            Reply::Data(Data::List(List::new(items.to_vec())))
        }
        "__getitem__" => {
            let index = arguments.one()?;
            arguments.end()?;
            return item(items, index);
        }
        "__contains__" => {
            let wanted = arguments.one()?;
            arguments.end()?;
            contains(items, &wanted)?.into()
        }
        "count" => {
            let wanted = arguments.one()?;
            arguments.end()?;
            let mut count = 0;
            for item in items {
                count += usize::from(equals(item, &wanted)?);
            }
            length(count)
        }
        "index" => {
            let wanted = arguments.one()?;
            let start = bound(arguments.optional(), items.len(), 0)?;
            let end = bound(arguments.optional(), items.len(), items.len())?;
            arguments.end()?;
            for (index, item) in items.iter().enumerate().take(end).skip(start) {
                if equals(item, &wanted)? {
                    return Ok(length(index));
                }
            }
            return Err(Exception::value_error("the value is not in the list"));
        }
        "__add__" => {
            let other = arguments.one()?;
            arguments.end()?;
            let Argument::Object(Object::List(other)) = other else {
                let type_name = other.type_name();
                return Err(Exception::type_error(format!(
                    "can only concatenate a list of the leader (not \"{type_name}\") to list"
                )));
            };
            joined(&[items, other.items()])?
        }
        "__mul__" | "__rmul__" => {
            let times = arguments.one()?;
            arguments.end()?;
            let Some(times) = whole(&times) else {
                return Err(Exception::type_error(format!(
                    "can't multiply sequence by non-int of type '{}'",
                    times.type_name()
                )));
            };
            let times = usize::try_from(times).unwrap_or(0);
            if items.len().checked_mul(times).is_none_or(|length| length > LENT_VALUES_MAX) {
                return Err(too_large());
            }
            joined(&vec![items; times])?
        }
        _ => return Err(Exception::attribute_error(format!("'list' object has no attribute '{name}'"))),
    })
}

fn joined(parts: &[&[Data]]) -> Result<Reply, Exception> {
    let items = parts.concat();
    if items.iter().map(Data::size).sum::<usize>() > LENT_VALUES_MAX {
        return Err(too_large());
    }
    Ok(Reply::Data(Data::List(List::new(items))))
}

fn too_large() -> Exception {
    Exception::memory_error("the result is too large")
}

fn call_dict(dict: &Arc<Dict>, name: &str, mut arguments: Arguments) -> Result<Reply, Exception> {
    let view = |kind| Reply::Object(Object::View(dict.clone(), kind));
    Ok(match name {
        "__getitem__" => {
            let key = arguments.one()?;
            arguments.end()?;
            match key_of(&key)?.and_then(|key| dict.entries().get(&key)) {
                Some(value) => Reply::Data(value.clone()),
                None => return Err(Exception::key_error(shown_key(key))),
            }
        }
        "__contains__" => {
            let key = arguments.one()?;
            arguments.end()?;
            key_of(&key)?.is_some_and(|key| dict.entries().contains_key(&key)).into()
        }
        "get" => {
            let key = arguments.one()?;
            let default = arguments.optional().unwrap_or(Argument::Value(Value::None));
            arguments.end()?;
            match key_of(&key)?.and_then(|key| dict.entries().get(&key)) {
                Some(value) => Reply::Data(value.clone()),
                None => handed_back(default),
            }
        }
        "__or__" => {
            let other = arguments.one()?;
            arguments.end()?;
            let Argument::Object(Object::Dict(other)) = other else { return Ok(Reply::Value(Value::NotImplemented)) };
            let both = dict.entries().iter().chain(other.entries());
            Reply::Data(Data::Dict(Dict::new(both.map(|(key, value)| (key.clone(), value.clone())))))
        }
        "__len__" | "__iter__" | "keys" | "values" | "items" | "copy" => {
            arguments.end()?;
            match name {
                "__len__" => length(dict.entries().len()),
                "__iter__" => iterator(Over::View(dict.clone(), ViewKind::Keys)),
                "keys" => view(ViewKind::Keys),
                "values" => view(ViewKind::Values),
                "items" => view(ViewKind::Items),
                _ => {
                    let entries = dict.entries().iter().map(|(key, value)| (key.clone(), value.clone()));
                    Reply::Data(Data::Dict(Dict::new(entries)))
                }
            }
        }
        _ => return Err(Exception::attribute_error(format!("'dict' object has no attribute '{name}'"))),
    })
}

fn call_view(dict: &Arc<Dict>, kind: ViewKind, name: &str, mut arguments: Arguments) -> Result<Reply, Exception> {
    Ok(match name {
        "__len__" => {
            arguments.end()?;
            length(dict.entries().len())
        }
        "__iter__" => {
            arguments.end()?;
            iterator(Over::View(dict.clone(), kind))
        }
        "__contains__" if kind == ViewKind::Keys => {
            let key = arguments.one()?;
            arguments.end()?;
            key_of(&key)?.is_some_and(|key| dict.entries().contains_key(&key)).into()
        }
        "__contains__" if kind == ViewKind::Items => {
            let entry = arguments.one()?;
            arguments.end()?;
            let pair = entry.into_items().and_then(|items| <[Argument; 2]>::try_from(items).ok());
            let Some([key, value]) = pair else { return Ok(false.into()) };
            match key_of(&key)?.and_then(|key| dict.entries().get(&key)) {
                Some(found) => equals(found, &value)?.into(),
                None => false.into(),
            }
        }
        _ => return Err(Exception::attribute_error(format!("the view has no attribute '{name}'"))),
    })
}

fn call_iterator(iter: &Arc<Iter>, name: &str, arguments: Arguments) -> Result<Reply, Exception> {
    arguments.end()?;
    match name {
        "__next__" => next(iter).map(Reply::Data).ok_or(Exception::StopIteration),
        "__iter__" => Ok(Reply::Object(Object::Iterator(iter.clone()))),
        "__length_hint__" => {
            let position = *iter.position.lock().unwrap_or_else(PoisonError::into_inner);
            let all = match &iter.over {
                Over::List(list) => list.items().len(),
                Over::View(dict, _) => dict.entries().len(),
            };
            Ok(length(all.saturating_sub(position)))
        }
        _ => Err(Exception::attribute_error(format!("the iterator has no attribute '{name}'"))),
    }
}

fn next(iter: &Iter) -> Option<Data> {
    let mut position = iter.position.lock().unwrap_or_else(PoisonError::into_inner);
    let item = match &iter.over {
        Over::List(list) => list.items().get(*position).cloned(),
        Over::View(dict, kind) => dict.entries().get_index(*position).map(|(key, value)| match kind {
            ViewKind::Keys => key.data(),
            ViewKind::Values => value.clone(),
            ViewKind::Items => Data::Tuple([key.data(), value.clone()].into()),
        }),
    }?;
    *position += 1;
    Some(item)
}

/// Up to `count` further items, for RPyC's `buffiter`.
///
/// # Errors
/// When the object cannot be gone through, or the count is no number of items.
pub fn next_items(object: &Object, count: &Argument) -> Result<Reply, Exception> {
    let count = whole(count).and_then(|count| usize::try_from(count).ok());
    let count = count.ok_or_else(|| Exception::value_error("the number of items must be a whole number, 0 or more"))?;
    let fresh = |over| Arc::new(Iter { over, position: Mutex::new(0) });
    let iter = match object {
        Object::Iterator(iter) => iter.clone(),
        Object::List(list) => fresh(Over::List(list.clone())),
        Object::Dict(dict) => fresh(Over::View(dict.clone(), ViewKind::Keys)),
        Object::View(dict, kind) => fresh(Over::View(dict.clone(), *kind)),
        other => return Err(Exception::type_error(format!("'{}' object is not iterable", other.type_name()))),
    };
    Ok(Reply::Tuple(std::iter::from_fn(|| next(&iter)).take(count).map(Reply::Data).collect()))
}

/// The item of a list at an index, or those of a slice.
pub fn item(items: &[Data], index: Argument) -> Result<Reply, Exception> {
    match &index {
        Argument::Value(Value::Slice(parts)) => Ok(Reply::Data(Data::List(List::new(slice(items, parts)?)))),
        _ => {
            let Some(index) = whole(&index) else {
                let type_name = index.type_name();
                return Err(Exception::type_error(format!("list indices must be integers or slices, not {type_name}")));
            };
            let from_start = if index < 0 { index.checked_add_unsigned(items.len() as u64) } else { Some(index) };
            let item = from_start.and_then(|index| items.get(usize::try_from(index).ok()?));
            item.map(|item| Reply::Data(item.clone())).ok_or_else(|| Exception::index_error("list index out of range"))
        }
    }
}

/// The items of a slice, by the rules of Python's `slice.indices`.
fn slice(items: &[Data], [start, stop, step]: &[Value; 3]) -> Result<Vec<Data>, Exception> {
    let message = "slice indices must be integers or None or have an __index__ method";
    let part = |value: &Value| match value {
        Value::None => Ok(None),
        // What is beyond 64 bits is beyond the list as well.
        Value::BigInt(digits) => Ok(Some(if digits.starts_with('-') { i64::MIN } else { i64::MAX })),
        value => whole(&Argument::Value(value.clone())).map(Some).ok_or_else(|| Exception::type_error(message)),
    };
    let step = part(step)?.unwrap_or(1);
    if step == 0 {
        return Err(Exception::value_error("slice step cannot be zero"));
    }
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (lowest, highest) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let place = |value: Option<i64>, default: i64| match value {
        None => default,
        Some(index) if index < 0 => index.saturating_add(length).max(lowest),
        Some(index) => index.min(highest),
    };
    let (from, to) = if step < 0 { (highest, lowest) } else { (lowest, highest) };
    let (mut index, stop) = (place(part(start)?, from), place(part(stop)?, to));
    let mut found = Vec::new();
    while if step < 0 { index > stop } else { index < stop } {
        found.extend(usize::try_from(index).ok().and_then(|index| items.get(index)).cloned());
        index = index.saturating_add(step);
    }
    Ok(found)
}

/// Where a search in a list begins or ends.
fn bound(argument: Option<Argument>, length: usize, default: usize) -> Result<usize, Exception> {
    let Some(argument) = argument else { return Ok(default) };
    let message = "slice indices must be integers or have an __index__ method";
    let index = whole(&argument).ok_or_else(|| Exception::type_error(message))?;
    let from_end = index < 0;
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if from_end { length.saturating_sub(distance) } else { distance.min(length) })
}

/// Python's rich comparisons.
///
/// # Errors
/// An AttributeError for a name that is none of them; a TypeError where items have no order.
pub fn compare(object: &Object, other: &Argument, name: &str) -> Result<Reply, Exception> {
    let not_implemented = Ok(Reply::Value(Value::NotImplemented));
    if !matches!(name, "__eq__" | "__ne__" | "__lt__" | "__gt__" | "__le__" | "__ge__") {
        let type_name = object.type_name();
        return Err(Exception::attribute_error(format!("type object '{type_name}' has no attribute '{name}'")));
    }
    let Argument::Object(other) = other else { return not_implemented };
    let by = |ordering: Option<Ordering>| match name {
        "__lt__" => ordering.is_some_and(Ordering::is_lt),
        "__gt__" => ordering.is_some_and(Ordering::is_gt),
        "__le__" => ordering.is_some_and(Ordering::is_le),
        _ => ordering.is_some_and(Ordering::is_ge),
    };
    if matches!(name, "__eq__" | "__ne__") {
        let equal = match (object, other) {
            (Object::List(one), Object::List(other)) => Data::List(one.clone()).equals(&Data::List(other.clone())),
            (Object::Dict(one), Object::Dict(other)) => Data::Dict(one.clone()).equals(&Data::Dict(other.clone())),
            (Object::View(one, ViewKind::Keys), Object::View(other, ViewKind::Keys)) => {
                let (one, other) = (one.entries(), other.entries());
                one.len() == other.len() && one.keys().all(|key| other.contains_key(key))
            }
            (Object::View(one, ViewKind::Items), Object::View(other, ViewKind::Items)) => {
                Data::Dict(one.clone()).equals(&Data::Dict(other.clone()))
            }
            (one, other) if one.is(other) => true,
            _ => return not_implemented,
        };
        return Ok((equal == (name == "__eq__")).into());
    }
    let sign = match name {
        "__lt__" => "<",
        "__gt__" => ">",
        "__le__" => "<=",
        _ => ">=",
    };
    match (object, other) {
        (Object::List(one), Object::List(other)) => Ok(by(compare_items(one.items(), other.items(), sign)?).into()),
        _ => not_implemented,
    }
}

/// Python's `hash`.
///
/// # Errors
/// A TypeError for what has none.
pub fn hash(object: &Object) -> Result<Reply, Exception> {
    match object {
        Object::List(_) | Object::Dict(_) | Object::View(_, ViewKind::Keys | ViewKind::Items) => {
            Err(unhashable(object.type_name()))
        }
        _ => {
            let (_, class) = object.class();
            Ok(Reply::Value(Value::Int(class)))
        }
    }
}

fn unhashable(type_name: &str) -> Exception {
    Exception::type_error(format!("unhashable type: '{type_name}'"))
}

/// Python's `repr` and `str`, which are the same for all that is lent.
///
/// # Errors
/// When the text would be too long.
pub fn shown(object: &Object) -> Result<String, Exception> {
    let mut out = String::new();
    match object {
        Object::List(_) | Object::Dict(_) => text::repr(&object.data().expect("both are data"), &mut out),
        Object::View(dict, kind) => {
            let entries: Vec<Data> = dict
                .entries()
                .iter()
                .map(|(key, value)| match kind {
                    ViewKind::Keys => key.data(),
                    ViewKind::Values => value.clone(),
                    ViewKind::Items => Data::Tuple([key.data(), value.clone()].into()),
                })
                .collect();
            text::repr_items(&format!("{}([", object.type_name()), &entries, "])", &mut out);
        }
        Object::Command(command) => out = format!("<bound method {command} of the leader>"),
        Object::Method(of, name) => out = format!("<built-in method {name} of {} object>", of.type_name()),
        Object::Root | Object::Iterator(_) => out = format!("<{} object of the leader>", object.type_name()),
    }
    if out.len() > ANSWER_BYTES_MAX { Err(too_large()) } else { Ok(out) }
}

/// The pickle of a list or dictionary.
///
/// # Errors
/// A TypeError for what has a state or can be called; when it would be too long.
pub fn pickled(object: &Object) -> Result<Reply, Exception> {
    let refused = || Exception::type_error(format!("cannot pickle '{}' object", object.type_name()));
    let bytes = pickle(&object.data().ok_or_else(refused)?);
    if bytes.len() > ANSWER_BYTES_MAX { Err(too_large()) } else { Ok(Reply::Value(Value::Bytes(bytes))) }
}

fn contains(items: &[Data], wanted: &Argument) -> Result<bool, Exception> {
    for item in items {
        if equals(item, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a value of an answer equals one that a client handed in.
///
/// # Errors
/// A TypeError for a client's own object, which nobody asks here.
fn equals(data: &Data, argument: &Argument) -> Result<bool, Exception> {
    Ok(match argument {
        Argument::Own(_) => return Err(own_object()),
        Argument::Object(object) => object.data().is_some_and(|object| object.equals(data)),
        Argument::Value(value) => data_of(value).is_some_and(|value| value.equals(data)),
        Argument::Tuple(items) => match data {
            Data::Tuple(own) if own.len() == items.len() => {
                for (one, other) in own.iter().zip(items) {
                    if !equals(one, other)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        },
    })
}

/// A client's own object where a value is needed.
pub fn own_object() -> Exception {
    Exception::type_error(
        "the leader takes values only (str, int, float, bool, None and tuples of them), no references",
    )
}

fn data_of(value: &Value) -> Option<Data> {
    Some(match value {
        Value::None => Data::None,
        Value::Bool(value) => Data::Bool(*value),
        Value::Int(number) => Data::Int(*number),
        Value::Float(number) => Data::Float(*number),
        Value::Str(text) => Data::from(text.as_str()),
        Value::Tuple(items) => Data::Tuple(items.iter().map(data_of).collect::<Option<_>>()?),
        _ => return None,
    })
}

/// The key that an argument is; none for one that no dictionary of an answer has.
///
/// # Errors
/// A TypeError for what cannot be a key.
#[expect(clippy::cast_precision_loss, reason = "a number that loses digits is compared with itself afterwards")]
fn key_of(argument: &Argument) -> Result<Option<Key>, Exception> {
    Ok(match argument {
        Argument::Value(Value::Str(text)) => Some(Key::from(text.as_str())),
        Argument::Value(Value::Float(number)) => Key::of_number(*number),
        Argument::Value(Value::Bool(value)) => Key::of_number(f64::from(u8::from(*value))),
        Argument::Value(Value::Int(number)) => {
            Key::of_number(*number as f64).filter(|key| key.data().equals(&Data::Int(*number)))
        }
        Argument::Value(Value::Slice(_)) => return Err(unhashable("slice")),
        Argument::Value(_) => None,
        Argument::Object(object) => return hash(object).map(|_| None),
        Argument::Own(_) => return Err(own_object()),
        Argument::Tuple(items) => {
            for item in items {
                key_of(item)?;
            }
            None
        }
    })
}

/// A key as a KeyError names it.
fn shown_key(key: Argument) -> Value {
    match key {
        Argument::Value(value) => value,
        other => Value::str(other.type_name()),
    }
}

fn handed_back(argument: Argument) -> Reply {
    match argument {
        Argument::Value(value) => Reply::Value(value),
        Argument::Object(object) => Reply::Object(object),
        Argument::Own(pack) => Reply::Own(pack),
        Argument::Tuple(items) => Reply::Tuple(items.into_iter().map(handed_back).collect()),
    }
}

/// The whole number that an argument is, as an index or a count.
fn whole(argument: &Argument) -> Option<i64> {
    match argument {
        Argument::Value(Value::Int(number)) => Some(*number),
        Argument::Value(Value::Bool(value)) => Some((*value).into()),
        Argument::Value(Value::BigInt(digits)) => Some(if digits.starts_with('-') { i64::MIN } else { i64::MAX }),
        _ => None,
    }
}

fn length(length: usize) -> Reply {
    Reply::Value(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn iterator(over: Over) -> Reply {
    Reply::Object(Object::Iterator(Arc::new(Iter { over, position: Mutex::new(0) })))
}

#[cfg(test)]
mod tests {
    use super::super::data::dict;
    use super::*;
    use proptest::prelude::*;

    fn numbers(count: i64) -> Vec<Data> {
        (0..count).map(Data::Int).collect()
    }

    fn ints(items: &[Data]) -> Vec<i64> {
        items.iter().map(|item| if let Data::Int(number) = item { *number } else { panic!("{item:?}") }).collect()
    }

    fn parts(start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> [Value; 3] {
        [start, stop, step].map(|part| part.map_or(Value::None, Value::Int))
    }

    #[test]
    fn slices_are_pythons() {
        let of = |start, stop, step| ints(&slice(&numbers(6), &parts(start, stop, step)).unwrap());
        assert_eq!(of(Some(1), Some(-1), None), [1, 2, 3, 4]);
        assert_eq!(of(None, None, Some(-2)), [5, 3, 1]);
        assert_eq!(of(Some(-2), None, None), [4, 5]);
        assert_eq!(of(Some(4), Some(1), Some(-1)), [4, 3, 2]);
        assert_eq!(of(Some(-100), Some(100), Some(i64::MAX)), [0]);
        assert_eq!(of(Some(i64::MIN), Some(i64::MAX), Some(3)), [0, 3]);
        assert!(of(Some(3), Some(3), None).is_empty());
        assert!(slice(&numbers(3), &parts(None, None, Some(0))).is_err());
    }

    #[test]
    fn what_changes_is_refused_and_what_is_private_is_not_there() {
        let answer = Object::Dict(Dict::new([(Key::from("a"), Data::Int(1))]));
        let class = |name| match attribute(&answer, name) {
            Err(Exception::Raised { class, .. }) => class,
            other => panic!("{other:?}"),
        };
        assert_eq!(class("__setitem__"), "TypeError");
        for name in
            ["__class__", "__reduce__", "__dict__", "__init__", "_x", "update", "pop", "exposed_get", "__exit__"]
        {
            assert_eq!(class(name), "AttributeError", "{name}");
        }
        for name in ["__class__", "__doc__", "__init__", "_door", "ledger", "exposed_", ""] {
            assert!(attribute(&Object::Root, name).is_err(), "{name}");
        }
        assert!(attribute(&Object::Root, "exposed_get_balance").is_ok());
    }

    #[test]
    fn a_clients_own_objects_are_handed_back_and_not_looked_at() {
        let Data::Dict(answer) = dict([("a", Data::Int(1))]) else { panic!("no dictionary") };
        let own = || Argument::Own(Value::Int(7));
        let get = |arguments| call(&Object::Dict(answer.clone()), "get", arguments, false);
        let text = |text: &str| Argument::Value(Value::str(text));
        assert!(matches!(get(vec![text("b"), own()]), Ok(Reply::Own(Value::Int(7)))));
        assert!(get(vec![own()]).is_err());
        let equal = compare(&Object::Dict(answer.clone()), &own(), "__eq__").unwrap();
        assert!(matches!(equal, Reply::Value(Value::NotImplemented)));
    }

    proptest! {
        #[test]
        fn a_slice_holds_what_stepping_by_hand_does(
            length in 0..12i64, start in -15..15i64, stop in -15..15i64, step in -4..5i64,
        ) {
            prop_assume!(step != 0);
            let at = |index: i64| if index < 0 { index + length } else { index };
            let (from, to) = (at(start), at(stop));
            let expected: Vec<i64> = if step > 0 {
                (0..length).filter(|it| *it >= from.max(0) && *it < to && (it - from.max(0)) % step == 0).collect()
            } else {
                let from = from.min(length - 1);
                (0..length).rev().filter(|it| *it <= from && *it > to.max(-1) && (from - it) % -step == 0).collect()
            };
            let found = slice(&numbers(length), &parts(Some(start), Some(stop), Some(step))).unwrap();
            prop_assert_eq!(ints(&found), expected);
        }
    }
}
