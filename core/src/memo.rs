//! A payment's memo: a short text for the two parties, of which the chain carries only a salted hash.

use crate::hash::{MemoHash, tagged_sha256d};
use borsh::{BorshDeserialize, BorshSerialize, io};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text and the salt that keeps its hash from being guessed. Both are kept off the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, BorshSerialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "RawMemo")]
pub struct Memo {
    /// 32 random bytes, chosen by the payer's client; hexadecimal in JSON.
    #[serde(with = "hex::serde")]
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    salt: [u8; 32],
    /// At most [`Memo::CHARACTERS_MAX`] characters, none of them a control character.
    text: String,
}

/// Why a text is not a memo.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum MemoError {
    /// More characters than a memo can have.
    #[error("a memo has at most {max} characters, this one has {0}", max = Memo::CHARACTERS_MAX)]
    TooLong(usize),
    /// A line break, a tabulator or another control character.
    #[error("a memo is one line of text, but its character {position} is the control character {character:?}")]
    ControlCharacter {
        /// What was found.
        character: char,
        /// Where, counted in characters from 1.
        position: usize,
    },
}

/// A memo as it is written down, before its text is checked.
#[derive(Deserialize, BorshDeserialize)]
struct RawMemo {
    #[serde(with = "hex::serde")]
    salt: [u8; 32],
    text: String,
}

impl Memo {
    /// The most characters (Unicode scalar values, not bytes) that a memo can have.
    pub const CHARACTERS_MAX: usize = 140;

    /// The memo with this text.
    ///
    /// # Errors
    /// When the text is too long or has a control character.
    pub fn new(text: impl Into<String>, salt: [u8; 32]) -> Result<Self, MemoError> {
        let text = text.into();
        Self::check(&text)?;
        Ok(Self { salt, text })
    }

    /// Whether this text can be a memo's.
    ///
    /// # Errors
    /// When it is too long or has a control character.
    pub fn check(text: &str) -> Result<(), MemoError> {
        let count = text.chars().count();
        if count > Self::CHARACTERS_MAX {
            return Err(MemoError::TooLong(count));
        }
        match text.chars().enumerate().find(|(_, character)| character.is_control()) {
            Some((index, character)) => Err(MemoError::ControlCharacter { character, position: index + 1 }),
            None => Ok(()),
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its salt.
    pub fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// What the chain says about it: the tagged hash of the salt and the exact UTF-8 of the text.
    pub fn hash(&self) -> MemoHash {
        MemoHash::from_bytes(tagged_sha256d("qoin/memo", &[&self.salt, self.text.as_bytes()]))
    }
}

impl TryFrom<RawMemo> for Memo {
    type Error = MemoError;

    fn try_from(raw: RawMemo) -> Result<Self, MemoError> {
        Self::new(raw.text, raw.salt)
    }
}

impl BorshDeserialize for Memo {
    fn deserialize_reader<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Self::try_from(RawMemo::deserialize_reader(reader)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters() {
        assert!(Memo::new("ä".repeat(140), [0; 32]).is_ok());
        assert_eq!(Memo::new("ä".repeat(141), [0; 32]), Err(MemoError::TooLong(141)));
        assert!(Memo::new("", [0; 32]).is_ok());
    }

    #[test]
    fn one_line_only() {
        for (text, character, position) in
            [("a\nb", '\n', 2), ("\ta", '\t', 1), ("ab\u{7f}", '\u{7f}', 3), ("ö\u{85}", '\u{85}', 2)]
        {
            assert_eq!(Memo::new(text, [0; 32]), Err(MemoError::ControlCharacter { character, position }));
        }
    }

    #[test]
    fn hash_depends_on_salt_and_exact_text() {
        let memo = |text: &str, salt| Memo::new(text, [salt; 32]).unwrap().hash();
        assert_eq!(memo("coffee", 1), memo("coffee", 1));
        assert_ne!(memo("coffee", 1), memo("coffee", 2));
        // The same letter composed and decomposed: two texts.
        assert_ne!(memo("\u{e9}", 1), memo("e\u{301}", 1));
    }

    #[test]
    fn json_is_checked_too() {
        let memo = Memo::new("coffee", [7; 32]).unwrap();
        let json = serde_json::to_string(&memo).unwrap();
        assert_eq!(json, format!(r#"{{"salt":"{}","text":"coffee"}}"#, "07".repeat(32)));
        assert_eq!(serde_json::from_str::<Memo>(&json).unwrap(), memo);
        assert!(serde_json::from_str::<Memo>(&json.replace("coffee", r"cof\nfee")).is_err());
        assert!(serde_json::from_str::<Memo>(&json.replace("coffee", &"c".repeat(141))).is_err());
    }
}
