//! The commands: what `qoin` can be told to do, and how it tells what it did.

mod backup;
mod chain;
pub mod exit;
mod listeners;
mod operator;
mod overrides;
mod role;
mod setup;

use backup::{BackupArguments, RestoreArguments};
use clap::{Parser, Subcommand};
use operator::{CreditArguments, InviteArguments, KeyArguments, LeaderArguments, SupplyArguments, UserCommand};
use overrides::{Overrides, parse_set};
use qoin::config::{self, Checked};
use std::path::PathBuf;
use std::process::ExitCode;

/// A currency that a group runs for itself: its leader, its website and the operator's commands.
#[derive(Debug, Parser)]
#[command(name = "qoin", version, arg_required_else_help = true, after_help = exit::HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything in one process: leader, website and miner. For a first try and small groups.
    #[command(after_help = exit::HELP)]
    Run(RunArguments),
    /// Runs the leader: the HTTP API, the doors for Python scripts and miners, and miners of its own.
    #[command(after_help = exit::HELP)]
    Server(ServerArguments),
    /// Runs the website on its own host: the app, the sessions' cookies, and the way to the leader's API.
    Website(FileArguments<config::WebsiteConfig>),
    /// Checks a chain, or a receipt, by running every rule again. Exit code 0: good. 1: a rule is broken, which is named with
    /// its place. 2: there was nothing to check.
    Verify(chain::VerifyArguments),
    /// Writes a chain to a file, to be handed on and checked elsewhere.
    Export(chain::ExportArguments),
    /// Writes a backup of all data of a leader, running or not, with its keys, into one file that only its owner can read.
    ///
    /// The file holds the secret keys of the data folder, unless they are left out: whoever has it can act as the leader.
    Backup(BackupArguments),
    /// Makes a data folder out of a backup. What happened after the backup is lost, and wallets will tell.
    Restore(RestoreArguments),
    /// Tells how the leader of this host is.
    Status(LeaderArguments),
    /// Makes members, lists and changes them.
    #[command(subcommand)]
    User(UserCommand),
    /// Invites someone, and prints the link.
    Invite(InviteArguments),
    /// Pays a member out of the system account.
    Credit(CreditArguments),
    /// Makes new money on the system account.
    Issue(SupplyArguments),
    /// Destroys money of the system account.
    Burn(SupplyArguments),
    /// Prints the master key, which the calls master_* over RPyC take.
    Key(KeyArguments),
    /// Checks configuration files of `qoin server`, `qoin website` or `qoin-miner`, and tells what is wrong, where, and how
    /// to mend it.
    CheckConfig {
        /// The files. Of a server's and a website's, it also says whether their secret keys differ, as they have to.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
struct RunArguments {
    /// The folder that holds everything; made at the first start.
    #[arg(long, value_name = "DIR", default_value = ".qoin")]
    data: PathBuf,
    /// How many threads mine, for the administrator.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1024))]
    miners: u32,
    /// The website's port; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 5000)]
    website_port: u16,
    /// The HTTP API's port; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 5002)]
    api_port: u16,
    /// The Python interface's port (RPyC); 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 5001)]
    rpyc_port: u16,
    /// The miners' port; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 3333)]
    stratum_port: u16,
    /// Any other setting, as in [settings] of the configuration files.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_set)]
    sets: Vec<config::Override>,
    /// Prints the addresses and the first credentials as one line of JSON once it is ready.
    #[arg(long)]
    json: bool,
    /// Sets a new currency up in the browser: its name, its supply and its first administrator. Prints a link that works once.
    #[arg(long)]
    setup: bool,
}

#[derive(Debug, clap::Args)]
struct ServerArguments {
    #[command(flatten)]
    file: FileArguments<config::ServerConfig>,
    /// Sets a new currency up in the browser, at the API's address: its name, its supply and its first administrator. Prints
    /// a link that works once.
    #[arg(long)]
    setup: bool,
}

#[derive(Debug, clap::Args)]
struct FileArguments<C: config::Configuration> {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides<C>,
}

impl Cli {
    /// Does what was asked, and ends when it is done or told to stop.
    ///
    /// # Errors
    /// What went wrong, for the operator.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Verify(arguments) => return Ok(chain::verify(&arguments)),
            Command::Export(arguments) => chain::export(&arguments),
            Command::Run(arguments) => role::run(arguments),
            Command::Server(arguments) => role::server(arguments),
            Command::Website(arguments) => role::website(arguments),
            Command::Backup(arguments) => backup::back_up(&arguments),
            Command::Restore(arguments) => backup::restore(&arguments),
            Command::Status(arguments) => operator::status(&arguments),
            Command::User(command) => operator::user(&command),
            Command::Invite(arguments) => operator::invite(&arguments),
            Command::Credit(arguments) => operator::credit(&arguments),
            Command::Issue(arguments) => operator::issue(&arguments),
            Command::Burn(arguments) => operator::burn(&arguments),
            Command::Key(arguments) => operator::key(&arguments),
            Command::CheckConfig { files } => check_config(&files),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

fn check_config(files: &[PathBuf]) -> anyhow::Result<()> {
    let mut checked: Vec<(&PathBuf, Checked)> = Vec::new();
    for file in files {
        let config = config::check_file(file)?;
        if let Some((other, _)) = checked.iter().find(|(_, other)| config.shares_secret(other)) {
            anyhow::bail!(
                "{} and {} have the same secret_key; replace one of them with the output of `openssl rand -hex 16`",
                other.display(),
                file.display()
            );
        }
        println!("{} is a good configuration of `{}`.", file.display(), config.command());
        checked.push((file, config));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_field_is_a_flag() {
        let arguments = ["qoin", "server", "-c", "a.conf", "--api-listen", "127.0.0.1:0", "--set", "session_hours=3"];
        let Command::Server(arguments) = Cli::try_parse_from(arguments).unwrap().command else {
            panic!("not a server")
        };
        let given: Vec<_> = arguments.file.overrides.values.iter().map(|given| (&*given.name, &*given.text)).collect();
        assert_eq!(given, [("api_listen", "127.0.0.1:0"), ("session_hours", "3")]);
        assert!(Cli::try_parse_from(["qoin", "website", "-c", "a.conf", "--api-listen", "127.0.0.1:0"]).is_err());
        assert!(Cli::try_parse_from(["qoin", "run", "--set", "session_hours"]).is_err());
    }
}
