//! What is typed into the wizard's form, and what it means.

use hyper::body::Bytes;
use qoin_core::amount::Amount;
use qoin_core::decimals::Decimals;
use qoin_core::unicode::Tables;
use qoin_core::validate;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The most that a field takes, in bytes; far more than any good value has.
const FIELD_BYTES_MAX: usize = 1_024;

/// What the wizard founds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// The currency's name.
    pub currency_name: String,
    /// What stands beside an amount.
    pub currency_symbol: String,
    /// How many decimal digits amounts have.
    pub currency_decimals: u32,
    /// What the system account starts with, in whole units.
    pub genesis_amount: u64,
    /// How many seconds a block should take.
    pub block_interval_s: u64,
    /// How many hours a recovery waits.
    pub recovery_delay_h: u64,
    /// The first administrator's name.
    pub administrator_name: String,
    /// The first administrator's e-mail address.
    pub administrator_email: String,
    /// Where backups go.
    pub backup_folder: Option<PathBuf>,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The currency's name.
    Name,
    /// Its symbol.
    Symbol,
    /// Its decimals.
    Decimals,
    /// Its supply.
    Supply,
    /// Seconds a block.
    Interval,
    /// Hours a recovery waits.
    Recovery,
    /// The administrator's name.
    AdministratorName,
    /// The administrator's e-mail address.
    AdministratorEmail,
    /// Where backups go.
    Backup,
}

impl Field {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Symbol,
        Self::Decimals,
        Self::Supply,
        Self::Interval,
        Self::Recovery,
        Self::AdministratorName,
        Self::AdministratorEmail,
        Self::Backup,
    ];

    /// Its name in the form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Symbol => "symbol",
            Self::Decimals => "decimals",
            Self::Supply => "supply",
            Self::Interval => "interval",
            Self::Recovery => "recovery",
            Self::AdministratorName => "administrator_name",
            Self::AdministratorEmail => "administrator_email",
            Self::Backup => "backup",
        }
    }
}

/// The fields as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft([String; Field::ALL.len()]);

/// What is wrong with some fields, in their order.
pub type Faults = Vec<(Field, String)>;

impl Draft {
    /// A form with these values.
    pub fn of(values: [&str; Field::ALL.len()]) -> Self {
        Self(values.map(str::to_owned))
    }

    /// What was sent. Fields that are missing are empty, unknown ones are left out.
    pub fn of_form(body: &Bytes) -> Self {
        let mut draft = Self::default();
        for (name, value) in form_fields(body) {
            if let Some(field) = Field::ALL.iter().position(|field| field.name() == name) {
                draft.0[field] = value.chars().take(FIELD_BYTES_MAX).collect();
            }
        }
        draft
    }

    /// What a field holds.
    pub fn get(&self, field: Field) -> &str {
        &self.0[field as usize]
    }

    /// The draft's name: whoever confirms says which draft they saw.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for value in &self.0 {
            hash.update((value.len() as u64).to_le_bytes());
            hash.update(value.as_bytes());
        }
        hex::encode(hash.finalize())
    }

    /// What the fields mean.
    ///
    /// # Errors
    /// What is wrong with each field that is.
    pub fn check(&self, check_folder: impl Fn(&Path) -> Result<(), String>) -> Result<Founding, Faults> {
        let mut faults = Vec::new();
        let mut take = |field, read: Result<String, String>| match read {
            Ok(value) => value,
            Err(fault) => {
                faults.push((field, fault));
                String::new()
            }
        };
        let currency_name = take(Field::Name, self.text(Field::Name, 40));
        let currency_symbol = take(Field::Symbol, self.text(Field::Symbol, 8));
        let mut count = |field, min, max, unit: &str| match self.number(field, min, max, unit) {
            Ok(number) => Some(number),
            Err(fault) => {
                faults.push((field, fault));
                None
            }
        };
        let decimals = count(Field::Decimals, 0, 8, "digits").and_then(|count| u32::try_from(count).ok());
        let supply = count(Field::Supply, 0, u64::MAX, "");
        let interval = count(Field::Interval, 1, 86_400, "seconds");
        let recovery = count(Field::Recovery, 0, 8_760, "hours");
        if let (Some(decimals), Some(supply)) = (decimals, supply)
            && let Some(decimals) = u8::try_from(decimals).ok().and_then(|count| Decimals::try_from(count).ok())
            && Amount::from_whole(supply, decimals).is_none()
        {
            let most = Amount::MAX.whole(decimals);
            let fault = format!("With {} decimal digits there can be at most {most}.", decimals.count());
            faults.push((Field::Supply, fault));
        }
        let administrator_name = self.administrator_name().unwrap_or_else(|fault| {
            faults.push((Field::AdministratorName, fault));
            String::new()
        });
        let administrator_email = self.administrator_email().unwrap_or_else(|fault| {
            faults.push((Field::AdministratorEmail, fault));
            String::new()
        });
        let backup_folder = self.backup_folder(check_folder).unwrap_or_else(|fault| {
            faults.push((Field::Backup, fault));
            None
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Founding {
            currency_name,
            currency_symbol,
            currency_decimals: decimals.unwrap_or_default(),
            genesis_amount: supply.unwrap_or_default(),
            block_interval_s: interval.unwrap_or_default(),
            recovery_delay_h: recovery.unwrap_or_default(),
            administrator_name,
            administrator_email,
            backup_folder,
        })
    }

    fn text(&self, field: Field, max: usize) -> Result<String, String> {
        let text = self.get(field).trim();
        if text.is_empty() {
            return Err("This is needed.".to_owned());
        }
        let count = text.chars().count();
        if count > max {
            return Err(format!("At most {max} characters; this has {count}."));
        }
        if text.chars().any(|letter| letter.is_control() || validate::is_invisible(letter)) {
            return Err("It has characters that cannot be seen: type it anew.".to_owned());
        }
        Ok(text.to_owned())
    }

    fn number(&self, field: Field, min: u64, max: u64, unit: &str) -> Result<u64, String> {
        let typed = self.get(field).trim();
        if typed.is_empty() {
            return Err("This is needed.".to_owned());
        }
        // People group digits; a comma or a point could mean something else.
        let digits: String =
            typed.chars().filter(|letter| !matches!(letter, ' ' | '_' | '\'' | '\u{a0}' | '\u{202f}')).collect();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("A whole number, in digits only.".to_owned());
        }
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        match digits.parse::<u64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            Ok(_) => Err(format!("From {min} to {max}{unit}.")),
            Err(_) => Err("This is more than any amount can be.".to_owned()),
        }
    }

    fn administrator_name(&self) -> Result<String, String> {
        validate::name(self.get(Field::AdministratorName), &Tables).map_err(|error| sentence(&error.to_string()))
    }

    fn administrator_email(&self) -> Result<String, String> {
        validate::email(self.get(Field::AdministratorEmail)).map_err(|error| sentence(&error.to_string()))
    }

    fn backup_folder(&self, check_folder: impl Fn(&Path) -> Result<(), String>) -> Result<Option<PathBuf>, String> {
        let typed = self.get(Field::Backup).trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let folder = PathBuf::from(typed);
        if !folder.is_absolute() || typed.chars().any(char::is_control) {
            return Err("A folder of this host from its root on, such as /var/backups/qoin.".to_owned());
        }
        check_folder(&folder)?;
        Ok(Some(folder))
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The fields of a form's body (application/x-www-form-urlencoded).
pub fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            (decoded(parts.next().unwrap_or_default()), decoded(parts.next().unwrap_or_default()))
        })
        .collect()
}

