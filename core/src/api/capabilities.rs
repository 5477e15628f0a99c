//! What the members of each role may do beyond having a wallet: one table, the same for the leader and for the app.

use super::sessions::Role;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Declares the capabilities, each with its name on the wire and the roles that have it.
macro_rules! capabilities {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal: $($role:ident),+;)+) => {
        /// Something that not every member may do. Every route, command and call of the administration asks for one.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, borsh::BorshSerialize,
            borsh::BorshDeserialize,
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Capability {
            $($(#[doc = $meaning])+ #[serde(rename = $name)] $variant,)+
        }

        impl Capability {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The roles that have it.
            const fn roles(self) -> &'static [Role] {
                match self { $(Self::$variant => &[$(Role::$role),+]),+ }
            }
        }
    };
}

// The order is part of what is stored: new ones come last.
capabilities! {
    /// See all members with their roles and states.
    ViewMembers = "view_members": Treasurer, Administrator;
    /// Invite people, see who is invited, withdraw an invitation.
    Invite = "invite": Administrator;
    /// Make members with a first password.
    CreateMember = "create_member": Administrator;
    /// Suspend members and let them back in.
    Suspend = "suspend": Administrator;
    /// Start the recovery of a lost key.
    Recover = "recover": Administrator;
    /// Erase the personal data of someone who left.
    Erase = "erase": Administrator;
    /// Give members other roles.
    SetRoles = "set_roles": Administrator;
    /// See the system account and what waits for approval.
    ViewTreasury = "view_treasury": Treasurer, Administrator;
    /// Pay out of the system account.
    Credit = "credit": Treasurer, Administrator;
    /// Make new money.
    Issue = "issue": Treasurer, Administrator;
    /// Destroy money of the system account.
    Burn = "burn": Treasurer, Administrator;
    /// Give back what was paid wrongly.
    Reverse = "reverse": Treasurer, Administrator;
    /// Approve what someone else asked for, above the limit.
    Approve = "approve": Administrator;
    /// See miners, services, the disk and the leader's health.
    ViewNetwork = "view_network": Treasurer, Administrator;
    /// Set what services may pay.
    SetBudgets = "set_budgets": Treasurer, Administrator;
    /// Make backups and take them away.
    Backup = "backup": Administrator;
    /// See the settings.
    ViewSettings = "view_settings": Treasurer, Administrator;
    /// Change settings.
    ChangeSettings = "change_settings": Administrator;
    /// Read the audit log.
    ViewAudit = "view_audit": Administrator;
    /// Hand in what others have signed, in any number.
    HandIn = "hand_in": Administrator;
}

impl Role {
    /// Whether a member with this role may do something.
    pub fn may(self, capability: Capability) -> bool {
        capability.roles().contains(&self)
    }

    /// All that a member with this role may do.
    pub fn capabilities(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.may(*capability))
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no right named {0:?}")]
pub struct CapabilityError(String);

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(text: &str) -> Result<Self, CapabilityError> {
        let found = Self::ALL.iter().copied().find(|capability| capability.name() == text);
        found.ok_or_else(|| CapabilityError(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_none_treasurers_some_and_administrators_all() {
        assert_eq!(Role::Member.capabilities().count(), 0);
        assert!(Role::Treasurer.may(Capability::Credit) && !Role::Treasurer.may(Capability::SetRoles));
        assert_eq!(Role::Administrator.capabilities().collect::<Vec<_>>(), Capability::ALL);
    }

    #[test]
    fn names_are_read_back_and_are_those_on_the_wire() {
        for capability in Capability::ALL {
            assert_eq!(capability.name().parse(), Ok(*capability));
            assert_eq!(serde_json::to_value(capability).unwrap(), capability.name());
        }
        assert!("everything".parse::<Capability>().is_err());
    }
}
