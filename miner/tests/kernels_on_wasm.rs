//! Every kernel that a browser can run, against the file of searches and against a plain SHA-256d.
//!
//! `cargo xtask test wasm` runs this file as WebAssembly; on any other target there is nothing in it.
#![cfg(target_arch = "wasm32")]

use qoin_miner::kernel::{Work, available};
use sha2::{Digest, Sha256};
use wasm_bindgen_test::wasm_bindgen_test;

/// Numbers without a pattern, the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }
}

#[wasm_bindgen_test]
fn every_kernel_is_sound() {
    let kernels = available();
    assert_eq!(kernels.iter().map(|kernel| kernel.name).collect::<Vec<_>>(), ["portable", "scalar", "simd128"]);
    for kernel in kernels {
        assert!(kernel.is_sound(), "{}", kernel.name);
    }
}

#[wasm_bindgen_test]
fn kernels_agree_with_plain_hashing() {
    let mut random = Random(0x0051_0e52_7f9b_0568);
    for _ in 0..300 {
        let mut header = [0; 80];
        header.fill_with(|| random.next() as u8);
        // Every other range ends at the last nonce.
        let first = if random.next() % 2 == 0 { random.next() } else { u32::MAX - random.next() % 200 };
        let last = first.saturating_add(random.next() % 200);
        let max = u32::MAX >> (random.next() % 12);
        let expected = (first..=last).find(|nonce| {
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            let hash = Sha256::digest(Sha256::digest(header));
            u32::from_le_bytes([hash[28], hash[29], hash[30], hash[31]]) <= max
        });
        for kernel in available() {
            let found = (kernel.first_candidate)(&Work::new(&header, max), first, last);
            assert_eq!(found, expected, "{}: {first}..={last}, {max}", kernel.name);
        }
    }
}
