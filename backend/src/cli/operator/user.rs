//! `qoin user` and `qoin invite`.

use super::table::{Side, date, table};
use super::{Leader, LeaderArguments, WebsiteArguments, money, with_leader};
use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};
use qoin::leader::founding::readable_password;
use qoin_core::api::admin::members::{
    AdminMemberView, AdminMembersPage, Edit, MemberState, RecoveryStarted, SetRole, member_path,
};
use qoin_core::api::admin::{ADMIN_MEMBERS_PATH, CreateMember};
use qoin_core::api::invitations::{INVITATIONS_PATH, InvitationMade, Invite};
use qoin_core::api::sessions::Role;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// How many members are asked for at once.
const PAGE_ENTRIES: usize = 200;

/// What to do with members.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes a member with a first password, which the member replaces at the first sign-in. Prints the password, unless
    /// the variable QOIN_FIRST_PASSWORD gives it. `qoin invite` is better: nobody but the member knows a password then.
    Add {
        /// The name.
        name: String,
        /// The e-mail address.
        email: String,
        /// What the member may do.
        #[arg(long, value_enum, default_value_t)]
        role: RoleName,
        #[command(flatten)]
        leader: LeaderArguments,
    },
    /// Lists the members by name.
    List {
        /// Only those whose name or e-mail address contains this.
        #[arg(long, value_name = "TEXT", default_value = "")]
        query: String,
        #[command(flatten)]
        leader: LeaderArguments,
    },
    /// Suspends a member, who keeps the balance and can neither sign in nor pay.
    Suspend(EditArguments),
    /// Lets a suspended member back in.
    Resume(EditArguments),
    /// Prints a link by which a member who lost password and recovery words gets a new key. The rotation is seen by
    /// everyone on the chain, counts after the currency's recovery delay, and can be stopped by the old key until then.
    Reset {
        #[command(flatten)]
        edit: EditArguments,
        #[command(flatten)]
        website: WebsiteArguments,
    },
    /// Gives a member another role.
    Role {
        /// The role.
        #[arg(long, value_enum)]
        role: RoleName,
        #[command(flatten)]
        edit: EditArguments,
    },
}

/// What a change of a member takes.
#[derive(Debug, clap::Args)]
pub struct EditArguments {
    /// The member's e-mail address.
    email: String,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    leader: LeaderArguments,
}

/// A role, as it is written on the command line.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum RoleName {
    /// Holds a wallet.
    #[default]
    Member,
    /// Also keeps the treasury.
    Treasurer,
    /// May do everything.
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Member => Self::Member,
            RoleName::Treasurer => Self::Treasurer,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

/// `qoin user`.
pub fn user(command: &UserCommand) -> Result<()> {
    match command {
        UserCommand::Add { name, email, role, leader } => with_leader(leader, |leader| add(leader, name, email, *role)),
        UserCommand::List { query, leader } => with_leader(leader, |leader| list(leader, query)),
        UserCommand::Suspend(edit) => change(edit, "suspend", "is suspended"),
        UserCommand::Resume(edit) => change(edit, "resume", "is let back in"),
        UserCommand::Reset { edit, website } => with_leader(&edit.leader, |leader| reset(leader, edit, website)),
        UserCommand::Role { role, edit } => with_leader(&edit.leader, |leader| {
            let member = member(leader, &edit.email)?;
            let request = SetRole { version: member.version, role: (*role).into(), reason: edit.reason.clone() };
            let answer = leader.post(&format!("{}/role", member_path(&member.address)), &request)?;
            leader.tell(answer, |it: AdminMemberView| {
                Ok(format!("{} <{}> is {} now.", it.name, it.email, it.role.name()))
            })
        }),
    }
}

fn add(leader: &Leader, name: &str, email: &str, role: RoleName) -> Result<()> {
    let given = std::env::var("QOIN_FIRST_PASSWORD").ok().map(Zeroizing::new);
    let is_given = given.is_some();
    let password = given.map_or_else(readable_password, Ok).context("making a password")?;
    let request = CreateMember {
        name: name.to_owned(),
        email: email.to_owned(),
        password: password.to_string(),
        role: role.into(),
    };
    let mut made = leader.post(ADMIN_MEMBERS_PATH, &request)?;
    if !is_given {
        with(&mut made, "first_password", &*password);
    }
    leader.tell(made, |AdminMemberView { name, email, address, .. }| {
        let mut text = format!("{name} <{email}> is a member, with the account {address}.");
        if !is_given {
            text += &format!(
                "\nThe first password, shown this once: {}\nIt has to be replaced at the first sign-in.",
                *password
            );
        }
        Ok(text)
    })
}

