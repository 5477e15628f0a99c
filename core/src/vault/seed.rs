//! The secret of an account, and its form for paper.

use bip39::{Language, Mnemonic};
use std::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes from which an account's key is made. Whoever has them has the money.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

/// Why a text does not give a seed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum WordsError {
    /// Not 24 words.
    #[error("recovery words are {wanted} words, not {0}", wanted = Seed::WORDS)]
    Count(usize),
    /// A word that is not in the list.
    #[error("word {position} is not a recovery word: {word:?}")]
    UnknownWord {
        /// What was written.
        word: String,
        /// Where, counted from 1.
        position: usize,
    },
    /// All words are in the list, but they do not belong together.
    #[error("these recovery words do not belong together: one may be wrong, or two exchanged")]
    Checksum,
}

impl Seed {
    /// How many recovery words there are.
    pub const WORDS: usize = 24;

    /// The seed with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The recovery words: 24 words of BIP 39's English list, a space between them.
    pub fn words(&self) -> Zeroizing<String> {
        let words =
            Zeroizing::new(Mnemonic::from_entropy_in(Language::English, &self.0).expect("32 bytes make 24 words"));
        // 24 words of at most 8 letters and the spaces between.
        let mut text = Zeroizing::new(String::with_capacity(Self::WORDS * 9));
        for word in words.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The seed of these recovery words, in any case and with any white space between them.
    ///
    /// # Errors
    /// Names what is wrong: the count, the first word that is not in the list, or the checksum.
    pub fn from_words(text: &str) -> Result<Self, WordsError> {
        let words = Zeroizing::new(text.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>());
        if let Some(index) = words.iter().position(|word| Language::English.find_word(word).is_none()) {
            let word = words[index].chars().take(20).collect();
            return Err(WordsError::UnknownWord { word, position: index + 1 });
        }
        if words.len() != Self::WORDS {
            return Err(WordsError::Count(words.len()));
        }
        let joined = Zeroizing::new(words.join(" "));
        let words = Mnemonic::parse_in_normalized(Language::English, &joined)
            .map(Zeroizing::new)
            .map_err(|_| WordsError::Checksum)?;
        let (entropy, _) = words.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        let mut seed = Self([0; 32]);
        seed.0.copy_from_slice(&entropy[..32]);
        Ok(seed)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_bip_39() {
        for (byte, word, last) in
            [(0x00, "abandon", "art"), (0x7f, "legal", "title"), (0x80, "letter", "bless"), (0xff, "zoo", "vote")]
        {
            let words = Seed([byte; 32]).words();
            assert_eq!(words.split(' ').next(), Some(word));
            assert_eq!(words.split(' ').next_back(), Some(last));
            assert_eq!(words.split(' ').count(), 24);
            assert_eq!(Seed::from_words(&words).unwrap().0, [byte; 32]);
        }
    }

    #[test]
    fn case_and_white_space_do_not_matter() {
        let words = Seed([0x42; 32]).words();
        let spaced = format!("  {}\n", words.to_uppercase().replace(' ', "\t \n"));
        assert_eq!(Seed::from_words(&spaced).unwrap().0, [0x42; 32]);
    }

    #[test]
    fn each_fault_has_its_name() {
        let words = Seed([0; 32]).words();
        assert_eq!(Seed::from_words(""), Err(WordsError::Count(0)));
        assert_eq!(Seed::from_words("abandon abandon"), Err(WordsError::Count(2)));
        let typo = words.replacen("abandon", "abandom", 1);
        assert_eq!(Seed::from_words(&typo), Err(WordsError::UnknownWord { word: "abandom".into(), position: 1 }));
        let wrong = words.replace("art", "able");
        assert_eq!(Seed::from_words(&wrong), Err(WordsError::Checksum));
        // 12 words are BIP 39 too, but no seed of ours.
        assert_eq!(Seed::from_words(&format!("{}about", "abandon ".repeat(11))), Err(WordsError::Count(12)));
        assert_eq!(format!("{:?}", Seed([1; 32])), "Seed(redacted)");
    }
}
