//! The settings that administrators can change while the leader runs. What is changed is kept in the store and goes
//! before the file.

use super::declaration::{Field, declare};
use super::value::{Line, MemberList, Raw, Refused, Value, WholeUnits};
use qoin_core::{
    amount::Amount,
    api::{admin::settings::SettingKind, registration::Registration},
    decimals::Decimals,
    limits::BANNER_CHARACTERS_MAX,
};
use std::path::Path;

/// The largest amount that a limit can be, in whole units.
const LIMIT_MAX: u64 = 1_000_000_000_000;

/// A value that can be changed while the leader runs.
trait Live: Value {
    fn kind(field: &Field) -> SettingKind;

    /// The form in which [`read_live`] takes it.
    fn text(&self) -> String;
}

/// What a setting is at one moment.
pub struct Shown {
    /// Its declaration.
    pub field: &'static Field,
    /// What its value can be.
    pub kind: SettingKind,
    /// Its value.
    pub text: String,
}

/// Declares a struct whose fields are settings, each of which can be shown and set by its name.
macro_rules! declare_live {
    ($(#[doc = $about:literal])+ pub struct $group:ident {
        $($(#[doc = $meaning:literal])+ $name:ident: $type:ty = $section:ident($value:literal) $(in ($least:expr, $most:expr))?;)+
    }) => {
        declare! {
            $(#[doc = $about])+
            pub struct $group {
                $($(#[doc = $meaning])+ $name: $type = $section($value) $(in ($least, $most))?;)+
            }
        }

        impl $group {
            /// All settings, in the order of their declaration.
            pub fn show(&self) -> Vec<Shown> {
                let mut fields = <Self as super::Declared>::FIELDS.iter();
                vec![$({
                    let field = fields.next().expect("each has its declaration");
                    Shown { field, kind: <$type as Live>::kind(field), text: Live::text(&self.$name) }
                }),+]
            }

            /// Sets the one with this name; answers whether there is one.
            ///
            /// # Errors
            /// When it cannot have this value.
            pub fn set(&mut self, name: &str, text: &str) -> Result<bool, Refused> {
                for field in <Self as super::Declared>::FIELDS {
                    match field.name {
                        $(stringify!($name) if name == stringify!($name) => {
                            self.$name = read_live(text, field)?;
                            return Ok(true);
                        })+
                        _ => {}
                    }
                }
                Ok(false)
            }
        }

        impl Default for $group {
            fn default() -> Self {
                let mut source = super::Source::of_overrides(Vec::new());
                <Self as super::Declared>::read(&mut source).expect("a test reads every default")
            }
        }
    };
}

declare_live! {
    /// What administrators can change while the leader runs.
    pub struct LiveSettings {
        /// Who can join: "open" for everyone, "invitation" for whoever was invited, "closed" for nobody. This and the
        /// next nine can also be changed while the leader runs; what is changed there goes before this file.
        registration: Registration = Settings("\"invitation\"");
        /// Whom members see of each other: "members" for everyone, "exact" for whose whole e-mail address they know.
        member_list: MemberList = Settings("\"members\"");
        /// A line of text that stands on every page; empty for none.
        banner: Line = Settings("\"\"");
        /// After how many hours a session ends.
        session_hours: u32 = Settings("12") in (1, 8_760);
        /// After how many days an unused invitation expires.
        invitation_days: u32 = Settings("7") in (1, 365);
        /// How many payments a member can make in a minute; 0 for no limit.
        payments_per_minute: u32 = Settings("60") in (0, 1_000_000);
        /// How many sign-ins can fail for one account in a minute; from one address three times as many.
        sign_ins_per_minute: u32 = Settings("10") in (1, 1_000_000);
        /// How much a member can hold, in whole units; a payment that would lift someone above it is refused. 0 for no
        /// limit.
        maximum_balance: WholeUnits = Settings("0") in (0, LIMIT_MAX);
        /// How much a member can send in a day (UTC), in whole units; 0 for no limit.
        daily_amount: WholeUnits = Settings("0") in (0, LIMIT_MAX);
        /// Above which amount of a credit, issue, burn or refund a second administrator decides, in whole units; 0 for
        /// never.
        approval_limit: WholeUnits = Settings("0") in (0, LIMIT_MAX);
    }
}

/// Reads the text of a setting that is changed.
fn read_live<T: Live>(text: &str, field: &Field) -> Result<T, Refused> {
    let raw = match T::kind(field) {
        SettingKind::Number { .. } | SettingKind::Amount { .. } => match text.trim().parse() {
            Ok(number) => Raw::Whole(number),
            Err(_) => {
                return Err(Refused::new(format!("expected a whole number, found {:?}", shortened(text))));
            }
        },
        _ => Raw::Text(text.to_owned()),
    };
    super::source::bounded(T::read(&raw, Path::new(""))?, field)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Live for u32 {
    fn kind(field: &Field) -> SettingKind {
        let (least, most) = field.bounds.unwrap_or((0, u64::from(u32::MAX)));
        SettingKind::Number { least, most }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Live for WholeUnits {
    fn kind(field: &Field) -> SettingKind {
        SettingKind::Amount { most: field.bounds.map_or(LIMIT_MAX, |(_, most)| most) }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Live for Line {
    fn kind(_: &Field) -> SettingKind {
        SettingKind::Text { characters_max: BANNER_CHARACTERS_MAX as u32 }
    }

    fn text(&self) -> String {
        self.0.clone()
    }
}

/// The words of a choice, in their order.
trait Words: Copy + PartialEq + 'static {
    const ALL: &'static [(Self, &'static str)];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }
}

fn choice<T: Words>() -> SettingKind {
    SettingKind::Choice { choices: T::ALL.iter().map(|(_, word)| (*word).to_owned()).collect() }
}

impl Words for Registration {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Open, "open"), (Self::Invitation, "invitation"), (Self::Closed, "closed")];
}

impl Words for MemberList {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Members, "members"), (Self::Exact, "exact")];
}

fn read_word<T: Words>(value: &Raw) -> Result<T, Refused> {
    let Raw::Text(text) = value else { return Err(Refused::new("expected one of a few words in quotes")) };
    let found = T::ALL.iter().find(|(_, word)| word == text).map(|(value, _)| *value);
    found.ok_or_else(|| {
        let words: Vec<String> = T::ALL.iter().map(|(_, word)| format!("{word:?}")).collect();
        Refused::new(format!("expected {}, found {:?}", words.join(" or "), shortened(text)))
    })
}

impl Value for Registration {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        read_word(value)
    }
}

impl Value for MemberList {
    fn read(value: &Raw, _: &Path) -> Result<Self, Refused> {
        read_word(value)
    }
}

impl Live for Registration {
    fn kind(_: &Field) -> SettingKind {
        choice::<Self>()
    }

    fn text(&self) -> String {
        self.word().into()
    }
}

impl Live for MemberList {
    fn kind(_: &Field) -> SettingKind {
        choice::<Self>()
    }

    fn text(&self) -> String {
        self.word().into()
    }
}

impl WholeUnits {
    /// The amount, for a currency with so many digits; none for no limit.
    pub fn limit(self, decimals: Decimals) -> Option<Amount> {
        // What is more than any amount can be is no limit, either.
        Amount::from_whole(self.0, decimals).filter(|limit| !limit.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_set_by_name_within_their_bounds() {
        let mut settings = LiveSettings::default();
        assert_eq!(settings.set("session_hours", "24"), Ok(true));
        assert_eq!(settings.set("registration", "open"), Ok(true));
        assert_eq!(settings.set("banner", "  Closed on \"Monday\" "), Ok(true));
        assert_eq!(settings.set("maximum_balance", "500"), Ok(true));
        assert_eq!((settings.session_hours, settings.registration), (24, Registration::Open));
        assert_eq!(settings.banner.0, "Closed on \"Monday\"");
        assert_eq!(settings.set("data", "/tmp"), Ok(false));
        for (name, value) in [
            ("session_hours", "0"),
            ("session_hours", "9999"),
            ("session_hours", "many"),
            ("sign_ins_per_minute", "0"),
            ("registration", "sometimes"),
            ("banner", "two\nlines"),
            ("daily_amount", "-1"),
        ] {
            assert!(settings.set(name, value).is_err(), "{name} = {value}");
        }
        let long = "x".repeat(BANNER_CHARACTERS_MAX + 1);
        assert!(settings.set("banner", &long).is_err());
    }

    #[test]
    fn what_is_shown_can_be_set() {
        let mut settings = LiveSettings::default();
        for Shown { field, text, .. } in LiveSettings::default().show() {
            assert_eq!(settings.set(field.name, &text), Ok(true), "{}", field.name);
        }
    }
}
