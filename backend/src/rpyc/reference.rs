//! What is lent to a client: the objects that it may name, each until it gives all its references back.
//!
//! Values cross the wire as themselves; dictionaries, lists and what has a state stay here, and the client gets a name
//! for them. A client's own objects have names, too: they can be handed back to it, and nothing else is done with them.

use super::brine::{Value, begin_tuple, encode_str};
use super::data::{Data, Dict, List};
use super::exception::Exception;
use super::limits::{LENT_VALUES_MAX, LENT_VALUES_OF_ALL_MAX, OBJECTS_MAX};
use super::signature::Signature;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How a value is put into a box for the wire.
mod label {
    pub const VALUE: i64 = 1;
    pub const TUPLE: i64 = 2;
    /// An object of whoever reads this.
    pub const LOCAL: i64 = 3;
    /// An object of whoever wrote this.
    pub const REMOTE: i64 = 4;
}

/// Something that a client may hold a reference to.
#[derive(Debug, Clone)]
pub enum Object {
    /// What everything begins with: it has the commands.
    Root,
    /// A command of the root.
    Command(&'static Signature),
    List(Arc<List>),
    Dict(Arc<Dict>),
    /// What `keys()`, `values()` and `items()` of a dictionary give.
    View(Arc<Dict>, ViewKind),
    Iterator(Arc<Iter>),
    /// A method of another object.
    Method(Box<Object>, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    Keys,
    Values,
    Items,
}

/// Something that is gone through once.
#[derive(Debug)]
pub struct Iter {
    pub over: Over,
    pub position: Mutex<usize>,
}

#[derive(Debug)]
pub enum Over {
    List(Arc<List>),
    View(Arc<Dict>, ViewKind),
}

impl Object {
    /// Its Python class, and a number that stands for that.
    pub fn class(&self) -> (&'static str, i64) {
        match self {
            Self::Root => ("qoin.Root", 1),
            Self::Command(_) => ("builtins.method", 2),
            Self::List(_) => ("builtins.list", 3),
            Self::Dict(_) => ("builtins.dict", 4),
            Self::View(_, ViewKind::Keys) => ("builtins.dict_keys", 5),
            Self::View(_, ViewKind::Values) => ("builtins.dict_values", 6),
            Self::View(_, ViewKind::Items) => ("builtins.dict_items", 7),
            Self::Iterator(iter) => match iter.over {
                Over::List(_) => ("builtins.list_iterator", 8),
                Over::View(_, ViewKind::Keys) => ("builtins.dict_keyiterator", 9),
                Over::View(_, ViewKind::Values) => ("builtins.dict_valueiterator", 10),
                Over::View(_, ViewKind::Items) => ("builtins.dict_itemiterator", 11),
            },
            Self::Method(..) => ("builtins.builtin_function_or_method", 12),
        }
    }

    /// The name of its class without the module.
    pub fn type_name(&self) -> &'static str {
        let (name, _) = self.class();
        name.rsplit('.').next().unwrap_or(name)
    }

    /// What tells it from every other object; none for what is made anew whenever it is asked for.
    fn identity(&self) -> Option<usize> {
        Some(match self {
            Self::Root => 0,
            Self::Command(signature) => std::ptr::from_ref::<Signature>(signature).addr(),
            Self::List(list) => Arc::as_ptr(list).addr(),
            Self::Dict(dict) => Arc::as_ptr(dict).addr(),
            Self::Iterator(iter) => Arc::as_ptr(iter).addr(),
            Self::View(..) | Self::Method(..) => return None,
        })
    }

    /// Whether both are the same.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Method(one, name), Self::Method(other, other_name)) => name == other_name && one.is(other),
            _ => self.identity().is_some_and(|identity| other.identity() == Some(identity)),
        }
    }

    /// How many values it keeps.
    fn size(&self) -> usize {
        match self {
            Self::Root | Self::Command(_) => 1,
            Self::List(list) => Data::List(list.clone()).size(),
            Self::Dict(dict) | Self::View(dict, _) => Data::Dict(dict.clone()).size(),
            Self::Iterator(iter) => match &iter.over {
                Over::List(list) => Data::List(list.clone()).size(),
                Over::View(dict, _) => Data::Dict(dict.clone()).size(),
            },
            Self::Method(object, _) => object.size(),
        }
    }

    /// The list or dictionary that it is.
    pub fn data(&self) -> Option<Data> {
        match self {
            Self::List(list) => Some(Data::List(list.clone())),
            Self::Dict(dict) => Some(Data::Dict(dict.clone())),
            _ => None,
        }
    }
}

