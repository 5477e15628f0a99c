//! Installs what is missing. A tool that is there is trusted only after it said the right version.

use crate::process::{announce, cargo, command, output, run};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const TRUNK: &str = "0.21.14";
const NEXTEST: &str = "0.9.143";
const NEXTEST_OLDEST: [u64; 3] = [0, 9, 100];
const BINARYEN: &str = "132.0.0";
/// Older ones do not know what today's rustc writes.
const WASM_OPT_OLDEST: u64 = 123;
const NODE_OLDEST: u64 = 18;
const WASM: &str = "wasm32-unknown-unknown";

/// What the tools are for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Building and running the system.
    Build,
    /// Running every test.
    Tests,
}

/// Installs what is missing for `need`. Says what it does before every long step; quiet when nothing is missing.
pub fn install(need: Need) -> Result<()> {
    wasm_target()?;
    cargo_tool("trunk", TRUNK, &["--locked"], "about 7 minutes, once", |version| version == TRUNK)?;
    let wanted = workspace::locked_version("wasm-bindgen")?;
    // Without --locked: a dependency that its lock file names is not served any more.
    cargo_tool("wasm-bindgen-cli", &wanted, &[], "about 2 minutes, once", |version| version == wanted)?;
    node()?;
    wasm_opt()?;
    if need >= Need::Tests {
        components()?;
        cargo_tool("cargo-nextest", NEXTEST, &["--locked"], "about 6 minutes, once", |version| {
            numbers(version).is_some_and(|version| version >= NEXTEST_OLDEST)
        })?;
        python()?;
        for version in RPYC {
            python_with_rpyc(version)?;
        }
        browser()?;
        npm_packages(&workspace::root().join("tests/e2e"))?;
    }
    Ok(())
}

