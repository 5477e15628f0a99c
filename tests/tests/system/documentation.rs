//! Every command that the documentation shows is run, in the order of the page, in a folder of its own with the real
//! programs, beside a leader as `qoin run` starts it.

use anyhow::{Context, Result, bail, ensure};
use qoin_tests::network::Network;
use qoin_tests::process::{Process, program};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is not run, by what the command begins with, and why.
const NOT_RUN: [(&str, &str); 12] = [
    ("cargo xtask run", "it starts what is started here: `qoin run`, with its own data folder"),
    ("cargo xtask test", "this test is a part of it"),
    ("cargo xtask check", "it is a stage of the tests"),
    ("cargo xtask app", "it is a stage of the tests"),
    ("cargo xtask bench", "it measures for minutes"),
    ("qoin run --setup", "it waits for someone at its wizard; another test goes through that"),
    ("qoin server --setup", "it waits for someone at its wizard; another test goes through that"),
    ("useradd", "it changes the machine's users"),
    ("install ", "it writes into the machine's own folders"),
    ("cp etc/systemd/", "it writes into the machine's own folders; the units are checked by another test"),
    ("systemctl", "it takes the machine's own systemd"),
    ("journalctl", "it takes the machine's own systemd"),
];

/// A page of the documentation.
struct Page {
    name: &'static str,
    /// The programs that a command starts for good, and what they say once they are ready.
    home: tempfile::TempDir,
    running: Vec<Process>,
    skipped: BTreeSet<&'static str>,
}

impl Page {
    fn open(name: &'static str) -> Result<Self> {
        let home = tempfile::tempdir()?;
        std::fs::create_dir(home.path().join("etc"))?;
        for entry in std::fs::read_dir(root().join("etc"))? {
            let path = entry?.path();
            if path.is_file() {
                std::fs::copy(&path, home.path().join("etc").join(path.file_name().context("a file has a name")?))?;
            }
        }
        Ok(Self { name, home, running: Vec::new(), skipped: BTreeSet::new() })
    }

    /// Has `qoin run` work in the page's folder, on its usual ports.
    fn with_leader(mut self) -> Result<Self> {
        let settings = ["run", "--json", "--miners", "1", "--set", "block_interval_s=1", "--set", "easiest_work=65536"];
        self.start("qoin", &settings.map(str::to_owned))?;
        Ok(self)
    }

    fn start(&mut self, name: &str, arguments: &[String]) -> Result<()> {
        let mut process = Process::start_in(self.home.path(), name, arguments.iter().cloned())?;
        let ready = ["\"website\":", "API is at", "website is at", "kernel"];
        process.wait_for("line that says it is ready", |line| {
            ready.iter().any(|word| line.contains(word)).then_some(())
        })?;
        self.running.push(process);
        Ok(())
    }

    /// Runs all of the page's commands.
    fn run(&mut self) -> Result<()> {
        let text = std::fs::read_to_string(root().join(self.name))?;
        let commands = commands(&text);
        ensure!(!commands.is_empty(), "{} shows no command", self.name);
        for command in commands {
            if let Some((begin, _)) = NOT_RUN.iter().find(|(begin, _)| command.starts_with(begin)) {
                self.skipped.insert(begin);
                continue;
            }
            // A program of this repository, built anew: the one that is built already is the same.
            let command = command.replace("cargo run --release --package qoin-miner -- ", "qoin-miner ");
            match background(&command) {
                Some((name, arguments)) => self.start(name, &arguments)?,
                None => self.run_one(&command)?,
            }
        }
        Ok(())
    }

    fn run_one(&self, command: &str) -> Result<()> {
        let programs = program("qoin")?.parent().context("a program is in a folder")?.to_owned();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(self.home.path())
            .env("PATH", path)
            .env("HOME", self.home.path())
            .stdin(Stdio::null())
            .output()
            .context("starting bash")?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !output.status.success() {
            bail!(
                "{}: `{command}` ended with {}:\n{}{}",
                self.name,
                output.status,
                said(&output.stdout),
                said(&output.stderr)
            );
        }
        Ok(())
    }
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The commands in the blocks of a page that are marked as a shell's, each on one line, without comments.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut is_shell = false;
    let mut begun = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_shell = !is_shell && line == "```sh";
        } else if is_shell {
            let line = line.split("    #").next().unwrap_or_default().trim_end();
            match line.strip_suffix('\\') {
                Some(part) => begun += part,
                None => {
                    let command = std::mem::take(&mut begun) + line;
                    if !command.trim().is_empty() && !command.starts_with('#') {
                        commands.push(command.trim().to_owned());
                    }
                }
            }
        }
    }
    commands
}

/// A program that runs until it is told to stop, with its arguments.
fn background(command: &str) -> Option<(&'static str, Vec<String>)> {
    let roles =
        [("qoin run", "qoin"), ("qoin server ", "qoin"), ("qoin website ", "qoin"), ("qoin-miner -", "qoin-miner")];
    let (_, name) = roles.iter().find(|(begin, _)| command.starts_with(begin))?;
    let arguments = command.split_whitespace().skip(1).map(str::to_owned).collect();
    (!command.contains("--check-config")).then_some((*name, arguments))
}

#[test]
fn every_command_of_the_documentation_works() -> Result<()> {
    // The programs' usual ports are free on a host of its own.
    let _network = Network::join(&[])?;
    let mut skipped = BTreeSet::new();
    let mut read_me = Page::open("README.md")?.with_leader()?;
    read_me.run()?;
    skipped.append(&mut read_me.skipped);
    drop(read_me);
    let mut operating = Page::open("docs/operating.md")?;
    operating.run()?;
    skipped.append(&mut operating.skipped);
    let mut administration = Page::open("docs/administration.md")?;
    administration.run()?;
    skipped.append(&mut administration.skipped);
    let unused: Vec<_> = NOT_RUN.iter().filter(|(begin, _)| !skipped.contains(begin)).collect();
    assert!(unused.is_empty(), "nothing in the documentation begins with these any more: {unused:?}");
    Ok(())
}

#[test]
fn no_page_with_commands_is_forgotten() -> Result<()> {
    for entry in std::fs::read_dir(root().join("docs"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        // The Python interface's page is run by its own test.
        if !name.ends_with(".md") || ["administration.md", "operating.md", "python.md"].contains(&&*name) {
            continue;
        }
        let commands = commands(&std::fs::read_to_string(&path)?);
        assert!(commands.is_empty(), "docs/{name} shows commands that no test runs: {commands:?}");
    }
    Ok(())
}
