//! From passwords to keys, and from keys to signatures.

use super::{Failure, pause};
use crate::unicode::BrowserForms;
use qoin_core::{
    address::Address,
    api::{
        bytes::Bytes,
        sessions::{NewSecrets, PasswordParameters},
    },
    vault::{KdfParameters, Root, Salt, Seed, Vault},
};

/// So many random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Failure::NoRandomness)?;
    Ok(bytes)
}

/// The bytes of a link's token, which is base 64 for addresses; nothing if it is none.
pub fn token_bytes(token: &str) -> Vec<u8> {
    let standard = token.replace('-', "+").replace('_', "/");
    let decoded = web_sys::window().and_then(|window| window.atob(&standard).ok()).unwrap_or_default();
    // One character of Latin-1 for each byte.
    decoded.chars().map(|character| character as u8).collect()
}

/// A new seed.
pub fn new_seed() -> Result<Seed, Failure> {
    random().map(Seed::from_bytes)
}

/// What the password gives. It takes about a second, during which the page stands still; weak parameters are refused.
pub async fn derive(password: &str, parameters: &PasswordParameters) -> Result<Root, Failure> {
    pause::for_paint().await;
    Ok(Root::derive(password, &Salt::from_bytes(parameters.salt.0), &parameters.parameters, &BrowserForms)?)
}

/// Seals `seed` of `address` under a new password.
pub async fn secrets(password: &str, seed: &Seed, address: Address) -> Result<NewSecrets, Failure> {
    let parameters = KdfParameters::MINIMUM;
    let password_parameters = PasswordParameters { salt: Bytes(random()?), parameters };
    let root = derive(password, &password_parameters).await?;
    Ok(NewSecrets {
        password: password_parameters,
        authentication_key: Bytes(*root.authentication_key().as_bytes()),
        vault: Vault::seal(seed, &root.wrapping_key(), address, &parameters, random()?),
    })
}
