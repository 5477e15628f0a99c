//! Where values come from: a TOML file, and what the command line says over it.

use super::declaration::{Field, Section};
use super::fault::{ConfigError, Fault, Place, nearest};
use super::value::{Raw, Refused, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The field's name.
    pub name: String,
    /// The value: TOML, or text without its quotes.
    pub text: String,
    /// The flag as it was written, without the value.
    pub flag: String,
}

impl Override {
    /// Of `--set NAME=VALUE`.
    ///
    /// # Errors
    /// When there is no `=`.
    pub fn parse_set(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("expected NAME=VALUE, found {text:?}"))?;
        let name = name.trim().replace('-', "_");
        Ok(Self { flag: format!("--set {name}"), name, text: value.trim().to_owned() })
    }
}

/// A file that was parsed.
struct File {
    path: PathBuf,
    text: String,
}

/// A key of the file with its value.
struct Entry {
    section: Section,
    name: String,
    name_span: Range<usize>,
    value: Raw,
    value_span: Range<usize>,
}

impl Entry {
    fn new(section: Section, key: &Spanned<Cow<str>>, value: &Spanned<DeValue>) -> Self {
        Self {
            section,
            name: key.get_ref().to_string(),
            name_span: key.span(),
            value: Raw::from(value.get_ref()),
            value_span: value.span(),
        }
    }
}

/// Values by name, with the faults found so far.
pub struct Source {
    file: Option<File>,
    entries: Vec<Entry>,
    overrides: Vec<Override>,
    faults: Vec<Fault>,
    known: Vec<&'static Field>,
    given: BTreeSet<&'static str>,
}

impl Source {
    /// Of the command line alone.
    pub fn of_overrides(overrides: Vec<Override>) -> Self {
        Self {
            file: None,
            entries: Vec::new(),
            overrides,
            faults: Vec::new(),
            known: Vec::new(),
            given: BTreeSet::new(),
        }
    }

