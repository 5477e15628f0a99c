//! English.

use super::*;

/// English.
pub const TEXTS: Texts = Texts {
    sections: Sections {
        title: "Administration",
        members: "Members",
        treasury: "Treasury",
        closed_title: "You may not see this",
        closed_text: "Your rights do not reach here, or they were changed meanwhile. Ask an administrator if you need this page.",
        outdated_title: "Qoin was renewed",
        outdated_text: "This page is older than the administration that the server has now. Load it anew.",
        reload: "Reload",
    },
    members: Members {
        invite: "Invite",
        invite_title: "Invite someone",
        invite_lead: "You get a link to hand over. They choose their own password, and their key is made in their browser.",
        link_title: "Hand over this link",
        link_text: "Send it to {0}, and to nobody else. It works once, and it is shown only now.",
        link_label: "Invitation link",
        open_title: "Open invitations",
        open_empty: "No invitation is open.",
        expires: "Valid until {0}",
        withdraw: "Withdraw",
        withdrawn: "The invitation is withdrawn.",
        create: "Create",
        create_title: "Create with a first password",
        create_lead: "For someone who cannot open a link. They must replace the password when they first sign in.",
        create_button: "Create account",
        created: "{0} can now sign in with the first password.",
        first_password: "First password",
    },
    treasury: Treasury {
        credit_title: "Credit a member",
        credit_lead: "The money comes out of the system account and shows up as pending at once.",
        credit: "Credit a member",
        credit_button: "Credit",
        memo_hint: "The member reads it.",
        credited: "{0} credited to {1}.",
    },
};
