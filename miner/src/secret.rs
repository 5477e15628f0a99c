//! A secret setting: given directly, by an environment variable or by a file, and never shown.

use std::fmt;

/// A text that prints as redacted.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The secret that a setting stands for: the variable NAME of the environment for `env:NAME`, the content of the
    /// file PATH without space around it for `file:PATH`, else the setting itself.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without the secret.
    pub fn from_setting(setting: &str) -> Result<Self, String> {
        let secret = if let Some(name) = setting.strip_prefix("env:") {
            std::env::var(name).map_err(|_| format!("there is no text in the environment variable {name:?}"))?
        } else if let Some(path) = setting.strip_prefix("file:") {
            std::fs::read_to_string(path).map_err(|error| format!("cannot read {path:?}: {error}"))?
        } else {
            setting.to_owned()
        };
        let secret = secret.trim();
        if secret.is_empty() {
            return Err("the secret is empty".into());
        }
        if is_placeholder(secret) {
            return Err("this is a placeholder, not a secret".into());
        }
        if secret.contains(char::is_control) {
            return Err("the secret has more than one line or a control character".into());
        }
        Ok(Self(secret.to_owned()))
    }

    /// The secret itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Whether a text only stands where a secret should be.
fn is_placeholder(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text == "secret"
        || text.starts_with('<')
        || ["change-me", "change me", "changeme", "change_me", "replace", "placeholder", "your-", "your "]
            .iter()
            .any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_secret_comes_from_where_its_setting_says() {
        assert_eq!(Secret::from_setting("x").unwrap().reveal(), "x");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "  0123456789abcdef").unwrap();
        let setting = format!("file:{}", file.path().display());
        assert_eq!(Secret::from_setting(&setting).unwrap().reveal(), "0123456789abcdef");
        assert_eq!(Secret::from_setting("env:CARGO_PKG_NAME").unwrap().reveal(), "qoin-miner");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_showing_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty_file = format!("file:{}", file.path().display());
        for setting in [
            "",
            " ",
            "change-me",
            "CHANGE ME",
            "<service key>",
            "your-key",
            "env:QOIN_NO_SUCH_NAME",
            "a\nb",
            "file:/nonexistent/key",
            &empty_file,
        ] {
            assert!(Secret::from_setting(setting).is_err(), "{setting:?}");
        }
        assert_eq!(format!("{:?}", Secret::from_setting("0123").unwrap()), "Secret(redacted)");
    }
}
