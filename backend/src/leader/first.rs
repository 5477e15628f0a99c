//! The first administrator: how a currency that nobody has joined yet lets its administrator in.
//!
//! Without the wizard the first start makes an account with a random password, and keeps the password among the keys until
//! somebody has signed in with it: a start that was killed before it could tell the password tells it the next time. With the
//! wizard there is an invitation, and as long as nobody has used it each start makes a new one.

use super::LeaderError;
use super::founding::readable_password;
use super::keys::DataFolder;
use crate::audit::Action;
use crate::identity::{Actor, Identity, NewMember, right};
use crate::store::{Batch, Snapshot, Store, StoreError, Table};
use borsh::{BorshDeserialize, BorshSerialize};
use qoin_core::api::invitations::Invite;
use qoin_core::api::sessions::Role;
use qoin_core::audit::{AuditAction, AuditChange, AuditTarget};
use qoin_core::encode::{decode, encode};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The name of an administrator whom the first start makes without the wizard.
const ADMINISTRATOR: &str = "Administrator";
/// The key in [`Table::Meta`] under which it stands what the wizard was told.
const KEY: &[u8] = b"set_up";
/// The version of its record.
const VERSION: u8 = 1;

/// What the wizard was told beside the currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetUp {
    /// The first administrator's name.
    pub name: String,
    /// The first administrator's e-mail address.
    pub email: String,
    /// Where backups go, unless the host's settings say otherwise.
    pub backup_folder: Option<PathBuf>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Record {
    name: String,
    email: String,
    backup_folder: Option<String>,
}

/// How the first administrator gets in.
pub enum FirstAdministrator {
    /// By signing in.
    Password {
        /// The e-mail address.
        email: String,
        /// The password.
        password: Zeroizing<String>,
    },
    /// By an invitation.
    Invitation {
        /// For whom it is.
        email: String,
        /// What the link carries behind `/join#`.
        token: Zeroizing<String>,
    },
}

/// Notes what the wizard was told, before the currency begins.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(store: &dyn Store, set_up: &SetUp) -> Result<(), StoreError> {
    let SetUp { name, email, backup_folder } = set_up.clone();
    let backup_folder = backup_folder.map(|folder| folder.display().to_string());
    let mut value = vec![VERSION];
    value.extend(encode(&Record { name, email, backup_folder }));
    let mut batch = Batch::new();
    batch.put(Table::Meta, KEY, value);
    store.commit(store.claim()?, &batch)
}

/// What the wizard was told, if there was one.
///
/// # Errors
/// When the store cannot be read, or a newer release wrote it.
pub fn kept(snapshot: &dyn Snapshot) -> Result<Option<SetUp>, StoreError> {
    let corrupt = |detail: String| StoreError::Corrupt { path: "set_up".into(), detail };
    match snapshot.get(Table::Meta, KEY)?.as_deref().map(<[u8]>::split_first) {
        None => Ok(None),
        Some(Some((&VERSION, bytes))) => {
            let Record { name, email, backup_folder } = decode(bytes).map_err(|error| corrupt(error.to_string()))?;
            Ok(Some(SetUp { name, email, backup_folder: backup_folder.map(PathBuf::from) }))
        }
        Some(_) => Err(corrupt("a record of another release".into())),
    }
}

/// Lets the first administrator in, as long as nobody has come: with what the wizard was told, or as `owner`.
///
/// # Errors
/// When the store fails, or `owner` cannot be a member.
pub(super) async fn let_in(
    identity: &Identity,
    folder: &DataFolder,
    set_up: Option<&SetUp>,
    owner: &str,
) -> Result<Option<FirstAdministrator>, LeaderError> {
    let nobody = identity.members_count() == 0;
    match set_up {
        Some(set_up) if nobody => invite(identity, set_up).await.map(Some),
        Some(_) => Ok(None),
        None if nobody => {
            let password = folder.first_password(readable_password)?;
            let administrator = NewMember {
                name: ADMINISTRATOR.to_owned(),
                email: owner.to_owned(),
                password: password.clone(),
                role: Role::Administrator,
                first_password: false,
            };
            let made = identity.create_member(administrator).await?;
            Ok(Some(FirstAdministrator::Password { email: made.email, password }))
        }
        None => match folder.kept_first_password()? {
            Some(password) if identity.has_never_signed_in(owner) => {
                Ok(Some(FirstAdministrator::Password { email: owner.to_owned(), password }))
            }
            Some(_) => {
                folder.forget_first_password()?;
                Ok(None)
            }
            None => Ok(None),
        },
    }
}

async fn invite(identity: &Identity, set_up: &SetUp) -> Result<FirstAdministrator, LeaderError> {
    let SetUp { name, email, backup_folder } = set_up.clone();
    let granted = identity.grant::<right::Invite>(Actor::system());
    let made = granted.invite(Invite { name, email: email.clone(), role: Role::Administrator }).await?;
    // Personal data does not go into the log: it could not be erased there.
    let changes = backup_folder.map(|folder| AuditChange::made("backup_folder", folder.display()));
    granted.record(Action::new(AuditAction::SetUp, AuditTarget::Leader).changing(changes)).await?;
    Ok(FirstAdministrator::Invitation { email, token: Zeroizing::new(made.token) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn what_the_wizard_was_told_is_kept() {
        let store = MemoryStore::new();
        assert_eq!(kept(&*store.snapshot().unwrap()).unwrap(), None);
        let set_up =
            SetUp { name: "Ada".into(), email: "ada@example.org".into(), backup_folder: Some("/srv/b".into()) };
        keep(&store, &set_up).unwrap();
        assert_eq!(kept(&*store.snapshot().unwrap()).unwrap(), Some(set_up));
    }
}
