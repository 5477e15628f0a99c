//! Backups: how old the last one is, making one now, taking one away.

use crate::{
    admin::{
        load::Load,
        panel::Panel,
        written::{bytes, span},
    },
    api,
    locales::{admin::texts, fill},
    ui::{
        Button, Icon, Part, Task, View, bdi, classed, div, el, field::fault, icon, link, p, state::section_heading,
        toast,
    },
};
use qoin_core::api::{
    admin::network::{BACKUP_DOWNLOAD_PATH, BackupProgress, NetworkView},
    capabilities::Capability,
};

/// The backups, for those who may make them.
pub fn backups(panel: Panel, state: Load<NetworkView>) -> View {
    let t = &texts().network;
    panel.when(Capability::Backup, move || {
        let (task, show) = (Task::new(), toast());
        let make = move || {
            task.start(async move {
                match panel.told(api::admin::back_up()).await? {
                    BackupProgress::Failed { detail } => return Err(fill(t.backup_failed, &[&detail])),
                    BackupProgress::Done(made) => show(fill(t.backup_made, &[&bytes(made.bytes)])),
                    BackupProgress::Writing { .. } | BackupProgress::Checking { .. } => {
                        return Err(t.backup_cut.into());
                    }
                }
                state.again();
                Ok(())
            });
        };
        let told = state.quiet_view(move |state| {
            let backups = &state.backups;
            let last = backups.last.as_ref().map(|made| {
                let age =
                    fill(t.backup_age, &[&span(state.leader_time_ms.saturating_sub(made.made_ms)), &bytes(made.bytes)]);
                let file = made.file.as_ref().map(|file| bdi("quiet small", file));
                div("two-lines").add(el("strong").add(age)).add(file)
            });
            let folder = backups.folder.as_ref().map(|folder| p("quiet small").add(fill(t.backup_folder, &[folder])));
            let never = last.is_none().then(|| el("strong").add(t.backup_never));
            let running = backups.is_running.then(|| p("status pending").add(t.backup_running));
            vec![last.view(), never.view(), folder.view(), running.view()]
        });
        let now = state.quiet_view(move |state| match state.backups.folder {
            Some(_) => Button::new(t.back_up, make).picture(Icon::Block).busy(task.busy).view(),
            None => p("quiet small").add(t.backup_nowhere).view(),
        });
        let download = link("button plain", BACKUP_DOWNLOAD_PATH).attr("download", "").attr("target", "_self");
        let ways = div("actions").add(download.add(icon(Icon::Download)).add(t.download)).add(now);
        classed("section", "panel padded section")
            .add(section_heading(t.backups, t.backups_lead))
            .add(div("setting").add(div("stack-small").add(told)).add(ways))
            .add(fault(task.fault))
    })
}
