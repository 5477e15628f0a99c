//! Every text of the app. A language is one file with one constant of type [`Texts`]; a text that it lacks fails the build.

pub mod admin;
pub mod describe;
mod en;

use qoin_core::api::problem::ProblemCode;

/// The texts of the language in use.
pub fn texts() -> &'static Texts {
    &en::TEXTS
}

/// Puts values into a text's places `{0}`, `{1}`, and so on.
pub fn fill(template: &str, values: &[&str]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((place, behind)) = after.split_once('}') else { break };
        filled.push_str(place.parse().ok().and_then(|place: usize| values.get(place)).unwrap_or(&""));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Declares the texts of one program: what a language has to tell beside them, then one struct of texts for each part.
macro_rules! rooms {
    (
        $(#[$top:meta])* $Texts:ident { $($(#[$told:meta])* $fact:ident: $Fact:ty,)* }
        $($(#[$about:meta])* $room:ident: $Room:ident { $($key:ident),* $(,)? })*
    ) => {
        $(#[$top])*
        pub struct $Texts {
            $($(#[$told])* pub $fact: $Fact,)*
            $($(#[$about])* pub $room: $Room,)*
        }
        $($(#[$about])* pub struct $Room { $(pub $key: &'static str,)* })*
    };
}
pub(crate) use rooms;

rooms! {
    /// All texts of one language, but for those of the panel.
    Texts {
        /// Its name by BCP 47, for dates and for `<html lang>`.
        language: &'static str,
        /// Between whole units and their fraction.
        decimal_mark: char,
        /// Between groups of three digits.
        group_mark: char,
        /// What went wrong on the leader's side and what to do.
        problem: fn(ProblemCode) -> &'static str,
    }
    /// What several pages share.
    parts: Parts {
        close, cancel, copy, copied, show_password, hide_password, password, new_password, email, name, loading,
        try_again, done, more, today, yesterday, pending, skip_to_content, navigation,
    }
    /// The pages' names in navigation and in the window's title.
    pages: Pages {
        wallet, send, history, mine, people, account, admin, sign_in, join, recover, locked, first_password, missing,
    }
    /// Starting and failing to.
    start: Start { opening, unreachable_title, unreachable_text, unreachable_waiting }
    /// The bars above all pages.
    banners: Banners {
        offline, reconnecting, insecure, read_only, rotation_title, rotation_text, rotation_cancel, rotation_cancelled,
        rewritten_title, rewritten_seen, rewritten_unexplained, rewritten_forged, rewritten_restored, rewritten_accept,
    }
    /// Signing in, locking and unlocking.
    sign_in: SignIn {
        title, lead, button, forgotten, foot, expired, suspended_title, suspended, lock, sign_out, unlock_title, unlock_lead, unlock, idle_hint,
    }
    /// New passwords and their strength.
    password: Password {
        hint, repeat, differs, empty, too_short, too_long, too_plain, level_1, level_2, level_3, level_4,
    }
    /// The recovery words.
    words: Words {
        title, lead, warning, noted, check_title, check_lead, word_number, check_wrong, show_again, expected_24,
        unknown_word, wrong_words,
    }
    /// Opening an invitation.
    join: Join {
        open_title, invited_here, title, lead, email_hint, name_hint, button, create, opening, no_token_title, no_token_text, invalid_title,
        signed_in_title, signed_in_text, signed_in_button, welcome,
    }
    /// A forgotten password.
    recover: Recover {
        title, lead, words_label, words_hint, button, done, sign_in_instead, link_title, link_lead, link_finish,
        link_done_title, link_done,
    }
    /// Replacing a first password.
    first: First { title, lead, current, button, finish }
    /// The wallet page.
    wallet: Wallet {
        balance, available, incoming, outgoing, send, latest, all, empty_title, empty_text, pending_note,
    }
    /// The send page.
    send: Send {
        title, to, to_placeholder, to_missing, searching, nobody, found, change, to_self, amount, amount_hint,
        amount_empty, amount_sign, amount_malformed, amount_decimals, amount_overflow, amount_zero, amount_funds,
        memo, memo_hint, memo_long, memo_control, not_ready, review, review_title, review_to, review_amount,
        review_after, review_memo, first_title, first_text, changed_title, changed_text, send_now, unsure_title,
        unsure_text, send_again, forget, sent_title, confirmed_title, sent_to, waiting, in_block, pay_another,
        to_wallet,
    }
    /// The history page and a movement's details.
    history: History {
        title, empty_title, empty_text, sent, received, reward, reward_of_block, account_opened, key_rotated,
        rotation_cancelled, recoverable_set, issued, burned, leader_replaced, system_account, detail_title, status,
        from, to, email, address, memo, time, number, transaction, in_block, unknown_party, end,
    }
    /// The page for mining in this browser.
    mine: Mine {
        lead, rate, start, stop, stopped, hidden, on_battery, connecting, waiting, working, shares, blocks, rewards,
        threads, duty, duty_hint, outdated_title, outdated_text, reload, broken,
    }
    /// The account page.
    account: Account {
        title, address, address_hint, words, words_hint, key, recoverable, recoverable_yes, recoverable_no, secrets,
        show_words, show_words_hint, show_words_button, show_words_password, change_password, change_password_hint,
        change_button, current_password, changed, session, session_hint, administrator, member,
    }
    /// The services, on the account page.
    services: Services {
        title, none, declare, declare_one, miner, miner_key, qwinner, qwinner_key, active, sleeping, key_since, seen,
        host, budget, no_budget, key, key_once, refresh, refresh_title, refresh_text, refresh_button, revoke,
        revoke_title, revoke_text,
    }
    /// The page of all members.
    people: People { search, empty_title, empty_text, pay }
    /// Where the panel of administration will stand.
    admin: Admin { loading, failed_title, failed_text, reload }
    /// A page that does not exist.
    missing: Missing { title, text, button }
    /// What the wallet itself could not do.
    failure: FailureTexts {
        network, unreadable, wrong_password, derivation, distrusted_derivation, foreign_key, locked, no_randomness, later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        assert_eq!(fill("Word {0}, “{1}”.", &["3", "{0}"]), "Word 3, “{0}”.");
        assert_eq!(fill("{0} and {0}, not {1}", &["a"]), "a and a, not ");
        assert_eq!(fill("nothing", &["a"]), "nothing");
    }
}
