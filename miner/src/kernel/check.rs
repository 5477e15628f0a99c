//! The check that a kernel passes before its first job: searches whose answers are known.

use super::{Kernel, Work};

/// The searches; the file says how they are written.
const SEARCHES: &str = include_str!("../../../tests/vectors/mining.txt");
/// Every hit is found again in each of so many places: more than the lanes of any kernel.
const PLACES: u32 = 64;

impl Kernel {
    /// Whether the kernel answers every search of `tests/vectors/mining.txt` as it must, with the hits in each lane.
    /// Takes some milliseconds.
    pub fn is_sound(&self) -> bool {
        searches().all(|search| search.is_answered_by(self))
    }
}

/// A search and its answer.
pub(super) struct Search {
    pub work: Work,
    pub first: u32,
    pub last: u32,
    pub found: Option<u32>,
}

impl Search {
    fn is_answered_by(&self, kernel: &Kernel) -> bool {
        let from = |first| (kernel.first_candidate)(&self.work, first, self.last);
        from(self.first) == self.found
            && self.found.is_none_or(|nonce| {
                let room = (nonce - self.first).min(PLACES - 1);
                (0..=room).all(|place| from(nonce - place) == self.found)
            })
    }
}

/// The searches of the file, in its order.
pub(super) fn searches() -> impl Iterator<Item = Search> {
    let mut header = [0; 80];
    SEARCHES.lines().filter_map(move |line| {
        let mut words = line.split(' ');
        match words.next() {
            Some("header") => {
                let text = words.next().expect("a header follows its name");
                hex::decode_to_slice(text, &mut header[..76]).expect("the file holds headers of 76 bytes");
                None
            }
            Some("search") => {
                let mut number = || words.next().and_then(|text| u32::from_str_radix(text, 16).ok());
                let [max, first, last] = [(); 3].map(|()| number().expect("a search has three numbers"));
                Some(Search { work: Work::new(&header, max), first, last, found: number() })
            }
            _ => None,
        }
    })
}
