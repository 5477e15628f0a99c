//! The panel's sections, their addresses and who may see them.

use crate::{locales::admin::texts, ui::Icon};
use qoin_core::api::sessions::Role;

/// A section of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The members and who is invited.
    Members,
    /// The system account.
    Treasury,
}

impl Section {
    /// All of them, in the order of the navigation.
    pub const ALL: [Self; 2] = [Self::Members, Self::Treasury];

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
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let t = &texts().sections;
        match self {
            Self::Members => t.members,
            Self::Treasury => t.treasury,
        }
    }

    /// Its picture.
    pub const fn picture(self) -> Icon {
        match self {
            Self::Members => Icon::People,
            Self::Treasury => Icon::Wallet,
        }
    }

    /// Whether someone with this role sees it.
    pub fn is_open_to(self, role: Role) -> bool {
        role == Role::Administrator
    }
}