/// What an operation gives.
#[derive(Debug, Clone)]
pub enum Reply {
    Value(Value),
    Data(Data),
    Object(Object),
    /// The client's own object of this name.
    Own(Value),
    Tuple(Vec<Reply>),
}

impl From<bool> for Reply {
    fn from(value: bool) -> Self {
        Self::Value(Value::Bool(value))
    }
}

/// What a client hands in.
#[derive(Debug, Clone)]
pub enum Argument {
    Value(Value),
    Object(Object),
    /// The client's own object of this name.
    Own(Value),
    /// A tuple that holds an object.
    Tuple(Vec<Argument>),
}

impl Argument {
    /// The items of a tuple.
    pub fn into_items(self) -> Option<Vec<Self>> {
        match self {
            Self::Tuple(items) => Some(items),
            Self::Value(Value::Tuple(items)) => Some(items.into_iter().map(Self::Value).collect()),
            _ => None,
        }
    }

    /// The name of its type in Python; `object` for one of the client's.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Value(value) => match value {
                Value::None => "NoneType",
                Value::NotImplemented => "NotImplementedType",
                Value::Ellipsis => "ellipsis",
                Value::Bool(_) => "bool",
                Value::Int(_) | Value::BigInt(_) => "int",
                Value::Float(_) => "float",
                Value::Complex(..) => "complex",
                Value::Bytes(_) => "bytes",
                Value::Str(_) => "str",
                Value::Tuple(_) => "tuple",
                Value::FrozenSet(_) => "frozenset",
                Value::Slice(_) => "slice",
            },
            Self::Object(object) => object.type_name(),
            Self::Own(_) => "object",
            Self::Tuple(_) => "tuple",
        }
    }
}

/// How many values are lent to all connections. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct LentToAll(Arc<AtomicUsize>);

/// What is lent to one connection.
pub struct Lent {
    objects: HashMap<i64, Reference>,
    names: HashMap<usize, i64>,
    next: i64,
    values: usize,
    all: LentToAll,
}

struct Reference {
    object: Object,
    count: u64,
    size: usize,
}

impl Lent {
    /// Nothing yet.
    pub fn new(all: LentToAll) -> Self {
        Self { objects: HashMap::new(), names: HashMap::new(), next: 1, values: 0, all }
    }

    /// Lends an object once more, and answers its name.
    fn lend(&mut self, object: &Object) -> Result<i64, Exception> {
        let identity = object.identity();
        if let Some(name) = identity.and_then(|identity| self.names.get(&identity)).copied()
            && let Some(reference) = self.objects.get_mut(&name)
        {
            reference.count += 1;
            return Ok(name);
        }
        if self.objects.len() >= OBJECTS_MAX {
            return Err(Exception::memory_error(format!("{OBJECTS_MAX} objects are lent to this connection already")));
        }
        let size = object.size();
        if self.values + size > LENT_VALUES_MAX {
            let message = "the answers lent to this connection are too large together: drop some, or copy less at once";
            return Err(Exception::memory_error(message));
        }
        if self.all.0.fetch_add(size, Ordering::Relaxed) + size > LENT_VALUES_OF_ALL_MAX {
            self.all.0.fetch_sub(size, Ordering::Relaxed);
            return Err(Exception::memory_error("too much is lent to all connections together; try again shortly"));
        }
        let name = self.next;
        self.next += 1;
        self.values += size;
        if let Some(identity) = identity {
            self.names.insert(identity, name);
        }
        self.objects.insert(name, Reference { object: object.clone(), count: 1, size });
        Ok(name)
    }

