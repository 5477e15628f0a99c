//! The operator's door: what the commands on the leader's own host may ask of it while it runs.
//!
//! A leader that starts leaves its API's address and a token, random and good for this run alone, in a file of the data
//! folder that only the folder's owner can read. Whoever can read it could read the ledger and its keys, too: the token
//! gives no more than that. No member's session opens this door. The token also opens what administrators can do, so that a
//! command and the page run the same functions; the audit log tells them apart.

mod announcement;
mod client;

pub use announcement::Announcement;
pub use client::{ClientError, OperatorClient};

use crate::backup::Live;
use crate::identity::{Actor, Granted, Identity, Right};
use crate::leader::keys::DataFolder;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The door of a running leader. Clones are the same door.
#[derive(Clone)]
pub struct OperatorDoor(Arc<Inner>);

struct Inner {
    token: Zeroizing<String>,
    folder: DataFolder,
    backups: Live,
}

/// Someone who has shown the token: may do what the data folder's owner may.
pub struct Operator(());

impl OperatorDoor {
    /// The door of the leader with this data folder, with a new token.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new(folder: DataFolder) -> Result<Self, getrandom::Error> {
        let mut token = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *token)?;
        let token = Zeroizing::new(hex::encode(*token));
        Ok(Self(Arc::new(Inner { token, backups: Live::new(folder.clone()), folder })))
    }

    /// The operator's rights, for whoever shows the token.
    pub fn admit(&self, token: &str) -> Option<Operator> {
        bool::from(self.0.token.as_bytes().ct_eq(token.as_bytes())).then_some(Operator(()))
    }

    /// The data folder.
    pub fn folder(&self) -> &DataFolder {
        &self.0.folder
    }

    /// Where backups are made.
    pub fn backups(&self) -> &Live {
        &self.0.backups
    }

    #[cfg(test)]
    pub(crate) fn token(&self) -> &str {
        &self.0.token
    }

    /// Tells the commands of this host where the door is, until the announcement is dropped.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn announce(&self, api: SocketAddr) -> io::Result<Announcement> {
        Announcement::write(&self.0.folder, api, &self.0.token)
    }
}

impl Operator {
    /// Any right: the operator has them all.
    pub fn grant<R: Right>(&self, identity: &Identity) -> Granted<R> {
        identity.grant(Actor::operator())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_of_this_run_opens_the_door() {
        let folder = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(folder.path()).unwrap();
        let (door, other) = (OperatorDoor::new(folder.clone()).unwrap(), OperatorDoor::new(folder).unwrap());
        assert!(door.admit(&door.0.token).is_some());
        assert!(door.admit(&other.0.token).is_none());
        assert!(door.admit("").is_none());
        assert!(door.admit(&door.0.token[..63]).is_none());
        assert!(door.admit(&format!("{}0", *door.0.token)).is_none());
    }
}