/// Undoes `+` and `%XX`; what is no UTF-8 then becomes the replacement character.
fn decoded(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, others @ ..] = rest {
        let escaped = match (first, others) {
            (b'%', [high, low, ..]) => hex::decode([*high, *low]).ok().and_then(|byte| byte.first().copied()),
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [&str; 9] =
        ["Hack Space Hours", "H", "2", "1 000 000", "10", "72", "Ada Lovelace", "ada@example.org", ""];

    fn with(field: Field, value: &str) -> Draft {
        let mut draft = Draft::of(GOOD);
        draft.0[field as usize] = value.to_owned();
        draft
    }

    fn any(_: &Path) -> Result<(), String> {
        Ok(())
    }

    #[test]
    fn a_good_form_is_read() {
        let founding = Draft::of(GOOD).check(any).unwrap();
        assert_eq!((founding.genesis_amount, founding.currency_decimals), (1_000_000, 2));
        assert_eq!(founding.administrator_email, "ada@example.org");
        assert_eq!(founding.backup_folder, None);
        assert_eq!(with(Field::Backup, " /srv/b ").check(any).unwrap().backup_folder, Some("/srv/b".into()));
    }

    #[test]
    fn every_bad_field_is_named() {
        let long = "x".repeat(41);
        let cases = [
            (Field::Name, ""),
            (Field::Name, long.as_str()),
            (Field::Name, "Qo\u{200b}in"),
            (Field::Symbol, "  "),
            (Field::Symbol, "QQQQQQQQQ"),
            (Field::Decimals, "9"),
            (Field::Decimals, "-1"),
            (Field::Decimals, "two"),
            (Field::Supply, "1,000"),
            (Field::Supply, "1.5"),
            (Field::Supply, "99999999999999999999"),
            (Field::Supply, "18446744073709551615"),
            (Field::Supply, " _ "),
            (Field::Interval, "0"),
            (Field::Interval, "86401"),
            (Field::Recovery, "8761"),
            (Field::Recovery, ""),
            (Field::AdministratorName, "\u{202e}adA"),
            (Field::AdministratorEmail, "ada"),
            (Field::Backup, "backups"),
            (Field::Backup, "/a\nb"),
        ];
        for (field, value) in cases {
            let faults = with(field, value).check(any).unwrap_err();
            assert_eq!(faults.iter().map(|(field, _)| *field).collect::<Vec<_>>(), [field], "{value:?}");
        }
        assert_eq!(Draft::default().check(any).unwrap_err().len(), 8, "only the backup place can be left out");
        let faults = with(Field::Backup, "/b").check(|_| Err("It is full.".into())).unwrap_err();
        assert_eq!(faults, [(Field::Backup, "It is full.".into())]);
    }

    #[test]
    fn forms_are_decoded() {
        let fields = form_fields(b"a=1+2&b=%C3%A9%2&&c&d=%zz=");
        let expected = [("a", "1 2"), ("b", "é%2"), ("c", ""), ("d", "%zz=")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(form_fields(b"a=%ff")[0].1, "\u{fffd}");
        let draft = Draft::of_form(&Bytes::from_static(b"symbol=Q&unknown=1&name=A%26B"));
        assert_eq!((draft.get(Field::Name), draft.get(Field::Symbol)), ("A&B", "Q"));
    }

    #[test]
    fn a_draft_is_named_by_all_it_says() {
        let digest = Draft::of(GOOD).digest();
        for field in Field::ALL {
            assert_ne!(with(field, "other").digest(), digest);
        }
    }
}
