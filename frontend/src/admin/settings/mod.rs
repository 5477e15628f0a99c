//! The settings that can be changed while the leader runs, and what was fixed when the currency began.

mod value;

pub use value::title;

use super::{load::Load, panel::Panel, written::span};
use crate::{
    api,
    locales::{admin::texts, describe, fill},
    ui::{
        Button, El, Field, Icon, Part, Sign, Task, View, bdi, classed, div, el,
        field::{fault, form},
        format::{Moment, moment},
        icon, money,
        movement::{fact, fact_of},
        p,
        state::{Tone, notice, section_heading},
        toast,
    },
};
use leptos::prelude::*;
use qoin_core::{
    api::{
        admin::settings::{ChangeSettings, SettingSource, SettingView, SettingsView},
        capabilities::Capability,
        problem::ProblemCode,
    },
    genesis::Genesis,
};
use std::collections::BTreeMap;

/// What was changed on the page and not saved: the new value by the setting's name; nothing stands for its default.
type Draft = BTreeMap<String, Option<String>>;

/// What a page of settings holds.
#[derive(Clone, Copy)]
struct Editing {
    panel: Panel,
    now: Load<SettingsView>,
    draft: RwSignal<Draft>,
    /// The values that the draft was made on, by the settings' names.
    seen: RwSignal<BTreeMap<String, String>>,
    /// What is wrong with a value, by the setting's name.
    faults: RwSignal<BTreeMap<String, String>>,
    /// Someone else saved meanwhile.
    conflict: RwSignal<bool>,
}

/// The page of the settings.
pub fn settings() -> View {
    let t = &texts().settings;
    let panel = expect_context::<Panel>();
    let editing = Editing {
        panel,
        now: Load::new(panel, api::admin::settings),
        draft: RwSignal::new(Draft::new()),
        seen: RwSignal::new(BTreeMap::new()),
        faults: RwSignal::new(BTreeMap::new()),
        conflict: RwSignal::new(false),
    };
    let title = el("h1").attr("tabindex", "-1").add(texts().sections.settings);
    let may = panel.may_now(Capability::ChangeSettings);
    let list = editing.now.view(move |now| {
        let rows: Vec<_> = now.settings.iter().map(|setting| row(editing, setting, may)).collect();
        let heading = section_heading(t.running_title, if may { t.running_lead } else { t.running_read });
        let running = classed("section", "panel padded section settings").add(heading).add(rows);
        vec![running.view(), fixed(&now.genesis).view()]
    });
    vec![div("page-head").add(title).view(), list, save_bar(editing)].view()
}

/// A setting: its meaning, its value in a field, its default, and what someone else set meanwhile.
fn row(editing: Editing, setting: &SettingView, may: bool) -> El {
    let t = &texts().settings;
    let name = setting.name.clone();
    let changed = setting.source == SettingSource::Changed;
    let mark = match setting.source {
        SettingSource::Changed => Some(classed("span", "badge accent").add(t.changed)),
        SettingSource::File => Some(classed("span", "badge").add(t.from_file)),
        SettingSource::Default => None,
    };
    let head = div("setting-name").add(el("h3").add(value::title(&setting.name))).add(mark);
    let default = fill(t.default, &[&value::written(setting, &setting.default)]);
    let about = div("stack-small")
        .add(head)
        .add(p("small quiet").add(setting.meaning.as_str()))
        .add(p("small quiet").add(default).add(value::bounds(setting).map(|bounds| [" · ", &bounds].concat())))
        .add(el("code").add(setting.name.as_str()));
    let field = if may { value::field(editing, setting) } else { bdi("", &value::written(setting, &setting.value)) };
    let others = {
        let (setting, name) = (setting.clone(), name.clone());
        move || {
            let drafted = editing.draft.with(|draft| draft.contains_key(&name));
            let seen = editing.seen.with(|seen| seen.get(&name).cloned());
            seen.filter(|seen| drafted && *seen != setting.value).map(|seen| {
                let text = fill(
                    t.conflict_value,
                    &[&value::written(&setting, &seen), &value::written(&setting, &setting.value)],
                );
                p("setting-conflict small").attr("role", "alert").add(icon(Icon::Warning)).add(el("span").add(text))
            })
        }
    };
    let wrong = {
        let name = name.clone();
        move || {
            let wrong = editing.faults.with(|faults| faults.get(&name).cloned());
            wrong.map(|text| p("fault").attr("role", "alert").add(icon(Icon::Warning)).add(el("span").add(text)))
        }
    };
    let reset = (may && changed).then(|| {
        let setting = setting.clone();
        let label = fill(t.reset_label, &[&value::title(&setting.name)]);
        classed("button", "link-button").attr("type", "button").attr("aria-label", &label).add(t.reset).on_click(
            move || {
                editing.write(&setting, None);
            },
        )
    });
    div("setting").add(about).add(div("setting-value").add(field).add(wrong).add(others).add(reset))
}

