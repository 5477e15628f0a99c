//! Settings that are changed while the leader runs.

use crate::genesis::Genesis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET` answers [`SettingsView`]; `POST` [`ChangeSettings`] answers the same.
pub const SETTINGS_PATH: &str = "/api/v1/admin/settings";

/// All settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingsView {
    /// Grows with every change; a change names the one that it was made on.
    pub version: u64,
    /// What can be changed while the leader runs.
    pub settings: Vec<SettingView>,
    /// What was fixed when the currency began and cannot be changed.
    pub genesis: Genesis,
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettingView {
    /// Its name, the same in the configuration file.
    pub name: String,
    /// What it means, in English.
    pub meaning: String,
    /// What its value can be.
    pub kind: SettingKind,
    /// Its value now: digits for a number or an amount.
    pub value: String,
    /// What it is without a change: the configuration file's value where it has one, else the built-in one.
    pub default: String,
    /// Where the value comes from.
    pub source: SettingSource,
}

/// What a setting's value can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SettingKind {
    /// A whole number.
    Number {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// An amount of money in whole units; 0 stands for no limit.
    Amount {
        /// The most.
        most: u64,
    },
    /// One of a few words.
    Choice {
        /// Which.
        choices: Vec<String>,
    },
    /// A line of text; may be empty.
    Text {
        /// The most characters.
        characters_max: u32,
    },
}

/// Where a setting's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// Built in.
    Default,
    /// The configuration file, or a flag.
    File,
    /// Changed while the leader ran.
    Changed,
}

/// Changes settings, all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// The version that was looked at; if the settings have another one by now, nothing is changed.
    pub version: u64,
    /// The new value of each setting, or `null` for its default.
    pub changes: BTreeMap<String, Option<String>>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}
