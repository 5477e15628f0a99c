//! Every link between the documents leads somewhere.

use super::{Finding, Tree};

const RULE: &str = "a link in a document leads to a file (and heading) that exists";

/// Checks the relative links and pictures of every markdown file; addresses of the web are left alone.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.files().filter(|(path, _)| path.ends_with(".md")) {
        for (index, line) in prose(text) {
            for target in targets(line).filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
                if let Some(mend) = broken(tree, path, target) {
                    findings.push(Finding { path: path.to_owned(), line: index + 1, rule: RULE, mend });
                }
            }
        }
    }
}

/// The lines outside fenced code blocks, with their index.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// What stands in the round brackets of `[text](target)`; code spans are left out.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inside_code = |at: usize| line[..at].matches('`').count() % 2 == 1;
    line.match_indices("](").filter(move |(at, _)| !inside_code(*at)).filter_map(|(at, _)| {
        let rest = &line[at + 2..];
        let target = &rest[..rest.find(')')?];
        target.split_whitespace().next()
    })
}

fn broken(tree: &Tree, from: &str, target: &str) -> Option<String> {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if file.is_empty() { Some(from.to_owned()) } else { resolve(folder, file) };
    let Some(path) = path.filter(|path| tree.holds(path)) else {
        return Some(format!("`{target}`: there is no such file; mend the path, or commit the file"));
    };
    let lacks_heading = path.ends_with(".md")
        && !heading.is_empty()
        && !tree.text(&path).is_some_and(|text| prose(text).any(|(_, line)| slug(line).as_deref() == Some(heading)));
    lacks_heading.then(|| format!("`{target}`: {path} has no heading of that name"))
}

/// Follows `..` and `.`; `None` when it leads out of the project.
fn resolve(folder: &str, file: &str) -> Option<String> {
    let (start, file) = file.strip_prefix('/').map_or((folder, file), |file| ("", file));
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The name by which a heading's line is linked to: lower case, spaces as hyphens, other signs left out.
fn slug(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_link_to_nowhere_is_found() {
        let there = ("docs/guide.md", "# A Guide: first steps\n[home](../README.md)\n");
        assert_eq!(found(&[there]), ["docs/guide.md:2"]);
        let readme = |text| [("README.md", text), there];
        assert!(
            found(&readme("[guide](docs/guide.md) [folder](docs/) [part](docs/guide.md#a-guide-first-steps)"))
                .is_empty()
        );
        assert!(found(&readme("[web](https://a.example) `[code](nowhere.md)`\n```\n[x](nowhere.md)\n```")).is_empty());
        assert_eq!(found(&readme("![picture](docs/wallet.png)")), ["README.md:1"]);
        assert_eq!(found(&readme("\n[part](docs/guide.md#second-steps)")), ["README.md:2"]);
        assert_eq!(found(&readme("[out](../secret.md)")), ["README.md:1"]);
    }
}
