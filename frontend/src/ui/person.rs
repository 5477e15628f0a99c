//! People: a round picture from a name and an address.

use super::{
    dom::{El, bdi, div, span},
    icon::{Icon, icon},
};
use qoin_core::address::Address;

/// A round picture: the first letters of the name, in a colour that the address decides, so that a namesake looks different.
pub fn avatar(name: &str, address: &Address) -> El {
    const HUES: [&str; 6] =
        ["avatar hue-0", "avatar hue-1", "avatar hue-2", "avatar hue-3", "avatar hue-4", "avatar hue-5"];
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let letters: String = words.next().into_iter().chain(words.next_back()).collect();
    let mixed = address.to_bytes().into_iter().fold(0_usize, |mixed, byte| (mixed * 31 + usize::from(byte)) % 9_973);
    span(HUES[mixed % HUES.len()]).attr("aria-hidden", "true").add(letters)
}

/// A round picture of a thing instead of a person.
pub fn emblem(picture: Icon) -> El {
    span("avatar").attr("aria-hidden", "true").add(icon(picture))
}

/// Two lines of a row: who or what, and something about it.
pub fn two_lines(title: &str, note: &str) -> El {
    span("row-text").add(bdi("row-title", title)).add(bdi("row-note", note))
}

/// A member with picture, name and e-mail address, in a box of this class.
pub fn person(class: &str, name: &str, email: &str, address: &Address) -> El {
    div(class).add(avatar(name, address)).add(two_lines(name, email))
}
