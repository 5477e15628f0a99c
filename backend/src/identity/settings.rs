//! The settings that are changed while the leader runs: what was changed is kept in the store and goes before the file.

use super::error::{Failure, IdentityError, Refusal};
use super::granted::{Granted, Recorded, right};
use super::record::{SettingsRecord, from_bytes, to_bytes};
use super::{Identity, Settings};
use crate::audit::Action;
use crate::config::live::Shown;
use crate::ledger::Change;
use crate::store::{Batch, Snapshot, Table};
use qoin_core::{
    api::admin::settings::{ChangeSettings, SettingSource, SettingView, SettingsView},
    audit::{AuditAction, AuditChange, AuditTarget},
};
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::watch;

/// The key in [`Table::Meta`] under which the changes are kept.
const KEY: &[u8] = b"settings";

/// What counts now.
pub(super) struct Live {
    /// As the file has it.
    base: Settings,
    now: watch::Sender<Arc<Current>>,
}

/// All settings at one moment.
pub struct Current {
    version: u64,
    settings: Settings,
    changed: SettingsRecord,
}

impl Deref for Current {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl Live {
    /// What the file says, with what the store says over it. What this release cannot take from there stays as the
    /// file has it.
    pub fn open(snapshot: &dyn Snapshot, base: Settings) -> Result<Self, Failure> {
        let changed = stored(snapshot)?;
        let settings = over(&base, &changed);
        let current = Current { version: changed.version, settings, changed };
        Ok(Self { base, now: watch::Sender::new(Arc::new(current)) })
    }

    pub fn sign_ins_per_minute(&self) -> u32 {
        self.current().settings.sign_ins_per_minute
    }

    pub fn current(&self) -> Arc<Current> {
        self.now.borrow().clone()
    }

    fn show(&self, changed: SettingsRecord) {
        self.now.send_if_modified(|now| {
            let is_newer = changed.version > now.version;
            if is_newer {
                let settings = over(&self.base, &changed);
                *now = Arc::new(Current { version: changed.version, settings, changed });
            }
            is_newer
        });
    }
}

fn stored(snapshot: &dyn Snapshot) -> Result<SettingsRecord, Failure> {
    snapshot.get(Table::Meta, KEY)?.map_or_else(|| Ok(SettingsRecord::default()), |bytes| from_bytes(&bytes))
}

fn over(base: &Settings, changed: &SettingsRecord) -> Settings {
    let mut settings = base.clone();
    for (name, text) in &changed.changes {
        if !matches!(settings.set(name, text), Ok(true)) {
            tracing::warn!(
                name,
                text,
                "this setting, changed while another release ran, is not known here; the file's counts"
            );
        }
    }
    settings
}

/// The banner, as it is and whenever it changes.
pub struct Banner {
    now: watch::Receiver<Arc<Current>>,
    told: String,
}

impl Banner {
    /// The text as it is now.
    pub fn text(&self) -> String {
        self.told.clone()
    }

    /// The next text; never comes when the leader stops.
    pub async fn changed(&mut self) -> String {
        loop {
            if self.now.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let text = self.now.borrow_and_update().settings.banner.0.clone();
            if text != self.told {
                self.told.clone_from(&text);
                return text;
            }
        }
    }
}

impl Identity {
    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Current> {
        self.0.live.current()
    }

    /// Follows the banner.
    pub fn banner(&self) -> Banner {
        let mut now = self.0.live.now.subscribe();
        let told = now.borrow_and_update().settings.banner.0.clone();
        Banner { now, told }
    }

    fn settings_view(&self) -> SettingsView {
        let current = self.0.live.current();
        let built_in = Settings::default().show();
        let base = self.0.live.base.show();
        let settings = current.settings.show().into_iter().zip(base).zip(built_in);
        let view = |((now, base), built_in): ((Shown, Shown), Shown)| {
            let source = if current.changed.changes.contains_key(now.field.name) {
                SettingSource::Changed
            } else if base.text != built_in.text {
                SettingSource::File
            } else {
                SettingSource::Default
            };
            SettingView {
                name: now.field.name.into(),
                meaning: now.field.meaning.concat().trim().into(),
                kind: now.kind,
                value: now.text,
                default: base.text,
                source,
            }
        };
        SettingsView {
            version: current.version,
            settings: settings.map(view).collect(),
            genesis: self.0.ledger.genesis().genesis.clone(),
        }
    }
}

impl Granted<right::ViewSettings> {
    /// All settings.
    pub fn settings(&self) -> SettingsView {
        self.identity.settings_view()
    }
}

impl Granted<right::ChangeSettings> {
    /// Changes settings, all of them or none; they count from now on.
    ///
    /// # Errors
    /// When there is no such setting, one cannot have its value, or someone else changed any meanwhile.
    pub async fn change_settings(&self, request: ChangeSettings) -> Result<SettingsView, IdentityError> {
        let ChangeSettings { version, changes, reason } = request;
        let reason = super::reason(&reason)?;
        let live = &self.identity.0.live;
        let mut probe = live.base.clone();
        for (name, text) in &changes {
            let refused = |what: String| Refusal::InvalidSetting { name: name.chars().take(60).collect(), what };
            let known = match text {
                Some(text) => probe.set(name, text).map_err(|error| refused(error.what))?,
                None => live.base.show().iter().any(|shown| shown.field.name == name),
            };
            if !known {
                return Err(refused("there is no such setting".into()).into());
            }
        }
        let base = live.base.clone();
        let changed = self
            .commit(move |snapshot| {
                let mut changed = stored(snapshot)?;
                if changed.version != version {
                    return Err(IdentityError::from(Refusal::EditConflict {
                        what: "the settings".into(),
                        version: changed.version,
                    }));
                }
                let before = over(&base, &changed).show();
                for (name, text) in changes {
                    match text {
                        Some(text) => changed.changes.insert(name, text),
                        None => changed.changes.remove(&name),
                    };
                }
                changed.version += 1;
                let after = over(&base, &changed).show();
                // As it counts, not as it was written: without the spaces around it.
                for shown in &after {
                    if let Some(text) = changed.changes.get_mut(shown.field.name) {
                        text.clone_from(&shown.text);
                    }
                }
                let actions: Vec<Action> = before
                    .iter()
                    .zip(&after)
                    .filter(|(before, after)| before.text != after.text)
                    .map(|(before, after)| {
                        let target = AuditTarget::Setting { name: before.field.name.into() };
                        Action::new(AuditAction::SettingChanged, target)
                            .changing([AuditChange::new(before.field.name, &before.text, &after.text)])
                            .because(reason.clone())
                    })
                    .collect();
                let mut batch = Batch::new();
                batch.put(Table::Meta, KEY, to_bytes(&changed));
                Ok(Recorded { change: Change { batch, transaction: None, answer: changed }, actions })
            })
            .await?;
        let live = &self.identity.0.live;
        live.show(changed);
        self.identity.0.attempts.set_max(live.sign_ins_per_minute());
        Ok(self.identity.settings_view())
    }
}