    /// Takes references back.
    ///
    /// # Errors
    /// A KeyError when nothing of that name is lent.
    pub fn give_back(&mut self, pack: &Value, count: u64) -> Result<(), Exception> {
        let name = name_of(pack).ok_or_else(|| Exception::key_error(pack.clone()))?;
        let reference = self.objects.get_mut(&name).ok_or_else(|| Exception::key_error(pack.clone()))?;
        if reference.count > count {
            reference.count -= count;
            return Ok(());
        }
        if let Some(Reference { object, size, .. }) = self.objects.remove(&name) {
            if let Some(identity) = object.identity() {
                self.names.remove(&identity);
            }
            self.values -= size;
            self.all.0.fetch_sub(size, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The object of this name.
    ///
    /// # Errors
    /// A KeyError when nothing of that name is lent.
    pub fn get(&self, pack: &Value) -> Result<&Object, Exception> {
        let reference = name_of(pack).and_then(|name| self.objects.get(&name));
        reference.map(|it| &it.object).ok_or_else(|| Exception::key_error(pack.clone()))
    }

    /// Takes what a client sent out of its box.
    ///
    /// # Errors
    /// When it is no box, or names what is not lent.
    pub fn unbox(&self, boxed: Value) -> Result<Argument, Exception> {
        let Value::Tuple(parts) = boxed else { return Err(Exception::type_error("a boxed value is a tuple")) };
        let [label, value] =
            <[Value; 2]>::try_from(parts).map_err(|_| Exception::value_error("a boxed value has two parts"))?;
        match (label, value) {
            (Value::Int(label::VALUE), value) => Ok(Argument::Value(value)),
            (Value::Int(label::TUPLE), Value::Tuple(items)) => {
                Ok(Argument::Tuple(items.into_iter().map(|item| self.unbox(item)).collect::<Result<_, _>>()?))
            }
            (Value::Int(label::LOCAL), pack) => Ok(Argument::Object(self.get(&pack)?.clone())),
            (Value::Int(label::REMOTE), pack) => Ok(Argument::Own(pack)),
            _ => Err(Exception::value_error("a boxed value has an invalid label")),
        }
    }

    /// Appends the box of a reply, and lends what it holds.
    ///
    /// # Errors
    /// When that would be too much.
    pub fn push_box(&mut self, reply: &Reply, out: &mut Vec<u8>) -> Result<(), Exception> {
        if let Some(value) = by_value(reply) {
            begin_tuple(2, out);
            Value::Int(label::VALUE).encode(out);
            value.encode(out);
            return Ok(());
        }
        begin_tuple(2, out);
        match reply {
            Reply::Tuple(items) => {
                Value::Int(label::TUPLE).encode(out);
                begin_tuple(items.len(), out);
                items.iter().try_for_each(|item| self.push_box(item, out))
            }
            Reply::Data(Data::Tuple(items)) => {
                Value::Int(label::TUPLE).encode(out);
                begin_tuple(items.len(), out);
                items.iter().try_for_each(|item| self.push_box(&Reply::Data(item.clone()), out))
            }
            Reply::Data(Data::List(list)) => self.push_reference(&Object::List(list.clone()), out),
            Reply::Data(Data::Dict(dict)) => self.push_reference(&Object::Dict(dict.clone()), out),
            Reply::Object(object) => self.push_reference(object, out),
            Reply::Own(pack) => {
                Value::Int(label::LOCAL).encode(out);
                pack.encode(out);
                Ok(())
            }
            Reply::Value(_) | Reply::Data(_) => unreachable!("these cross by value"),
        }
    }

    fn push_reference(&mut self, object: &Object, out: &mut Vec<u8>) -> Result<(), Exception> {
        let name = self.lend(object)?;
        let (class, class_number) = object.class();
        Value::Int(label::REMOTE).encode(out);
        begin_tuple(3, out);
        encode_str(class, out);
        Value::Int(class_number).encode(out);
        Value::Int(name).encode(out);
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.values, Ordering::Relaxed);
    }
}

/// The value that crosses the wire as itself.
fn by_value(reply: &Reply) -> Option<Value> {
    match reply {
        Reply::Value(value) => Some(value.clone()),
        Reply::Data(data) => data.value(),
        Reply::Tuple(items) => Some(Value::Tuple(items.iter().map(by_value).collect::<Option<_>>()?)),
        Reply::Object(_) | Reply::Own(_) => None,
    }
}

/// The number of an object out of its class, the class' number and its own.
fn name_of(pack: &Value) -> Option<i64> {
    match pack {
        Value::Tuple(parts) => match parts.as_slice() {
            [_, _, Value::Int(name)] => Some(*name),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::dict;
    use super::*;

    fn lent() -> Lent {
        Lent::new(LentToAll::default())
    }

    /// Boxes a reply, and reads it as the client does.
    fn boxed(lent: &mut Lent, reply: &Reply) -> Value {
        let mut bytes = Vec::new();
        lent.push_box(reply, &mut bytes).unwrap();
        Value::decode(&bytes).unwrap()
    }

    fn pack(boxed: &Value) -> Value {
        let Value::Tuple(parts) = boxed else { panic!("{boxed:?}") };
        assert_eq!(parts[0], Value::Int(label::REMOTE));
        parts[1].clone()
    }

    #[test]
    fn an_object_has_one_name_until_all_references_are_given_back() {
        let mut lent = lent();
        let answer = Reply::Data(dict([("balance", Data::Int(5))]));
        let first = pack(&boxed(&mut lent, &answer));
        assert_eq!(pack(&boxed(&mut lent, &answer)), first);
        assert_eq!(lent.all.0.load(Ordering::Relaxed), 3);
        lent.give_back(&first, 1).unwrap();
        assert!(lent.get(&first).is_ok());
        lent.give_back(&first, 1).unwrap();
        assert!(lent.get(&first).is_err() && lent.give_back(&first, 1).is_err());
        assert_ne!(pack(&boxed(&mut lent, &answer)), first);
        let all = lent.all.clone();
        drop(lent);
        assert_eq!(all.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn too_much_is_refused_and_what_is_given_back_makes_room() {
        let mut lent = lent();
        let large = |_| Reply::Data(Data::List(List::new(vec![Data::None; LENT_VALUES_MAX / 2 - 1])));
        let two: Vec<_> = (0..2).map(large).map(|reply| pack(&boxed(&mut lent, &reply))).collect();
        assert!(lent.push_box(&large(2), &mut Vec::new()).is_err());
        lent.give_back(&two[0], 1).unwrap();
        boxed(&mut lent, &large(2));
        drop(lent);
        let mut lent = self::lent();
        for _ in 0..OBJECTS_MAX {
            boxed(&mut lent, &Reply::Data(Data::List(List::new(vec![]))));
        }
        assert!(lent.push_box(&Reply::Data(Data::List(List::new(vec![]))), &mut Vec::new()).is_err());
    }

    #[test]
    fn values_cross_as_themselves_and_tuples_with_objects_item_by_item() {
        let mut lent = lent();
        let plain = Reply::Tuple(vec![true.into(), Reply::Value(Value::Int(200))]);
        let value = Value::Tuple(vec![Value::Bool(true), Value::Int(200)]);
        assert_eq!(boxed(&mut lent, &plain), Value::Tuple(vec![Value::Int(label::VALUE), value]));
        let mixed = Reply::Tuple(vec![Reply::Object(Object::Root), Reply::Value(Value::Int(200))]);
        let Value::Tuple(parts) = boxed(&mut lent, &mixed) else { panic!("no tuple") };
        assert_eq!(parts[0], Value::Int(label::TUPLE));
        let Value::Tuple(items) = &parts[1] else { panic!("no tuple") };
        let back = Value::Tuple(vec![Value::Int(label::LOCAL), pack(&items[0])]);
        assert!(matches!(lent.unbox(back), Ok(Argument::Object(Object::Root))));
    }

    #[test]
    fn what_is_no_box_is_refused() {
        let lent = lent();
        let two = |label, value| Value::Tuple(vec![Value::Int(label), value]);
        for bad in [
            Value::None,
            Value::Tuple(vec![]),
            two(9, Value::None),
            two(label::TUPLE, Value::None),
            two(label::LOCAL, Value::None),
            two(label::LOCAL, Value::Tuple(vec![Value::None, Value::None, Value::Int(1)])),
        ] {
            assert!(lent.unbox(bad.clone()).is_err(), "{bad:?}");
        }
    }
}
