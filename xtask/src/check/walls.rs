//! The walls between the rooms: who may name whom, read from the Rust sources.
//!
//! Sources are read line by line, without comments and without the unit tests at a file's end: what a test uses is its
//! own business.

use super::{Finding, Tree};

/// A wall: in `rooms`, except in `doors`, none of `words` may be named.
struct Wall {
    rooms: &'static [&'static str],
    doors: &'static [&'static str],
    words: &'static [&'static str],
    rule: &'static str,
    mend: &'static str,
}

const WALLS: [Wall; 10] = [
    Wall {
        rooms: &["core/src/"],
        doors: &[],
        words: &[
            "qoin::",
            "qoin_app::",
            "qoin_miner::",
            "tokio::",
            "axum::",
            "redb::",
            "web_sys::",
            "js_sys::",
            "getrandom::",
        ],
        rule: "core depends on nothing of ours and on no runtime, server, database or browser",
        mend: "move this to the crate that needs it, or have it passed in",
    },
    Wall {
        rooms: &["core/src/"],
        doors: &[],
        words: &["std::fs", "std::net", "std::env", "std::thread", "std::process", "SystemTime", "Instant::now"],
        rule: "core knows no clock, disk, network or process",
        mend: "take the value as an argument",
    },
    Wall {
        rooms: &["frontend/"],
        doors: &["frontend/src/workers/"],
        words: &["qoin_miner::"],
        rule: "only frontend/src/workers/ names the miner's library: the page loads without it",
        mend: "send a message to the worker",
    },
    Wall {
        rooms: &["backend/", "core/", "frontend/", "miner/"],
        doors: &["backend/src/store/"],
        words: &["redb::"],
        rule: "only backend/src/store/ names the database",
        mend: "go through the trait `Store`",
    },
    Wall {
        rooms: &["backend/", "core/", "frontend/", "miner/"],
        doors: &["backend/src/http/", "backend/src/website/"],
        words: &["axum::", "utoipa_axum::", "utoipa_swagger_ui::"],
        rule: "only backend/src/http/ and backend/src/website/ name axum",
        mend: "offer a function there and call that",
    },
    Wall {
        rooms: &["backend/src/http/", "backend/src/stratum/", "backend/src/rpyc/", "backend/src/website/"],
        doors: &[],
        words: &["store::", "ledger::writer"],
        rule: "the doors never touch the store or the writer, only `ledger::handle` and `ledger::read`",
        mend: "add what is needed to the ledger's handle or reads",
    },
    Wall {
        rooms: &["frontend/src/"],
        doors: &["frontend/src/api.rs", "frontend/src/live.rs"],
        words: &["gloo_net::", "EventSource", "fetch_with_str", "fetch_with_request", "XmlHttpRequest", "WebSocket"],
        rule: "only frontend/src/api.rs fetches, and only live.rs holds the event stream",
        mend: "add a function to api.rs",
    },
    Wall {
        rooms: &["frontend/src/", "frontend/index.html"],
        doors: &[],
        words: &[" style=", "\tstyle=", "<style"],
        rule: "the page's Content-Security-Policy allows no inline style",
        mend: "use a class and put the rule under frontend/src/styles/",
    },
    Wall {
        rooms: &["frontend/src/"],
        doors: &[],
        words: &["inner_html", "innerHTML", "insert_adjacent_html"],
        rule: "names and memos are text, never markup",
        mend: "build the elements with view!",
    },
    Wall {
        rooms: &["miner/src/"],
        doors: &["miner/src/main.rs"],
        words: &["qoin::", "qoin_app::"],
        rule: "the miner's library imports core only",
        mend: "move what both need to core",
    },
];

/// Checks every Rust file (and the app's page) against the walls.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.files() {
        if !(path.ends_with(".rs") || path == "frontend/index.html") {
            continue;
        }
        for wall in WALLS.iter().filter(|wall| wall.stands_before(path)) {
            for (index, line) in code_lines(text).enumerate() {
                if let Some(word) = wall.words.iter().find(|word| names(line, word)) {
                    let mend = format!("`{}`: {}", word.trim(), wall.mend);
                    findings.push(Finding { path: path.to_owned(), line: index + 1, rule: wall.rule, mend });
                }
            }
        }
    }
}

impl Wall {
    fn stands_before(&self, path: &str) -> bool {
        // `store.rs` belongs to the room `store/`.
        let is_in = |room: &&str| path.starts_with(*room) || path == format!("{}.rs", room.trim_end_matches('/'));
        self.rooms.iter().any(is_in) && !self.doors.iter().any(is_in)
    }
}

/// The lines of a source up to its unit tests, with comments cut off.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..tests].lines().map(|line| match line.find("//") {
        // `http://` inside a string is no comment.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    })
}