impl Editing {
    /// What the field of a setting shows.
    fn shown(self, setting: &SettingView) -> String {
        let drafted = self.draft.with(|draft| draft.get(&setting.name).cloned());
        match drafted {
            Some(Some(value)) => value,
            Some(None) => value::typed(&setting.default),
            None => value::typed(&setting.value),
        }
    }

    /// Notes a new value, as it is typed; `None` for the default.
    fn write(self, setting: &SettingView, typed: Option<String>) {
        let is_as_before = typed.as_ref().is_some_and(|typed| *typed == value::typed(&setting.value));
        self.faults.update(|faults| drop(faults.remove(&setting.name)));
        self.draft.update(|draft| {
            if is_as_before {
                draft.remove(&setting.name);
            } else {
                draft.insert(setting.name.clone(), typed);
            }
        });
        self.seen.update(|seen| {
            seen.entry(setting.name.clone()).or_insert_with(|| setting.value.clone());
        });
    }

    fn forget(self) {
        self.draft.set(Draft::new());
        self.seen.set(BTreeMap::new());
        self.faults.set(BTreeMap::new());
        self.conflict.set(false);
    }

    /// The change as the leader takes it; what is wrong is shown at its field.
    fn read(self, reason: String) -> Option<ChangeSettings> {
        let draft = self.draft.get_untracked();
        let mut faults = BTreeMap::new();
        let change = self.now.read_untracked(|now| {
            let mut changes = BTreeMap::new();
            for (name, typed) in draft {
                let Some(setting) = now.settings.iter().find(|setting| setting.name == name) else { continue };
                match typed.map(|typed| value::read(setting, &typed)).transpose() {
                    Ok(value) => drop(changes.insert(name, value)),
                    Err(fault) => drop(faults.insert(name, fault)),
                }
            }
            Some(ChangeSettings { version: now.version, changes, reason })
        });
        let is_good = faults.is_empty();
        self.faults.set(faults);
        change.filter(|_| is_good)
    }
}

/// What saves the changes; it is there while there are any.
fn save_bar(editing: Editing) -> View {
    let t = &texts().settings;
    let reason = RwSignal::new(String::new());
    let (task, show) = (Task::new(), toast());
    let submit = move || {
        let Some(request) = editing.read(reason.get_untracked().trim().to_owned()) else { return };
        task.start(async move {
            match editing.panel.ask(api::admin::change_settings(&request)).await {
                Ok(now) => {
                    editing.forget();
                    reason.set(String::new());
                    editing.now.set(now);
                    show(t.saved.into());
                    Ok(())
                }
                Err(failure) if failure.code() == Some(ProblemCode::EditConflict) => {
                    // What they are by now comes beside what is written here; nothing of either is overwritten.
                    let now = editing.panel.told(api::admin::settings()).await?;
                    editing.now.set(now);
                    editing.conflict.set(true);
                    Ok(())
                }
                Err(failure) => Err(describe::failure(&failure)),
            }
        });
    };
    let count = Memo::new(move |_| editing.draft.with(BTreeMap::len));
    (move || {
        let changes = count.get();
        (changes > 0).then(|| {
            let conflict = move || {
                let told =
                    || notice(Tone::Warning, t.conflict_title, el("p").add(t.conflict_text)).attr("role", "alert");
                editing.conflict.get().then(told)
            };
            let forget = Button::new(t.forget, move || editing.forget()).look("plain");
            let save = Button::submit(fill(t.save, &[&changes.to_string()])).picture(Icon::Check).busy(task.busy);
            form("save-bar panel padded", submit)
                .add(conflict)
                .add(Field::new(texts().common.reason, reason).hint(texts().common.reason_hint))
                .add(fault(task.fault))
                .add(div("actions end").add(forget).add(save))
        })
    })
    .view()
}

/// What was fixed at genesis.
fn fixed(genesis: &Genesis) -> El {
    let t = &texts().settings;
    let facts = classed("dl", "facts")
        .add(fact(t.currency, "", &genesis.name))
        .add(fact(t.symbol, "", &genesis.symbol))
        .add(fact(t.decimals, "number", &genesis.decimals.count().to_string()))
        .add(fact_of(t.supply, money(genesis.genesis_amount, Sign::None)))
        .add(fact(t.block_interval, "", &span(genesis.block_interval_ms)))
        .add(fact(t.recovery_delay, "", &span(genesis.recovery_delay_ms)))
        .add(fact(t.began, "", &moment(genesis.time_ms as f64, Moment::Until)));
    classed("section", "panel padded section").add(section_heading(t.fixed_title, t.fixed_lead)).add(facts)
}
