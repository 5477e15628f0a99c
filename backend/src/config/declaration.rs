//! How a setting is declared, once: its name, meaning, example or default, and bounds. Parsing, flags, the example
//! files and their check all derive from that.

use super::source::Source;

/// Where in a file a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// At the top: what only this host's operator can know. Always required.
    Host,
    /// Under `[settings]`: what has a default.
    Settings,
}

/// The declaration of one field.
#[derive(Debug)]
pub struct Field {
    /// Its name, in the file and after `--set`.
    pub name: &'static str,
    /// What it is for: lines of text, each with a space in front.
    pub meaning: &'static [&'static str],
    /// In TOML: the default, or for a host's own field an example.
    pub value: &'static str,
    /// Where it stands, and thereby whether it has to.
    pub section: Section,
    /// For numbers: the least and the most.
    pub bounds: Option<(u64, u64)>,
}

impl Field {
    /// The name of the flag that overrides it, without the dashes in front.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// Fields that are read together.
pub trait Declared: Sized {
    /// Their declarations.
    const FIELDS: &'static [Field];

    /// Takes the fields out of `source`; `None` after a fault, which `source` then holds.
    fn read(source: &mut Source) -> Option<Self>;
}

/// Declares a struct whose fields are settings:
/// `name: Type = Section("value in TOML") in (least, most);`
macro_rules! declare {
    ($(#[doc = $about:literal])+ pub struct $group:ident {
        $($(#[doc = $meaning:literal])+ $name:ident: $type:ty = $section:ident($value:literal) $(in ($least:expr, $most:expr))?;)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub struct $group { $($(#[doc = $meaning])+ pub $name: $type,)+ }

        impl $crate::config::Declared for $group {
            const FIELDS: &'static [$crate::config::Field] = &[$($crate::config::Field {
                name: stringify!($name),
                meaning: &[$($meaning),+],
                value: $value,
                section: $crate::config::Section::$section,
                bounds: $crate::config::declaration::declare!(@bounds $($least, $most)?),
            }),+];

            fn read(source: &mut $crate::config::source::Source) -> Option<Self> {
                let mut fields = Self::FIELDS.iter();
                $(let $name = source.take::<$type>(fields.next()?);)+
                Some(Self { $($name: $name?),+ })
            }
        }
    };
    (@bounds $least:expr, $most:expr) => { Some(($least, $most)) };
    (@bounds) => { None };
}
pub(crate) use declare;
