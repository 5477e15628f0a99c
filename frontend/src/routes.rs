//! The app's addresses.

use crate::{locales::texts, ui::Icon};

/// What an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Balance and latest movements.
    Wallet,
    /// A payment.
    Send,
    /// All movements.
    History,
    /// Invitations and credits, for administrators.
    People,
    /// The member's own account.
    Account,
    /// An invitation; its token is the fragment.
    Join,
    /// A forgotten password.
    Recover,
    /// Nothing.
    Missing,
}

impl Page {
    /// The page at a path.
    pub fn at(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "" => Self::Wallet,
            "/send" => Self::Send,
            "/history" => Self::History,
            "/people" => Self::People,
            "/account" => Self::Account,
            "/join" => Self::Join,
            "/recover" => Self::Recover,
            _ => Self::Missing,
        }
    }

    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Wallet | Self::Missing => "/",
            Self::Send => "/send",
            Self::History => "/history",
            Self::People => "/people",
            Self::Account => "/account",
            Self::Join => "/join",
            Self::Recover => "/recover",
        }
    }

    /// Its name in navigation and in the window's title.
    pub fn name(self) -> &'static str {
        let t = &texts().pages;
        match self {
            Self::Wallet => t.wallet,
            Self::Send => t.send,
            Self::History => t.history,
            Self::People => t.people,
            Self::Account => t.account,
            Self::Join => t.join,
            Self::Recover => t.recover,
            Self::Missing => t.missing,
        }
    }

    /// Its picture in navigation.
    pub const fn picture(self) -> Icon {
        match self {
            Self::Send => Icon::Out,
            Self::History => Icon::History,
            Self::People => Icon::People,
            Self::Account => Icon::Person,
            _ => Icon::Wallet,
        }
    }
}
