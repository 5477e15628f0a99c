//! Ed25519 signing (RFC 8032, section 5.1) for the browser.
//!
//! `ed25519-zebra` signs by a table of the base point's multiples, which makes a leader's signature three times as fast
//! and was an eighth of the app's download: 30 kB that no compression makes smaller. Here the point is multiplied
//! without it, by the same library and as independently of the secret. The signatures are the same to the bit.

use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT,
    scalar::{Scalar, clamp_integer},
};
use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SigningKey {
    seed: [u8; 32],
    scalar: Scalar,
    prefix: [u8; 32],
    public: [u8; 32],
}

impl SigningKey {
    /// The key of a 32-byte seed.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        let mut half = [0; 32];
        let mut prefix = [0; 32];
        let mut expanded = Sha512::digest(seed);
        half.copy_from_slice(&expanded[..32]);
        prefix.copy_from_slice(&expanded[32..]);
        expanded.as_mut_slice().zeroize();
        let scalar = Scalar::from_bytes_mod_order(clamp_integer(half));
        half.zeroize();
        let public = (ED25519_BASEPOINT_POINT * scalar).compress().to_bytes();
        Self { seed: *seed, scalar, prefix, public }
    }

    /// The seed.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.seed
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// The signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut nonce = scalar_of(&[&self.prefix, message]);
        let commitment = (ED25519_BASEPOINT_POINT * nonce).compress().to_bytes();
        let challenge = scalar_of(&[&commitment, &self.public, message]);
        let response = challenge * self.scalar + nonce;
        nonce.zeroize();
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&commitment);
        signature[32..].copy_from_slice(response.as_bytes());
        signature
    }
}

/// The SHA-512 of the parts, as a number modulo the group's order.
fn scalar_of(parts: &[&[u8]]) -> Scalar {
    let mut hasher = Sha512::new();
    parts.iter().for_each(|part| hasher.update(part));
    Scalar::from_bytes_mod_order_wide(&hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_vector_of_the_rfc() {
        let bytes = |text: &str| hex::decode(text).unwrap();
        let seed = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").try_into().unwrap();
        let key = SigningKey::from_bytes(&seed);
        let public = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(key.public().to_vec(), public);
        let signature = bytes(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        );
        assert_eq!(key.sign(b"").to_vec(), signature);
    }

    proptest! {
        #[test]
        fn signatures_are_those_of_the_library(seed in any::<[u8; 32]>(), message in any::<Vec<u8>>()) {
            let (ours, theirs) = (SigningKey::from_bytes(&seed), ed25519_zebra::SigningKey::from_bytes(&seed));
            prop_assert_eq!(ours.public(), <[u8; 32]>::from(ed25519_zebra::VerificationKeyBytes::from(&theirs)));
            prop_assert_eq!(ours.sign(&message), theirs.sign(&message).to_bytes());
            prop_assert_eq!(ours.to_bytes(), seed);
        }
    }
}
