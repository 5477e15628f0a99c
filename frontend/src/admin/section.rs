//! The panel's sections, their addresses and who may see them.

use crate::{locales::admin::texts, ui::Icon};
use qoin_core::api::{capabilities::Capability, sessions::Role};

/// A section of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The members and who is invited.
    Members,
    /// The system account.
    Treasury,
    /// Miners, services and the leader's host.
    Network,
    /// What can be changed while the leader runs.
    Settings,
    /// What was done with more than a member's rights.
    Audit,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub const ALL: [Self; 5] = [Self::Members, Self::Treasury, Self::Network, Self::Settings, Self::Audit];

    /// The section at a path and what stands behind its name; none at the panel's own path.
    pub fn at(path: &str) -> (Option<Self>, String) {
        let below = path.strip_prefix("/admin").unwrap_or_default().trim_matches('/');
        let (name, rest) = below.split_once('/').unwrap_or((below, ""));
        (Self::ALL.into_iter().find(|section| section.path().ends_with(&["/", name].concat())), rest.to_owned())
    }

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Members => "/admin/members",
            Self::Treasury => "/admin/treasury",
            Self::Network => "/admin/network",
            Self::Settings => "/admin/settings",
            Self::Audit => "/admin/audit",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let t = &texts().sections;
        match self {
            Self::Members => t.members,
            Self::Treasury => t.treasury,
            Self::Network => t.network,
            Self::Settings => t.settings,
            Self::Audit => t.audit,
        }
    }

    /// Its picture.
    pub const fn picture(self) -> Icon {
        match self {
            Self::Members => Icon::People,
            Self::Treasury => Icon::Wallet,
            Self::Network => Icon::Pulse,
            Self::Settings => Icon::Sliders,
            Self::Audit => Icon::Book,
        }
    }

    /// Whether someone with this role sees it.
    pub fn is_open_to(self, role: Role) -> bool {
        role.may(match self {
            Self::Members => Capability::ViewMembers,
            Self::Treasury => Capability::ViewTreasury,
            Self::Network => Capability::ViewNetwork,
            Self::Settings => Capability::ViewSettings,
            Self::Audit => Capability::ViewAudit,
        })
    }
}
