//! Unicode's normalisation forms, from the browser's own tables.

use js_sys::JsString;
use qoin_core::unicode::Normalize;

/// What `String.prototype.normalize` gives.
pub struct BrowserForms;

impl Normalize for BrowserForms {
    fn nfc(&self, text: &str) -> String {
        normalise(text, "NFC")
    }

    fn nfkc(&self, text: &str) -> String {
        normalise(text, "NFKC")
    }
}

fn normalise(text: &str, form: &str) -> String {
    JsString::from(text).normalize(form).into()
}
