//! Where things lie.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// The folder of the workspace's Cargo.toml.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the workspace")
}

/// Where cargo puts what it builds: `target`, unless `CARGO_TARGET_DIR` says otherwise.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The app's own target folder, so that its flags and profile never disturb the native build.
pub fn app_target() -> PathBuf {
    target().join("app")
}

/// Where trunk leaves the app.
pub fn dist() -> PathBuf {
    root().join("frontend/dist")
}

/// Cargo's own folder: `CARGO_HOME`, by default `~/.cargo`.
pub fn cargo_home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cargo"))
}

/// The version of a package that Cargo.lock holds. Fails when there is none or more than one.
pub fn locked_version(package: &str) -> Result<String> {
    let text = std::fs::read_to_string(root().join("Cargo.lock")).context("reading Cargo.lock")?;
    version_in_lock(&text, package)
}

fn version_in_lock(lock: &str, package: &str) -> Result<String> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let mut versions = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .context("Cargo.lock has no packages")?
        .iter()
        .filter(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
        .filter_map(|entry| entry.get("version").and_then(toml::Value::as_str));
    match (versions.next(), versions.next()) {
        (Some(version), None) => Ok(version.to_owned()),
        (None, _) => bail!("Cargo.lock holds no package {package}"),
        (Some(one), Some(other)) => bail!("Cargo.lock holds {package} twice: {one} and {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_found_and_must_be_the_only_one() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\
                    [[package]]\nname = \"b\"\nversion = \"2.0.0\"\n";
        assert_eq!(version_in_lock(lock, "a").unwrap(), "1.2.3");
        assert!(version_in_lock(lock, "b").unwrap_err().to_string().contains("twice"));
        assert!(version_in_lock(lock, "c").unwrap_err().to_string().contains("no package c"));
    }
}
