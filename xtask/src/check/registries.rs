//! No download address of a package registry is committed: where packages come from is each machine's own business.

use super::{Finding, Tree};

const RULE: &str = "no file names the address that packages are downloaded from";

/// Checks lock files of npm and the settings files of the package clients.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.files() {
        let Some(mend) = mend_for(path) else { continue };
        for (index, line) in text.lines().enumerate().filter(|(_, line)| is_address(path, line)) {
            let line_number = index + 1;
            let mend = format!("{mend}: `{}`", line.trim());
            findings.push(Finding { path: path.to_owned(), line: line_number, rule: RULE, mend });
        }
    }
}

fn mend_for(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "package-lock.json" | "npm-shrinkwrap.json" | "yarn.lock" => {
            Some("make it again beside an .npmrc with omit-lockfile-registry-resolved=true")
        }
        ".npmrc" | "pip.conf" | ".yarnrc" => Some("leave the address to the machine's own settings"),
        "config.toml" if path.contains(".cargo/") => Some("leave the address to the machine's own settings"),
        _ if name.starts_with("requirements") && name.ends_with(".txt") => Some("name packages and versions alone"),
        _ => None,
    }
}

fn is_address(path: &str, line: &str) -> bool {
    if path.ends_with("-lock.json") || path.ends_with("npm-shrinkwrap.json") {
        return line.trim_start().starts_with("\"resolved\": \"http");
    }
    line.contains("://") && !line.trim_start().starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_download_address_is_found() {
        let lock = "{\n  \"resolved\": \"https://registry.example/a.tgz\",\n  \"homepage\": \"https://a.example\"\n}";
        assert_eq!(found(&[("tests/e2e/package-lock.json", lock)]), ["tests/e2e/package-lock.json:2"]);
        assert_eq!(found(&[("tests/e2e/.npmrc", "registry=https://registry.example")]), ["tests/e2e/.npmrc:1"]);
        assert_eq!(found(&[("tests/requirements.txt", "--index-url https://a.example")]), ["tests/requirements.txt:1"]);
        let cargo = "[source.x]\nregistry = \"sparse+https://a.example\"";
        assert_eq!(found(&[(".cargo/config.toml", cargo)]), [".cargo/config.toml:2"]);
        assert!(found(&[("README.md", "https://a.example"), ("tests/e2e/.npmrc", "audit=false")]).is_empty());
    }
}