/// The version in a program's answer to `--version`: its first word that starts with a digit.
fn version_in(answer: &str) -> Option<&str> {
    answer
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

fn installed_version(program: &str, arguments: &[&str]) -> Option<String> {
    let answer = output(command(program).ok()?.args(arguments))?;
    version_in(&answer).map(str::to_owned)
}

fn cargo_tool(package: &str, version: &str, flags: &[&str], how_long: &str, fits: impl Fn(&str) -> bool) -> Result<()> {
    let (program, arguments): (&str, &[&str]) = match package {
        "wasm-bindgen-cli" => ("wasm-bindgen", &["--version"]),
        "cargo-nextest" => ("cargo-nextest", &["nextest", "--version"]),
        other => (other, &["--version"]),
    };
    let found = installed_version(program, arguments);
    if found.as_deref().is_some_and(&fits) {
        return Ok(());
    }
    if let Some(found) = found {
        println!("{program} {found} is here, but not the one that is needed");
    }
    announce(&format!("installing {package} {version} ({how_long})"));
    run(cargo()?.args(["install", package, "--version", version, "--force"]).args(flags))?;
    match installed_version(program, arguments) {
        Some(now) if fits(&now) => Ok(()),
        Some(now) => bail!("{program} still says {now} after {version} was installed: is another one first on PATH?"),
        None => bail!("{program} does not answer after it was installed"),
    }
}

fn wasm_target() -> Result<()> {
    let Some(installed) = output(command("rustup")?.args(["target", "list", "--installed"])) else {
        bail!("rustup is needed to add the target {WASM}; it is at https://rustup.rs");
    };
    if installed.lines().any(|line| line == WASM) {
        return Ok(());
    }
    announce(&format!("adding the target {WASM}"));
    run(command("rustup")?.args(["target", "add", WASM]))
}

fn components() -> Result<()> {
    let installed = output(command("rustup")?.args(["component", "list", "--installed"])).unwrap_or_default();
    for component in ["rustfmt", "clippy"] {
        if !installed.lines().any(|line| line.starts_with(component)) {
            announce(&format!("adding the component {component}"));
            run(command("rustup")?.args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn node() -> Result<()> {
    let version = installed_version("node", &["--version"]);
    let new_enough = version.as_deref().and_then(numbers).is_some_and(|version| version[0] >= NODE_OLDEST);
    if new_enough && installed_version("npm", &["--version"]).is_some() {
        return Ok(());
    }
    if let (Some(version), false) = (&version, new_enough) {
        bail!("node {version} is here, but {NODE_OLDEST} or newer is needed");
    }
    debian_packages(&["nodejs", "npm"], "about a minute")
}

/// For the second verifier of chains, and for the tests of the Python interface.
fn python() -> Result<()> {
    match installed_version("python3", &["--version"]) {
        Some(_) => Ok(()),
        None => debian_packages(&["python3"], "a few seconds"),
    }
}

/// The versions of RPyC that the leader is tested with; tests/python/requirements-*.txt pin each.
pub const RPYC: [&str; 2] = ["6", "5"];

/// Python in a virtual environment with the real RPyC, made anew when its requirements have changed.
pub fn python_with_rpyc(version: &str) -> Result<PathBuf> {
    let requirements = workspace::root().join(format!("tests/python/requirements-{version}.txt"));
    let wanted = std::fs::read(&requirements).with_context(|| format!("reading {}", requirements.display()))?;
    let folder = workspace::target().join(format!("python/rpyc-{version}"));
    let (program, installed) = (folder.join("bin/python"), folder.join("installed-requirements.txt"));
    if std::fs::read(&installed).is_ok_and(|installed| installed == wanted) && program.is_file() {
        return Ok(program);
    }
    announce(&format!("installing RPyC {version} into a virtual environment (a few seconds)"));
    if output(command("python3")?.args(["-c", "import ensurepip"])).is_none() {
        debian_packages(&["python3-venv"], "a few seconds")?;
    }
    run(command("python3")?.args(["-m", "venv", "--clear"]).arg(&folder))?;
    run(Command::new(&program).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements))?;
    std::fs::write(&installed, wanted).with_context(|| format!("writing {}", installed.display()))?;
    Ok(program)
}

/// Installs Debian packages, as root or through sudo.
fn debian_packages(packages: &[&str], how_long: &str) -> Result<()> {
    let names = packages.join(" ");
    if output(command("apt-get")?.arg("--version")).is_none() {
        bail!("{names}: not here, and there is no apt-get; install it by your system's own means");
    }
    announce(&format!("installing {names} with apt-get ({how_long})"));
    let root = output(command("id")?.arg("-u")).is_some_and(|id| id == "0");
    let apt = || -> Result<_> {
        let mut apt = if root { command("apt-get")? } else { command("sudo")? };
        if !root {
            apt.arg("apt-get");
        }
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        Ok(apt)
    };
    run(apt()?.args(["update", "-q"]))?;
    run(apt()?.args(["install", "-q", "-y", "--no-install-recommends"]).args(packages))
}

fn wasm_opt() -> Result<()> {
    let new_enough = || {
        let version = installed_version("wasm-opt", &["--version"])?;
        Some(version.parse::<u64>().ok()? >= WASM_OPT_OLDEST)
    };
    if new_enough() == Some(true) {
        return Ok(());
    }
    announce(&format!("installing wasm-opt (npm's binaryen {BINARYEN}, a few seconds, once)"));
    let home = workspace::cargo_home()?;
    let tools = home.join("qoin-tools");
    std::fs::create_dir_all(&tools).with_context(|| format!("making {}", tools.display()))?;
    run(command("npm")?
        .args(["install", "--no-audit", "--no-fund", "--prefix"])
        .arg(&tools)
        .arg(format!("binaryen@{BINARYEN}")))?;
    let script = tools.join("node_modules/binaryen/bin/wasm-opt");
    write_wrapper(&home.join("bin/wasm-opt"), &format!("#!/bin/sh\nexec node '{}' \"$@\"\n", script.display()))?;
    match new_enough() {
        Some(true) => Ok(()),
        _ => bail!("wasm-opt does not answer with version {WASM_OPT_OLDEST} or newer after it was installed"),
    }
}

fn write_wrapper(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
            .with_context(|| format!("making {} executable", path.display()))?;
    }
    Ok(())
}

/// The browser of the tests: `QOIN_CHROMIUM`, or the first of the usual names on PATH.
pub fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("QOIN_CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .flat_map(|name| std::env::split_paths(&folders).map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

fn browser() -> Result<()> {
    if chromium().is_some() {
        return Ok(());
    }
    debian_packages(&["chromium"], "about 2 minutes")?;
    chromium().map(|_| ()).context("chromium was installed but is not on PATH; set QOIN_CHROMIUM to its path")
}

/// The folder of PostgreSQL's programs: `QOIN_POSTGRESQL`, or where Debian puts the newest.
fn found_postgresql() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("QOIN_POSTGRESQL") {
        return Some(PathBuf::from(path));
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.filter_map(|version| {
        let version = version.ok()?;
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin"))).filter(|(_, path)| path.join("postgres").is_file())
    });
    programs.max().map(|(_, path)| path)
}

/// PostgreSQL, the ledger's peer in measurements, installed if it is not here.
pub fn postgresql() -> Result<PathBuf> {
    if let Some(path) = found_postgresql() {
        return Ok(path);
    }
    debian_packages(&["postgresql"], "about a minute")?;
    found_postgresql().context("postgresql was installed but is not under /usr/lib/postgresql; set QOIN_POSTGRESQL")
}

/// Brings a folder's node_modules to what its package-lock.json says, if it is not.
fn npm_packages(folder: &Path) -> Result<()> {
    let lock = std::fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("reading {}", folder.join("package-lock.json").display()))?;
    let installed = folder.join("node_modules/.installed-package-lock.json");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    announce("installing the tests' npm packages (a few seconds)");
    run(command("npm")?.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))?;
    std::fs::write(&installed, lock).with_context(|| format!("writing {}", installed.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_the_tools_say() {
        assert_eq!(version_in("trunk 0.21.14"), Some("0.21.14"));
        assert_eq!(version_in("wasm-opt version 132 (version_132)"), Some("132"));
        assert_eq!(version_in("v20.20.2"), Some("20.20.2"));
        assert_eq!(version_in("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143"), Some("0.9.143"));
        assert_eq!(version_in("not found"), None);
        assert_eq!(numbers("0.9.143"), Some([0, 9, 143]));
        assert_eq!(numbers("132"), None);
    }
}
