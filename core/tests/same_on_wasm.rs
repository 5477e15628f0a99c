//! The same commands lead to the same state on every target: the leader's machine and the browser agree on each byte.
//!
//! The hash stands in tests/vectors/state-hash.txt; `QOIN_BLESS=1 cargo test -p qoin-core --test same_on_wasm` writes it anew
//! after a change of the rules. `cargo xtask test wasm` runs this file as WebAssembly.

mod common;

use common::{
    Random,
    world::{Step, World},
};

const EXPECTED: &str = include_str!("../../tests/vectors/state-hash.txt");

/// The state's hash, in display order, after a long sequence of all commands.
fn state_hash() -> String {
    let mut random = Random(20_260_101);
    let mut world = World::new();
    world.run((0..1_500).map(|_| Step::choose(random.next_u64()))).to_string()
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn commands_lead_to_the_recorded_state() {
    let hash = state_hash();
    if std::env::var_os("QOIN_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/state-hash.txt");
        std::fs::write(path, format!("{hash}\n")).unwrap();
    } else {
        assert_eq!(hash, EXPECTED.trim());
    }
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn commands_lead_to_the_recorded_state() {
    assert_eq!(state_hash(), EXPECTED.trim());
}
