//! The peer: a PostgreSQL of our own in a temporary folder, durable as it comes, asked by its own pgbench.
//!
//! It does less than the ledger (no signatures, no exactly-once, no history), and is spared the network: pgbench
//! reaches it through a socket file.

use crate::Row;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where Debian puts the server's programs, if `QOIN_POSTGRESQL` names no other place.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// However the bench ends, the server does not live longer than this, in seconds.
const LIFETIME_S: &str = "600";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// Room in memory for all rows, and for the log between two checkpoints, so that the disk is not what is measured.
const SETTINGS: [&str; 4] = ["listen_addresses=", "shared_buffers=1GB", "max_wal_size=8GB", "max_connections=100"];

const SCHEMA: &str = "
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE transfers (
    number bigserial PRIMARY KEY,
    payer int NOT NULL,
    payee int NOT NULL,
    amount bigint NOT NULL,
    accepted timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION transfer(from_id int, to_id int, units bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE accounts SET balance = balance - units WHERE id = from_id;
    UPDATE accounts SET balance = balance + units WHERE id = to_id;
    INSERT INTO transfers (payer, payee, amount) VALUES (from_id, to_id, units);
END $$;
";
const STATEMENTS: &str = "
\\set payer random(1, :accounts)
\\set payee random(1, :accounts)
\\set units random(1, 20)
BEGIN;
UPDATE accounts SET balance = balance - :units WHERE id = :payer;
UPDATE accounts SET balance = balance + :units WHERE id = :payee;
INSERT INTO transfers (payer, payee, amount) VALUES (:payer, :payee, :units);
END;
";
const PROCEDURE: &str = "
\\set payer random(1, :accounts)
\\set payee random(1, :accounts)
\\set units random(1, 20)
SELECT transfer(:payer, :payee, :units);
";

/// What PostgreSQL did on this machine, in this run.
pub struct Postgres {
    version: String,
    statements_16: f64,
    /// Transfers a second of 64 clients, each a transaction of three statements.
    pub statements_64: f64,
    procedure_16: f64,
    /// Transfers a second of 64 clients, each a call of a stored procedure.
    pub procedure_64: f64,
    /// What one client waits for one transfer in the middle, in milliseconds.
    pub alone_p50_ms: f64,
    /// The tables and indexes that the transfers made larger, for each transfer.
    pub bytes_per_transfer: f64,
}

impl Postgres {
    /// A peer's name.
    pub fn name(&self, what: &str) -> String {
        format!("PostgreSQL {}, {what}", self.version)
    }

    /// The rows that stand for themselves.
    pub fn rows(&self) -> Vec<Row> {
        let row = |what: &str, value| Row::new(self.name(what), value, "1/s");
        vec![
            row("one transfer a transaction, 16 clients", self.statements_16),
            row("one transfer a transaction, 64 clients", self.statements_64),
            row("stored procedure, 16 clients", self.procedure_16),
            row("stored procedure, 64 clients", self.procedure_64),
        ]
    }
}

/// Measures transfers between random pairs of so many accounts; each run takes so many seconds.
pub fn measure(accounts: usize, seconds: u32) -> Result<Postgres> {
    let server = Server::start()?;
    eprintln!("measuring PostgreSQL with {accounts} accounts");
    server.query(SCHEMA)?;
    server.query(&format!("INSERT INTO accounts SELECT id, 1000000 FROM generate_series(1, {accounts}) id"))?;
    server.query("VACUUM ANALYZE")?;
    let bench = |script: &str, clients: u32| server.bench(script, accounts, clients, seconds);
    let statements = [bench(STATEMENTS, 16)?, bench(STATEMENTS, 64)?];
    let procedure = [bench(PROCEDURE, 16)?, bench(PROCEDURE, 64)?];
    let alone_p50_ms = server.bench_alone(accounts, seconds)?;
    let size = server.query("SELECT pg_total_relation_size('transfers') / count(*)::float FROM transfers")?;
    Ok(Postgres {
        version: server.version()?,
        statements_16: statements[0],
        statements_64: statements[1],
        procedure_16: procedure[0],
        procedure_64: procedure[1],
        alone_p50_ms,
        bytes_per_transfer: size.parse().context("PostgreSQL tells a size")?,
    })
}

/// A running server; gone, with its folder, when this is.
struct Server {
    process: Child,
    folder: TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
}

impl Server {
    fn start() -> Result<Self> {
        let programs = std::env::var_os("QOIN_POSTGRESQL").map_or_else(|| PathBuf::from(PROGRAMS), PathBuf::from);
        ensure!(
            programs.join("postgres").is_file() && programs.join("pgbench").is_file(),
            "there is no PostgreSQL in {}: run `cargo xtask bench ledger`, which installs it, or set QOIN_POSTGRESQL",
            programs.display()
        );
        let folder = tempfile::Builder::new().prefix("qoin-postgresql").tempdir().context("making a folder")?;
        // It refuses to run as root.
        let user = if number("-u", None)? == 0 { Some(other_user()?) } else { None };
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).context("giving PostgreSQL its folder")?;
        }
        let data = folder.path().join("data");
        let mut initdb = command(&programs, "initdb", user, folder.path());
        initdb.arg("-D").arg(&data).args(["-A", "trust", "-U", "bench", "-E", "UTF8", "--no-locale", "--no-sync"]);
        run(&mut initdb)?;
        let log = fs::File::create(folder.path().join("log"))?;
        let mut server = Command::new("timeout");
        server.args(["--signal=QUIT", LIFETIME_S]).arg(programs.join("postgres")).arg("-D").arg(&data);
        server.arg("-k").arg(folder.path()).args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        as_user(&mut server, user, folder.path());
        let process = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let server = Self { process, folder, programs, user };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.query("SELECT 1").is_err() {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("PostgreSQL does not answer after {} s:\n{log}", PATIENCE.as_secs());
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        Ok(())
    }

    fn client(&self, program: &str) -> Command {
        let mut client = command(&self.programs, program, self.user, self.folder.path());
        client.arg("-h").arg(self.folder.path()).args(["-U", "bench"]);
        client
    }

    fn query(&self, sql: &str) -> Result<String> {
        run(self.client("psql").args(["-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAtc", sql]))
    }

    fn version(&self) -> Result<String> {
        let version = self.query("SHOW server_version")?;
        Ok(version.split_whitespace().next().unwrap_or_default().to_owned())
    }

    fn pgbench(&self, script: &str, accounts: usize, clients: u32, seconds: u32) -> Result<Command> {
        let path = self.folder.path().join("script.sql");
        fs::write(&path, script).context("writing pgbench's script")?;
        let mut bench = self.client("pgbench");
        // Two transfers that wait for each other are tried again, as a program would.
        bench.args(["-n", "-M", "prepared", "--max-tries=100", "-j", "1", "-D", &format!("accounts={accounts}")]);
        bench.args(["-c", &clients.to_string(), "-T", &seconds.to_string(), "-f"]).arg(path);
        Ok(bench)
    }

    /// Transfers a second.
    fn bench(&self, script: &str, accounts: usize, clients: u32, seconds: u32) -> Result<f64> {
        let said = run(self.pgbench(script, accounts, clients, seconds)?.arg("postgres"))?;
        let speed = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
        speed.with_context(|| format!("pgbench tells no speed:\n{said}"))
    }

    /// The median of what one client waits for a transfer, in milliseconds, out of pgbench's own log.
    fn bench_alone(&self, accounts: usize, seconds: u32) -> Result<f64> {
        let mut bench = self.pgbench(STATEMENTS, accounts, 1, seconds)?;
        run(bench.arg("-l").arg("--log-prefix").arg(self.folder.path().join("latency")).arg("postgres"))?;
        let mut latencies_us: Vec<u64> = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("latency")) {
                let log = fs::read_to_string(path)?;
                latencies_us.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
            }
        }
        latencies_us.sort_unstable();
        let middle = latencies_us.get(latencies_us.len() / 2).context("pgbench logged nothing")?;
        Ok(*middle as f64 / 1_000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // `timeout` passes the signal on: shut down at once.
        let told = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        if told.is_ok_and(|status| status.success()) {
            // Whatever it says at its end, it is gone.
            let _gone = self.process.wait();
        }
    }
}

/// A user who is not root: PostgreSQL's own, or the one without rights.
fn other_user() -> Result<(u32, u32)> {
    for name in ["postgres", "nobody"] {
        if let (Ok(user), Ok(group)) = (number("-u", Some(name)), number("-g", Some(name))) {
            return Ok((user, group));
        }
    }
    bail!("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody")
}

/// What `id` tells of a user.
fn number(what: &str, user: Option<&str>) -> Result<u32> {
    let told = run(Command::new("id").arg(what).args(user))?;
    told.parse().with_context(|| format!("id {what} told {told:?}"))
}

fn command(programs: &Path, program: &str, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(programs.join(program));
    as_user(&mut command, user, folder);
    command
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>, folder: &Path) {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command.current_dir(folder).env("LC_ALL", "C").env("HOME", folder);
}

/// Runs a command to its end; what it printed.
fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
