//! The walls between the crates, read from their manifests.

use super::{Finding, Tree};

const OURS: [&str; 6] = ["qoin", "qoin-app", "qoin-core", "qoin-miner", "qoin-tests", "xtask"];

/// A crate's manifest, which of ours it may depend on, and which others it must not.
const CRATES: [(&str, &[&str], &[&str]); 4] = [
    ("core/Cargo.toml", &[], &["tokio", "axum", "redb", "web-sys", "js-sys", "getrandom", "hyper", "reqwest"]),
    ("miner/Cargo.toml", &["qoin-core"], &["axum", "redb"]),
    ("frontend/Cargo.toml", &["qoin-core", "qoin-miner"], &["tokio", "axum", "redb"]),
    ("backend/Cargo.toml", &["qoin-core", "qoin-miner"], &[]),
];

const RULE: &str = "frontend, backend and miner depend on core, and core on none of ours";

/// Checks the dependencies of each crate; those for its own tests too, since they show the same direction.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, allowed, refused) in CRATES {
        for (index, dependency) in tree.text(path).into_iter().flat_map(dependencies) {
            let ours = OURS.contains(&dependency) && !allowed.contains(&dependency);
            if ours || refused.contains(&dependency) {
                let mend = format!("{path} must not depend on {dependency}: move what is needed, or have it passed in");
                findings.push(Finding { path: path.to_owned(), line: index + 1, rule: RULE, mend });
            }
        }
    }
}

/// The names under every `[...dependencies]` heading, with the index of their line.
fn dependencies(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    manifest.lines().enumerate().filter_map(move |(index, line)| {
        if let Some(heading) = line.trim().strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            inside = heading.ends_with("dependencies");
            // `[dependencies.web-sys]`
            let (table, name) = heading.rsplit_once('.')?;
            return table.ends_with("dependencies").then_some((index, name));
        }
        let name = line.split(['=', '.']).next()?.trim();
        (inside && !name.is_empty() && !name.starts_with('#')).then_some((index, name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let manifest = "[package]\nname = \"qoin-core\"\n[dependencies]\nhex.workspace = true\ntokio = \"1\"\n";
        assert_eq!(found(&[("core/Cargo.toml", manifest)]), ["core/Cargo.toml:5"]);
        assert_eq!(found(&[("core/Cargo.toml", "[dependencies.web-sys]\n")]), ["core/Cargo.toml:1"]);
        assert_eq!(
            found(&[("core/Cargo.toml", "[dev-dependencies]\nqoin-miner.workspace = true")]),
            ["core/Cargo.toml:2"]
        );
        assert_eq!(found(&[("miner/Cargo.toml", "[dependencies]\nqoin = { path = \"..\" }")]), ["miner/Cargo.toml:2"]);
        assert_eq!(
            found(&[("frontend/Cargo.toml", "[dependencies]\nqoin.workspace = true")]),
            ["frontend/Cargo.toml:2"]
        );
        assert!(found(&[("backend/Cargo.toml", "[dependencies]\nqoin-miner.workspace = true")]).is_empty());
        assert!(found(&[("core/Cargo.toml", "[features]\ntokio = []\n")]).is_empty());
    }
}
