//! The one canonical byte form of everything that is hashed, signed or stored:
//! borsh, little endian, with no byte missing and none left over.

use borsh::{BorshDeserialize, BorshSerialize};
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
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
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
