//! Everything that is hashed, signed or stored has exactly one byte form.

mod common;

use common::{assert_canonical, assert_one_form};
use proptest::{collection::vec, option, prelude::*};
use qoin_core::{
    address::Address,
    amount::Amount,
    coinbase::Coinbase,
    hash::{BlockHash, MerkleNode, MerkleRoot, sha256d},
    header::{HEADER_VERSION, Header},
    memo::Memo,
    merkle,
    target::{CompactTarget, Target, Work},
    vault::{KdfParameters, Salt, Seed, Vault, WrappingKey},
};

fn headers() -> impl Strategy<Value = Header> {
    any::<(u32, [u8; 32], [u8; 32], u32, u32, u32)>().prop_map(|(version, previous, root, time, bits, nonce)| Header {
        version,
        previous: BlockHash::from_bytes(previous),
        merkle_root: MerkleRoot::from_bytes(root),
        time,
        bits: CompactTarget(bits),
        nonce,
    })
}

/// Heights of every length that BIP 34 has.
fn heights() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0_u32..32).prop_map(|(height, shift)| height >> shift)
}

fn coinbases() -> impl Strategy<Value = Coinbase> {
    let times = any::<(u64, u64, u64)>();
    (heights(), any::<[u8; 8]>(), any::<u64>(), times, option::of(any::<[u8; 20]>())).prop_map(
        |(height, extranonce, reward, (opened_ms, issued_ms, previous_solved_ms), rewarded)| Coinbase {
            height,
            extranonce,
            reward: Amount::from_units(reward),
            opened_ms,
            issued_ms,
            previous_solved_ms,
            rewarded: rewarded.map(Address::from_bytes),
        },
    )
}

fn example() -> Coinbase {
    Coinbase {
        height: 500_000,
        extranonce: [1, 2, 3, 4, 5, 6, 7, 8],
        reward: Amount::from_units(300),
        opened_ms: 0x0a,
        issued_ms: 0x0b,
        previous_solved_ms: 0x0c,
        rewarded: Some(Address::from_bytes([0xee; 20])),
    }
}

#[test]
fn header_version_is_bip_9_without_bits() {
    assert_eq!(HEADER_VERSION.to_le_bytes(), [0, 0, 0, 0x20]);
}

#[test]
fn a_coinbase_is_a_bitcoin_transaction() {
    let parts = [
        "02000000",
        "01",
        &"00".repeat(32),
        "ffffffff",
        "0d",
        "0320a107",
        "08",
        "0102030405060708",
        "ffffffff",
        "01",
        "2c01000000000000",
        "2e",
        "6a2c",
        "0a00000000000000",
        "0b00000000000000",
        "0c00000000000000",
        &"ee".repeat(20),
        "00000000",
    ];
    assert_eq!(hex::encode(example().to_bytes()), parts.concat());
    let anonymous = Coinbase { rewarded: None, ..example() };
    let shorter = parts.concat().replace(&"ee".repeat(20), "").replace("2e6a2c", "1a6a18");
    assert_eq!(hex::encode(anonymous.to_bytes()), shorter);
    assert_eq!(example().hash(), MerkleNode::from_bytes(sha256d(&example().to_bytes())));
}

#[test]
fn heights_are_written_as_bitcoin_core_does() {
    let table = [
        (0, "00"),
        (1, "51"),
        (16, "60"),
        (17, "0111"),
        (127, "017f"),
        (128, "028000"),
        (255, "02ff00"),
        (256, "020001"),
        (32_767, "02ff7f"),
        (32_768, "03008000"),
        (65_535, "03ffff00"),
        (227_931, "035b7a03"),
        (8_388_607, "03ffff7f"),
        (8_388_608, "0400008000"),
        (0x7fff_ffff, "04ffffff7f"),
        (0x8000_0000, "050000008000"),
        (u32::MAX, "05ffffffff00"),
    ];
    for (height, script) in table {
        let coinbase = Coinbase { height, ..example() };
        let bytes = coinbase.to_bytes();
        assert!(hex::encode(&bytes[42..]).starts_with(&format!("{script}08")), "{height}");
        assert_eq!(Coinbase::from_bytes(&bytes), Ok(coinbase));
    }
}

#[test]
fn a_height_has_one_form() {
    // A longer number, a push where an opcode is due, a negative and an oversized height.
    for (length, script) in
        [("0e", "0420a10700"), ("0b", "0105"), ("0c", "02ff80"), ("0f", "050000000001"), ("0a", "4f")]
    {
        let text = hex::encode(example().to_bytes()).replace("0d0320a107", &format!("{length}{script}"));
        let error = Coinbase::from_bytes(&hex::decode(text).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("not a coinbase: "), "{error}");
    }
}

