//! The files that the checks look at.

use crate::{process, workspace};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// The text files of the project, by their path from the root.
pub struct Tree {
    files: BTreeMap<String, String>,
    /// Paths of files that are not text.
    others: Vec<String>,
}

impl Tree {
    /// What git tracks or would take in: ignored files are left out.
    pub fn of_workspace() -> Result<Self> {
        let list = process::output(process::command("git")?.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))
        .context("git ls-files failed: the checks need a git work tree")?;
        let mut tree = Self { files: BTreeMap::new(), others: Vec::new() };
        for path in list.split('\0').filter(|path| !path.is_empty()) {
            let full = workspace::root().join(path);
            if !full.is_file() {
                // Deleted but not yet committed.
                continue;
            }
            match String::from_utf8(std::fs::read(&full).with_context(|| format!("reading {path}"))?) {
                Ok(text) => drop(tree.files.insert(path.to_owned(), text)),
                Err(_binary) => tree.others.push(path.to_owned()),
            }
        }
        Ok(tree)
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len() + self.others.len()
    }

    /// Path and text of each text file, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether the path names a file, or a folder with files in it.
    pub fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.keys().chain(&self.others).any(|file| path.is_empty() || file == path || file.starts_with(&folder))
    }
}

#[cfg(test)]
impl From<&[(&str, &str)]> for Tree {
    fn from(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, others: Vec::new() }
    }
}
