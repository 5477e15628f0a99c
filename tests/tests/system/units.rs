//! The units for systemd: well formed, each for its program, and with no more rights than it needs.

use anyhow::{Context, Result};
use qoin_tests::process::program;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const UNITS: [(&str, &str); 3] = [
    ("qoin-server.service", "/usr/local/bin/qoin server -c /etc/qoin/server.conf"),
    ("qoin-website.service", "/usr/local/bin/qoin website -c ${CREDENTIALS_DIRECTORY}/website.conf"),
    ("qoin-miner.service", "/usr/local/bin/qoin-miner -c ${CREDENTIALS_DIRECTORY}/miner.conf"),
];

fn text(unit: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/systemd").join(unit);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

#[test]
fn each_unit_runs_its_role_without_needless_rights() -> Result<()> {
    for (unit, command) in UNITS {
        let text = text(unit)?;
        let mut values = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
            let (name, value) = line.split_once('=').with_context(|| format!("{unit}: {line}"))?;
            values.insert(name, value);
        }
        assert_eq!(values["ExecStart"], command, "{unit}");
        for (name, value) in [
            ("NoNewPrivileges", "yes"),
            ("ProtectSystem", "strict"),
            ("ProtectHome", "yes"),
            ("PrivateTmp", "yes"),
            ("CapabilityBoundingSet", ""),
            ("SystemCallFilter", "@system-service"),
            ("Restart", "on-failure"),
        ] {
            assert_eq!(values.get(name), Some(&value), "{unit}: {name}");
        }
        let of_its_own = values.get("DynamicUser") == Some(&"yes") || values.get("User") == Some(&"qoin");
        assert!(of_its_own, "{unit} runs as root");
        assert_eq!(
            values.contains_key("StateDirectory"),
            unit == "qoin-server.service",
            "{unit}: only a leader has data"
        );
    }
    Ok(())
}

#[test]
fn systemd_understands_the_units() -> Result<()> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("systemd-analyze is not here: only the units' own form was checked");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let programs = program("qoin")?.parent().context("a program is in a folder")?.display().to_string();
    let mut paths = Vec::new();
    for (unit, _) in UNITS {
        // The programs where they are here, and a user that every machine has.
        let text = text(unit)?.replace("/usr/local/bin", &programs).replace("=qoin\nGroup=qoin", "=root\nGroup=root");
        let path = folder.path().join(unit);
        std::fs::write(&path, text)?;
        paths.push(path);
    }
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&paths).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !UNITS.iter().any(|(unit, _)| said.contains(unit)), "{said}");
    Ok(())
}