    /// Of a file, and the command line over it.
    ///
    /// # Errors
    /// When the file cannot be read. What is wrong inside it comes with [`Self::finish`].
    pub fn of_file(path: &Path, overrides: Vec<Override>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::of_text(path, text, overrides))
    }

    /// Of the text of a file.
    pub(super) fn of_text(path: &Path, text: String, overrides: Vec<Override>) -> Self {
        let mut source = Self::of_overrides(overrides);
        let (root, errors) = DeTable::parse_recoverable(&text);
        for (key, value) in root.get_ref() {
            match value.get_ref() {
                DeValue::Table(settings) if key.get_ref() == "settings" => {
                    source
                        .entries
                        .extend(settings.iter().map(|(key, value)| Entry::new(Section::Settings, key, value)));
                }
                _ => source.entries.push(Entry::new(Section::Host, key, value)),
            }
        }
        for error in errors {
            let place = Place::of_span(path, &text, error.span());
            source.faults.push(Fault {
                place,
                what: error.message().to_owned(),
                mend: "write it as TOML (https://toml.io)".into(),
            });
        }
        source.file = Some(File { path: path.to_owned(), text });
        source
    }

    /// The names of the fields at the top of the file.
    pub(super) fn host_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.section == Section::Host).map(|entry| entry.name.as_str())
    }

    /// The value of a field, or its default; `None` after a fault.
    pub(super) fn take<T: Value>(&mut self, field: &'static Field) -> Option<T> {
        self.known.push(field);
        let read = if let Some(given) = self.overrides.iter().rev().find(|given| given.name == field.name) {
            self.given.insert(field.name);
            let place = Place::Flag(given.flag.clone());
            read_text(&given.text, field).map_err(|refused| (place, refused))
        } else if let Some(entry) =
            self.entries.iter().find(|entry| entry.name == field.name && entry.section == field.section)
        {
            self.given.insert(field.name);
            let folder = self.file.as_ref().and_then(|file| file.path.parent()).unwrap_or(Path::new(""));
            let place = self.place(entry.value_span.clone());
            T::read(&entry.value, folder).and_then(|value| bounded(value, field)).map_err(|refused| (place, refused))
        } else if field.section == Section::Settings {
            return Some(read_text(field.value, field).expect("a test reads every default"));
        } else {
            let missing = Refused {
                what: "is missing".into(),
                mend: Some(format!("add for example {} = {}", field.name, field.value)),
            };
            Err((self.place(0..0), missing))
        };
        read.map_err(|(place, refused)| self.refuse(place, field, refused)).ok()
    }

    /// Whether the file or the command line gives this field.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    /// Whether the values that were taken are all there is, and without a fault.
    ///
    /// # Errors
    /// All faults.
    pub fn finish(mut self) -> Result<(), ConfigError> {
        let unknown: Vec<Fault> = self
            .entries
            .iter()
            .filter(|entry| !self.known.iter().any(|field| field.name == entry.name && field.section == entry.section))
            .map(|entry| self.unknown(&entry.name, Some(entry.section), self.place(entry.name_span.clone())))
            .chain(
                self.overrides
                    .iter()
                    .filter(|given| !self.known.iter().any(|field| field.name == given.name))
                    .map(|given| self.unknown(&given.name, None, Place::Flag(given.flag.clone()))),
            )
            .collect();
        self.faults.extend(unknown);
        if self.faults.is_empty() { Ok(()) } else { Err(ConfigError::Faults(self.faults)) }
    }

    /// Adds a fault that concerns several fields.
    pub(super) fn refuse(&mut self, place: Place, field: &Field, refused: Refused) {
        let mend = refused.mend.unwrap_or_else(|| match field.bounds {
            Some((least, most)) => format!("{} is a whole number from {least} to {most}", field.name),
            None => format!("write for example {} = {}", field.name, field.value),
        });
        self.faults.push(Fault { place, what: format!("{}: {}", field.name, refused.what), mend });
    }

    fn unknown(&self, name: &str, section: Option<Section>, place: Place) -> Fault {
        let elsewhere = self.known.iter().find(|field| field.name == name);
        let mend = match (elsewhere, nearest(name, self.known.iter().map(|field| field.name))) {
            (Some(field), _) if field.section == Section::Settings => format!("{name} stands under [settings]"),
            (Some(_), _) => format!("{name} stands at the top, before [settings]"),
            (None, Some(near)) => format!("did you mean {near}?"),
            (None, None) => {
                let names = self.known.iter().filter(|field| section.is_none_or(|section| field.section == section));
                format!("known are {}", names.map(|field| field.name).collect::<Vec<_>>().join(", "))
            }
        };
        Fault { place, what: format!("unknown field {name:?}"), mend }
    }

    fn place(&self, span: Range<usize>) -> Place {
        match &self.file {
            Some(file) => Place::of_span(&file.path, &file.text, Some(span)),
            None => Place::Flag("the command line".into()),
        }
    }
}

/// Reads TOML, or else the text as it stands, so that a shell needs no second pair of quotes.
fn read_text<T: Value>(text: &str, field: &Field) -> Result<T, Refused> {
    let folder = Path::new("");
    let quoted = || T::read(&Raw::Text(text.to_owned()), folder);
    let value = match DeValue::parse(text) {
        Ok(value) => T::read(&Raw::from(value.get_ref()), folder).or_else(|refused| quoted().map_err(|_| refused)),
        Err(_) => quoted(),
    }?;
    bounded(value, field)
}

pub(super) fn bounded<T: Value>(value: T, field: &Field) -> Result<T, Refused> {
    match (value.number(), field.bounds) {
        (Some(number), Some((least, most))) if !(least..=most).contains(&number) => {
            Err(Refused::new(format!("{number} is out of bounds")))
        }
        _ => Ok(value),
    }
}
