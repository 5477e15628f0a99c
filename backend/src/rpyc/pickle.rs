//! Plain data as a pickle, for `copy.copy` and `copy.deepcopy` at the client. Pickles are written here and never read.
//!
//! Protocol 2, which every Python 3 reads, from its documentation in CPython's `pickletools`.

use super::data::Data;

const PROTOCOL_2: [u8; 2] = [0x80, 2];
const STOP: u8 = b'.';
const MARK: u8 = b'(';

/// The pickle of `data`.
pub fn pickle(data: &Data) -> Vec<u8> {
    let mut out = PROTOCOL_2.to_vec();
    push(data, &mut out);
    out.push(STOP);
    out
}

fn push(data: &Data, out: &mut Vec<u8>) {
    match data {
        Data::None => out.push(b'N'),
        Data::Bool(value) => out.push(if *value { 0x88 } else { 0x89 }),
        Data::Int(number) => match i32::try_from(*number) {
            Ok(number) => {
                out.push(b'J');
                out.extend(number.to_le_bytes());
            }
            Err(_) => {
                out.extend([0x8a, 8]);
                out.extend(number.to_le_bytes());
            }
        },
        Data::Float(number) => {
            out.push(b'G');
            out.extend(number.to_be_bytes());
        }
        Data::Str(text) => {
            out.push(b'X');
            out.extend(u32::try_from(text.len()).expect("a text is far below 4 GiB").to_le_bytes());
            out.extend(text.as_bytes());
        }
        Data::Tuple(items) => {
            out.push(MARK);
            items.iter().for_each(|item| push(item, out));
            out.push(b't');
        }
        Data::List(list) => {
            out.extend([b']', MARK]);
            list.items().iter().for_each(|item| push(item, out));
            out.push(b'e');
        }
        Data::Dict(dict) => {
            out.extend([b'}', MARK]);
            for (key, value) in dict.entries() {
                push(&key.data(), out);
                push(value, out);
            }
            out.push(b'u');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{List, dict};
    use super::*;

    /// `pickletools.dis` of CPython reads this as the dictionary; tests/python loads larger ones.
    #[test]
    fn a_pickle_is_what_python_reads() {
        let data = dict([("a", Data::List(List::new(vec![Data::Int(-1), Data::Float(0.5), Data::Int(1 << 40)])))]);
        assert_eq!(
            hex::encode(pickle(&data)),
            "80027d285801000000615d284affffffff473fe00000000000008a08000000000001000065752e"
        );
    }
}