/// An answer with one more field.
fn with(answer: &mut Value, name: &str, value: &impl Serialize) {
    if let Value::Object(fields) = answer {
        fields.insert(name.to_owned(), json!(value));
    }
}

fn list(leader: &Leader, query: &str) -> Result<()> {
    let currency = leader.currency()?;
    let members = members(leader, query)?;
    leader.tell(json!({ "members": members }), |_: Value| {
        let columns = [
            ("Name", Side::Left),
            ("E-mail", Side::Left),
            ("Role", Side::Left),
            ("State", Side::Left),
            ("Balance", Side::Right),
        ];
        let row = |it: &AdminMemberView| {
            let state = state(it.state);
            vec![
                it.name.clone(),
                it.email.clone(),
                it.role.name().to_owned(),
                state.to_owned(),
                money(it.balance, &currency),
            ]
        };
        Ok(table(&columns, &members.iter().map(row).collect::<Vec<_>>()))
    })
}

fn state(state: MemberState) -> &'static str {
    match state {
        MemberState::Active => "active",
        MemberState::FirstPassword => "first password",
        MemberState::Suspended => "suspended",
        MemberState::Erased => "erased",
    }
}

/// All members whose name or e-mail address contains `query`.
fn members(leader: &Leader, query: &str) -> Result<Vec<AdminMemberView>> {
    let mut members: Vec<AdminMemberView> = Vec::new();
    loop {
        let (from, query) = (members.len(), encoded(query));
        let page: AdminMembersPage =
            leader.get(&format!("{ADMIN_MEMBERS_PATH}?query={query}&offset={from}&limit={PAGE_ENTRIES}"))?;
        let is_last = page.members.is_empty();
        members.extend(page.members);
        if is_last || members.len() as u64 >= page.total {
            return Ok(members);
        }
    }
}

/// The member with this e-mail address.
pub fn member(leader: &Leader, email: &str) -> Result<AdminMemberView> {
    let found = members(leader, email)?.into_iter().find(|member| member.email.eq_ignore_ascii_case(email));
    found.with_context(|| format!("nobody has the e-mail address {email:?}: `qoin user list` shows all members"))
}

fn change(edit: &EditArguments, what: &str, done: &str) -> Result<()> {
    with_leader(&edit.leader, |leader| {
        let member = member(leader, &edit.email)?;
        let request = Edit { version: member.version, reason: edit.reason.clone() };
        let answer = leader.post(&format!("{}/{what}", member_path(&member.address)), &request)?;
        leader.tell(answer, |it: AdminMemberView| Ok(format!("{} <{}> {done}.", it.name, it.email)))
    })
}

fn reset(leader: &Leader, edit: &EditArguments, website: &WebsiteArguments) -> Result<()> {
    let member = member(leader, &edit.email)?;
    let request = Edit { version: member.version, reason: edit.reason.clone() };
    let mut answer = leader.post(&format!("{}/recovery", member_path(&member.address)), &request)?;
    let RecoveryStarted { token, .. } = super::understood(answer.clone())?;
    let link = website.link("recover", &token);
    with(&mut answer, "link", &link);
    leader.tell(answer, |RecoveryStarted { expires_ms, member, .. }| {
        let until = date(expires_ms);
        Ok(format!(
            "{link}\n\nThe link works once, until {until}. Hand it to {} over a way that nobody else reads.",
            member.name
        ))
    })
}

/// A text as a part of a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What `qoin invite` takes.
#[derive(Debug, clap::Args)]
pub struct InviteArguments {
    /// The name to suggest.
    name: String,
    /// The e-mail address that the account will have.
    email: String,
    /// What the member will be able to do.
    #[arg(long, value_enum, default_value_t)]
    role: RoleName,
    #[command(flatten)]
    website: WebsiteArguments,
    #[command(flatten)]
    leader: LeaderArguments,
}

/// `qoin invite`.
pub fn invite(arguments: &InviteArguments) -> Result<()> {
    let InviteArguments { name, email, role, website, leader } = arguments;
    with_leader(leader, |leader| {
        let mut made = leader
            .post(INVITATIONS_PATH, &Invite { name: name.clone(), email: email.clone(), role: (*role).into() })?;
        let InvitationMade { token, .. } = super::understood(made.clone())?;
        let link = website.link("join", &token);
        with(&mut made, "link", &link);
        leader.tell(made, |InvitationMade { expires_ms, .. }| {
            let until = date(expires_ms);
            Ok(format!(
                "{link}\n\nThe link works once, until {until}. Hand it to {name} over a way that nobody else reads."
            ))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_fits_a_query() {
        assert_eq!(encoded("ada@example.org"), "ada%40example.org");
        assert_eq!(encoded("Zoë & co"), "Zo%C3%AB%20%26%20co");
    }
}
