//! People: a round picture from a name and an address.

use super::icon::{Icon, icon};
use leptos::prelude::*;
use qoin_core::address::Address;

/// A round picture: the first letters of the name, in a colour that the address decides, so that a namesake looks different.
pub fn avatar(name: &str, address: &Address) -> AnyView {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let letters: String = words.next().into_iter().chain(words.next_back()).collect();
    // The last letters of an address are a checksum over all of it.
    let hue = address.to_string().bytes().fold(0_u32, |sum, byte| sum * 31 % 9973 + u32::from(byte)) % 6;
    view! { <span class=format!("avatar hue-{hue}") aria-hidden="true">{letters}</span> }.into_any()
}

/// A round picture of a thing instead of a person.
pub fn emblem(picture: Icon) -> AnyView {
    view! { <span class="avatar" aria-hidden="true">{icon(picture)}</span> }.into_any()
}