#[test]
fn a_target_is_never_zero() {
    assert!(qoin_core::encode::decode::<Target>(&[0; 32]).is_err());
    assert!("0".repeat(64).parse::<Target>().is_err());
    assert_canonical(&Target::MAX);
}

proptest! {
    #[test]
    fn header(header in headers()) {
        assert_canonical(&header);
        prop_assert_eq!(Header::from_bytes(&header.to_bytes()), header);
        prop_assert_eq!(qoin_core::encode::encode(&header), header.to_bytes());
        let json = serde_json::to_string(&header).unwrap();
        prop_assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
    }

    #[test]
    fn coinbase(coinbase in coinbases(), extra: u8) {
        assert_canonical(&coinbase);
        let bytes = coinbase.to_bytes();
        prop_assert_eq!(Coinbase::from_bytes(&bytes), Ok(coinbase.clone()));
        for length in 0..bytes.len() {
            prop_assert!(Coinbase::from_bytes(&bytes[..length]).is_err());
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([extra]).collect();
        prop_assert!(Coinbase::from_bytes(&longer).is_err());
        let (before, after) = coinbase.split();
        prop_assert_eq!([&before[..], &coinbase.extranonce, &after].concat(), bytes);
    }

    #[test]
    fn altered_coinbase(coinbase in coinbases(), place: prop::sample::Index, mask in 1_u8..) {
        let mut bytes = coinbase.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= mask;
        if let Ok(other) = Coinbase::from_bytes(&bytes) {
            prop_assert_ne!(&other, &coinbase);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn numbers(bits: u32, number in any::<[u8; 32]>(), hashes: u64) {
        assert_canonical(&CompactTarget(bits));
        assert_canonical(&Work::from_hashes(hashes));
        prop_assert_eq!(CompactTarget(bits).to_string().parse::<CompactTarget>(), Ok(CompactTarget(bits)));
        prop_assert_eq!(CompactTarget(bits).to_string(), format!("{bits:08x}"));
        if let Some(target) = Target::from_be_bytes(number) {
            assert_canonical(&target);
            prop_assert_eq!(target.to_be_bytes(), number);
            prop_assert_eq!(target.to_string(), hex::encode(number));
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
            prop_assert_eq!(target.work().to_string().parse::<Work>(), Ok(target.work()));
        }
    }

    #[test]
    fn memo(text in "[^\\p{Cc}]{0,140}", salt: [u8; 32], other in vec(any::<u8>(), 32..60)) {
        let memo = Memo::new(text, salt).unwrap();
        assert_canonical(&memo);
        assert_one_form::<Memo>(&other);
        let json = serde_json::to_string(&memo).unwrap();
        prop_assert_eq!(serde_json::from_str::<Memo>(&json).unwrap(), memo);
    }

    #[test]
    fn memo_with_a_control_character(before in "[^\\p{Cc}]{0,9}", control in "\\p{Cc}", salt: [u8; 32]) {
        let text = before + &control;
        let bytes = qoin_core::encode::encode(&(salt, text.clone()));
        prop_assert!(Memo::new(text, salt).is_err());
        prop_assert!(qoin_core::encode::decode::<Memo>(&bytes).is_err());
    }

    #[test]
    fn vault(seed: [u8; 32], key: [u8; 32], nonce: [u8; 24], address: [u8; 20], salt: [u8; 16]) {
        let (key, address) = (WrappingKey::from_bytes(key), Address::from_bytes(address));
        let vault = Vault::seal(&Seed::from_bytes(seed), &key, address, &KdfParameters::MINIMUM, nonce);
        assert_canonical(&vault);
        assert_canonical(&KdfParameters::MINIMUM);
        assert_canonical(&Salt::from_bytes(salt));
        let opened = vault.open(&key, address, &KdfParameters::MINIMUM).unwrap();
        prop_assert_eq!(opened.as_bytes(), &seed);
    }

    #[test]
    fn recovery_words(seed: [u8; 32]) {
        let read = Seed::from_words(&Seed::from_bytes(seed).words()).unwrap();
        prop_assert_eq!(read.as_bytes(), &seed);
    }

    #[test]
    fn proof(leaves in vec(any::<[u8; 32]>(), 1..20), index: prop::sample::Index) {
        let leaves: Vec<_> = leaves.into_iter().map(MerkleNode::from_bytes).collect();
        let proof = merkle::prove(&leaves, index.index(leaves.len())).unwrap();
        assert_canonical(&proof);
        let json = serde_json::to_string(&proof).unwrap();
        prop_assert_eq!(serde_json::from_str::<merkle::Proof>(&json).unwrap(), proof);
    }
}