/// Whether the line names the word as a whole: `restore::` does not name `store::`. A word that ends in `::` is named
/// by a `use` of the bare name too: `use redb;`, `use crate::{store, http}`.
fn names(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_fresh = |at: usize| !word.starts_with(is_part) || !line[..at].ends_with(is_part);
    if line.match_indices(word).any(|(at, _)| starts_fresh(at)) {
        return true;
    }
    let Some(bare) = word.strip_suffix("::") else { return false };
    let is_use = line.trim_start().trim_start_matches("pub ").starts_with("use ");
    is_use && line.match_indices(bare).any(|(at, _)| starts_fresh(at) && !line[at + bare.len()..].starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn core_stays_alone() {
        for line in ["use tokio::sync::mpsc;", "use axum;", "let x = redb::Database::open();", "use web_sys::Window;"] {
            assert_eq!(found(&[("core/src/a.rs", line)])[..1], ["core/src/a.rs:1"], "{line}");
        }
        assert_eq!(found(&[("core/src/a.rs", "\nuse std::fs::File;")]), ["core/src/a.rs:2"]);
        assert_eq!(found(&[("core/src/a.rs", "let now = Instant::now();")]), ["core/src/a.rs:1"]);
        assert!(found(&[("core/src/a.rs", "// tokio::spawn would be wrong here\nuse crate::hash;")]).is_empty());
        assert!(found(&[("core/src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests {\n use std::fs;\n}")]).is_empty());
    }

    #[test]
    fn only_the_store_names_the_database() {
        assert_eq!(found(&[("backend/src/leader.rs", "redb::Database")]), ["backend/src/leader.rs:1"]);
        assert!(found(&[("backend/src/store/redb.rs", "use redb::Database;")]).is_empty());
        assert!(found(&[("backend/src/leader.rs", "let path = folder.join(\"ledger.redb\");")]).is_empty());
    }

    #[test]
    fn only_the_http_doors_name_axum() {
        assert_eq!(found(&[("backend/src/leader.rs", "use axum::Router;")]), ["backend/src/leader.rs:1"]);
        assert_eq!(found(&[("backend/src/main.rs", "utoipa_axum::router()")]), ["backend/src/main.rs:1"]);
        assert!(found(&[("backend/src/http/mod.rs", "use axum::Router;")]).is_empty());
        assert!(found(&[("backend/src/website.rs", "use axum::Router;")]).is_empty());
    }

    #[test]
    fn the_doors_see_only_the_ledger() {
        assert_eq!(found(&[("backend/src/http/a.rs", "use crate::store::Store;")]), ["backend/src/http/a.rs:1"]);
        assert_eq!(
            found(&[("backend/src/stratum/a.rs", "use crate::{ledger, store};")]),
            ["backend/src/stratum/a.rs:1"]
        );
        assert_eq!(found(&[("backend/src/rpyc.rs", "ledger::writer::start()")]), ["backend/src/rpyc.rs:1"]);
        assert!(found(&[("backend/src/http/a.rs", "use crate::ledger::handle;\nlet a = restore::b();")]).is_empty());
    }

    #[test]
    fn only_workers_have_the_kernels() {
        let line = "use qoin_miner::scan::scan;";
        assert_eq!(found(&[("frontend/src/mining/crew.rs", line)]), ["frontend/src/mining/crew.rs:1"]);
        assert!(found(&[("frontend/src/workers/engine.rs", line)]).is_empty());
    }

    #[test]
    fn only_the_api_module_fetches() {
        let page = "frontend/src/pages/send.rs";
        assert_eq!(found(&[(page, "use gloo_net::http::Request;")]), ["frontend/src/pages/send.rs:1"]);
        assert_eq!(found(&[(page, "EventSource::new(url)")]), ["frontend/src/pages/send.rs:1"]);
        assert!(found(&[("frontend/src/api.rs", "gloo_net::http::Request::get(url)")]).is_empty());
        assert!(found(&[("frontend/src/live.rs", "use web_sys::EventSource;")]).is_empty());
    }

    #[test]
    fn no_inline_style_and_no_markup_from_text() {
        let page = "frontend/src/pages/send.rs";
        assert_eq!(found(&[(page, "<p style=\"color: red\">")]), ["frontend/src/pages/send.rs:1"]);
        assert_eq!(found(&[("frontend/index.html", "<style>")]), ["frontend/index.html:1"]);
        assert_eq!(found(&[(page, "<p inner_html=memo>")]), ["frontend/src/pages/send.rs:1"]);
        assert!(found(&[(page, "<p class=\"style\">")]).is_empty());
    }

    #[test]
    fn the_miners_library_imports_core_only() {
        assert_eq!(found(&[("miner/src/lib.rs", "use qoin::ledger;")]), ["miner/src/lib.rs:1"]);
        assert!(found(&[("miner/src/lib.rs", "use qoin_core::header;")]).is_empty());
    }
}
