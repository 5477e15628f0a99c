//! Byte strings in JSON.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;
use zeroize::Zeroize;

/// `N` bytes, written as `2 * N` hexadecimal digits. It prints as redacted, since some of them are secrets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes<const N: usize>(pub [u8; N]);

/// A text that is not the right number of hexadecimal digits.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("expected {0} hexadecimal digits")]
pub struct BytesError(usize);

impl<const N: usize> FromStr for Bytes<N> {
    type Err = BytesError;

    fn from_str(text: &str) -> Result<Self, BytesError> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BytesError(2 * N))?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes<{N}>(redacted)")
    }
}

impl<const N: usize> Zeroize for Bytes<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl<const N: usize> utoipa::PartialSchema for Bytes<N> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .min_length(Some(2 * N))
            .max_length(Some(2 * N))
            .pattern(Some("^[0-9a-fA-F]*$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl<const N: usize> utoipa::ToSchema for Bytes<N> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Bytes{N}").into()
    }
}
