//! `cargo xtask check`: the rules that a script can keep.

mod links;
mod manifests;
mod registries;
mod tree;
mod walls;

use anyhow::Result;
use tree::Tree;

/// A rule that a file breaks.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// From the workspace's root.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What holds, and why.
    pub rule: &'static str,
    /// What to do about it.
    pub mend: String,
}

/// Prints what breaks a rule. True when nothing does.
pub fn run() -> Result<bool> {
    let tree = Tree::of_workspace()?;
    let findings = findings(&tree);
    for finding in &findings {
        println!("{}:{}: {}\n    {}", finding.path, finding.line, finding.rule, finding.mend);
    }
    println!("checked {} files: {} findings", tree.len(), findings.len());
    Ok(findings.is_empty())
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    walls::check(tree, &mut findings);
    manifests::check(tree, &mut findings);
    registries::check(tree, &mut findings);
    links::check(tree, &mut findings);
    findings.sort();
    findings.dedup();
    findings
}

/// The lines with a finding in a tree of these files, as `path:line`.
#[cfg(test)]
fn found(files: &[(&str, &str)]) -> Vec<String> {
    findings(&Tree::from(files)).into_iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}
