//! Unicode's normalisation forms, passed in like a clock: their tables are large, and a browser has them already.

/// Brings texts that look the same to the same characters (Unicode Standard Annex 15).
pub trait Normalize {
    /// Canonical composition: é is one character, however it was typed.
    fn nfc(&self, text: &str) -> String;

    /// Compatibility composition: ligatures and full-width letters become plain ones, too.
    fn nfkc(&self, text: &str) -> String;
}

/// The forms from tables in the program.
#[cfg(feature = "unicode-tables")]
#[derive(Debug, Clone, Copy)]
pub struct Tables;

#[cfg(feature = "unicode-tables")]
impl Normalize for Tables {
    fn nfc(&self, text: &str) -> String {
        unicode_normalization::UnicodeNormalization::nfc(text).collect()
    }

    fn nfkc(&self, text: &str) -> String {
        // UTF-8 grows at most elevenfold (U+FDFA does); with room for that, no part of a secret is left behind by growing.
        let mut normalised = String::with_capacity(text.len() * 11);
        normalised.extend(unicode_normalization::UnicodeNormalization::nfkc(text));
        normalised
    }
}
