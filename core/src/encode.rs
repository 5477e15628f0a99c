//! The one canonical byte form of everything that is hashed, signed or stored:
//! borsh, little endian, with no byte missing and none left over.

use borsh::{BorshDeserialize, BorshSerialize};
use std::{fmt, marker::PhantomData, str::FromStr};
use thiserror::Error;

/// Bytes that are not the canonical form of the expected type.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("not a canonical {type_name}: {reason}")]
pub struct DecodeError {
    type_name: &'static str,
    reason: String,
}

/// The canonical bytes of `value`.
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).expect("writing to a vector of bytes cannot fail")
}

/// Reads a value from its canonical bytes.
///
/// # Errors
/// When bytes are missing or left over, or a field breaks its type's rule.
pub fn decode<T: BorshDeserialize>(bytes: &[u8]) -> Result<T, DecodeError> {
    borsh::from_slice(bytes)
        .map_err(|error| DecodeError { type_name: short_type_name::<T>(), reason: error.to_string() })
}

fn short_type_name<T>() -> &'static str {
    let full = std::any::type_name::<T>();
    full.rsplit("::").next().unwrap_or(full)
}

/// Reads a type from its text form, in place, without making a string of it first.
pub(crate) struct TextVisitor<T> {
    form: &'static str,
    read: PhantomData<T>,
}

impl<T> TextVisitor<T> {
    pub(crate) const fn new(form: &'static str) -> Self {
        Self { form, read: PhantomData }
    }
}

impl<T: FromStr<Err: fmt::Display>> serde::de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string: {}", self.form)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Serde by the type's own text form (`Display` and `FromStr`), and an OpenAPI string schema.
macro_rules! text_serde {
    ($name:ident, $form:literal) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(crate::encode::TextVisitor::new($form))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($form))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use text_serde;
