//! The texts of the panel of administration, which the wallet does not carry.

mod en;

use super::rooms;

/// The panel's texts of the language in use.
pub fn texts() -> &'static Texts {
    &en::TEXTS
}

rooms! {
    /// The panel's texts of one language.
    Texts {}
    /// The names of the sections.
    sections: Sections {
        title, members, treasury, closed_title, closed_text, outdated_title, outdated_text, reload,
    }
    /// The members and their invitations.
    members: Members {
        invite, invite_title, invite_lead, link_title, link_text, link_label, open_title, open_empty, expires, withdraw,
        withdrawn, create, create_title, create_lead, create_button, created, first_password,
    }
    /// The system account.
    treasury: Treasury { credit, credit_title, credit_lead, credit_button, credited, memo_hint }
}
