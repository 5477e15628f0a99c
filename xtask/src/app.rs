//! Builds the app with trunk, when its sources changed since the last time.

use crate::process::{announce, command, run};
use crate::workspace;
use anyhow::{Context, Result};
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

/// What the app is made of: folders and files, from the workspace's root.
const SOURCES: [&str; 7] =
    ["frontend", "core", "miner", "Cargo.toml", "Cargo.lock", "Trunk.toml", "rust-toolchain.toml"];
/// Folders inside these that say nothing about the app.
const SKIPPED: [&str; 4] = ["dist", "target", "tests", "node_modules"];

/// Leaves an up-to-date app in frontend/dist.
pub fn build() -> Result<()> {
    let stamp_path = workspace::app_target().join("dist.stamp");
    if std::fs::read_to_string(&stamp_path).is_ok_and(|stamp| dist_stamp().is_ok_and(|now| now == stamp)) {
        return Ok(());
    }
    announce("building the app (about 4 minutes the first time, then a minute or two)");
    let mut trunk = command("trunk")?;
    // NO_COLOR=1, as some environments set it, is not a value that trunk understands.
    trunk
        .arg("build")
        .env("CARGO_TARGET_DIR", workspace::app_target())
        // By it a page and a worker tell whether they are of the same release.
        .env("QOIN_BUILD", format!("{:016x}", hash_of_sources(workspace::root(), &SOURCES)?))
        .env_remove("NO_COLOR")
        .env("RUST_BACKTRACE", "0");
    run(&mut trunk)?;
    std::fs::write(&stamp_path, dist_stamp()?).with_context(|| format!("writing {}", stamp_path.display()))
}

/// Stands for the sources and for what was made of them. The page names the other files by their hashes, so its
/// content stands for theirs, and a build by hand or another tool is noticed.
fn dist_stamp() -> Result<String> {
    let sources = hash_of_sources(workspace::root(), &SOURCES)?;
    let page = std::fs::read(workspace::dist().join("index.html")).context("frontend/dist holds no index.html")?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&page);
    Ok(format!("{sources:016x} {:016x}\n", hasher.finish()))
}

fn hash_of_sources(root: &Path, sources: &[&str]) -> Result<u64> {
    let mut files = Vec::new();
    for source in sources {
        collect(&root.join(source), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        hasher.write(file.strip_prefix(root).unwrap_or(&file).as_os_str().as_encoded_bytes());
        hasher.write_usize(content.len());
        hasher.write(&content);
    }
    Ok(hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        if path.exists() {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in std::fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
        let entry = entry?;
        if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_new_and_a_renamed_file_change_the_hash_and_dist_does_not() {
        let root = std::env::temp_dir().join(format!("qoin-xtask-{}", std::process::id()));
        std::fs::create_dir_all(root.join("frontend/dist")).unwrap();
        let hash = || hash_of_sources(&root, &["frontend", "Cargo.lock"]).unwrap();
        std::fs::write(root.join("frontend/a.rs"), "a").unwrap();
        let first = hash();
        std::fs::write(root.join("frontend/dist/index.html"), "built").unwrap();
        assert_eq!(hash(), first);
        std::fs::write(root.join("frontend/a.rs"), "b").unwrap();
        let changed = hash();
        assert_ne!(changed, first);
        std::fs::rename(root.join("frontend/a.rs"), root.join("frontend/b.rs")).unwrap();
        assert_ne!(hash(), changed);
        std::fs::write(root.join("Cargo.lock"), "").unwrap();
        assert_ne!(hash(), changed);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
