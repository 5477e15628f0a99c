//! What the machine draws its power from, as Linux tells it (Documentation/ABI/testing/sysfs-class-power).

use std::{fs, path::Path};

/// Whether the machine runs on its battery: a battery is being drained and no other source is connected. A machine
/// that does not tell is taken for one at the mains.
pub fn is_drained(supplies: &Path) -> bool {
    let Ok(supplies) = fs::read_dir(supplies) else { return false };
    let (mut drained, mut connected) = (false, false);
    for supply in supplies.flatten() {
        let says = |file: &str| fs::read_to_string(supply.path().join(file)).unwrap_or_default().trim().to_owned();
        match says("type").as_str() {
            // A mouse's battery has the scope "Device".
            "Battery" => drained |= says("status") == "Discharging" && says("scope") != "Device",
            "Mains" | "USB" | "Wireless" => connected |= says("online") == "1",
            _ => {}
        }
    }
    drained && !connected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_battery_counts_only_while_it_is_drained_and_alone() {
        let battery = |status| vec![("type", "Battery"), ("status", status)];
        let mains = |online| vec![("type", "Mains"), ("online", online)];
        for (supplies, expected) in [
            (vec![], false),
            (vec![mains("1")], false),
            (vec![battery("Discharging")], true),
            (vec![battery("Discharging"), mains("0")], true),
            (vec![battery("Discharging"), mains("1")], false),
            (vec![battery("Charging"), mains("1")], false),
            (vec![battery("Full"), battery("Discharging"), mains("0")], true),
            (vec![vec![("type", "Battery"), ("status", "Discharging"), ("scope", "Device")]], false),
            (vec![vec![("type", "Battery")]], false),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for (number, supply) in supplies.iter().enumerate() {
                let path = folder.path().join(number.to_string());
                fs::create_dir(&path).unwrap();
                for (file, text) in supply {
                    fs::write(path.join(file), format!("{text}\n")).unwrap();
                }
            }
            assert_eq!(is_drained(folder.path()), expected, "{supplies:?}");
        }
        assert!(!is_drained(Path::new("/nonexistent")));
    }
}
