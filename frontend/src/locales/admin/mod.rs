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
    /// What several pages share.
    common: Common {
        reason, reason_hint, reason_missing, who, when, what, amount, memo, member, unknown, line, fault, faults,
        more_faults, dry_run, file_missing, file_choose, file_chosen, file_large, file_unreadable, seconds, minutes,
        hours, days,
    }
    /// The names of the sections.
    sections: Sections {
        title, members, treasury, network, settings, audit, closed_title, closed_text, outdated_title, outdated_text,
        reload,
    }
    /// Charts.
    chart: ChartTexts {
        when, value, as_table, nothing, told,
    }
    /// The members and their invitations.
    members: Members {
        views, members, invitations, search, all, column_member, column_role, column_state, column_balance,
        column_joined, column_signed_in, column_invited, column_by, column_ways, active, first_password_state,
        suspended, erased, member, treasurer, administrator, never, someone, nobody, matching, counts, member_title,
        since, stopped, recovery, recovery_open, recovery_waiting, address, change_role, role_lead, role_button,
        suspend, suspend_lead, resume, resume_lead, recover, recover_button, recover_lead, withdraw_recovery,
        recovery_link, erase, erase_lead, typed_label, typed_wrong, done, invite, invite_title, invite_lead,
        link_title, link_text, link_label, open, used, withdrawn_state, expired, open_empty, expires, withdraw,
        withdrawn, invite_many, invite_many_title, file_lead, file_label, file_hint, file_counts, file_too_many,
        file_invite, file_invited, links, links_lead, links_more, links_save, create, create_title, create_lead,
        create_button, created, first_password,
    }
    /// The system account.
    treasury: Treasury {
        balance, available, outgoing, incoming, reserve, issued, burned, no_limit, limit, no_approver, waits, pending,
        credit, credit_title, credit_lead, credit_button, credited, memo_hint, credit_many, credit_many_title,
        file_lead, file_label, file_hint, file_counts, file_same, file_second, file_short, file_pay, file_paid,
        file_rows, issue, issue_title, issue_lead, issued_now, burn, burn_title, burn_lead, burned_now, proposals,
        proposals_empty, proposals_all, proposals_open, proposed_by, proposed_credit, proposed_file, proposed_issue,
        proposed_burn, proposed_refund, proposal_until, proposal_approved, proposal_declined, proposal_withdrawn,
        proposal_expired, approve, approved, decline, declined, withdraw, withdrawn, decide_title, original,
        repayments, requested_by, repayment_open, repayment_paid, repayment_ended, repayment_withdrawn, statement,
        statement_empty, column_what, column_after, column_ways, refund, refund_lead, refunded, ask_back,
        ask_back_lead, asked_back, reversed, reversed_so_far, reversal_title,
    }
    /// Miners, services and the leader's host.
    network: Network {
        health, well, unwell, read_only, disk_short, nobody_mines, pending, oldest, none_waits, blocks, target,
        hash_rate, miners_now, members, records, disk, free, ledger_takes, memory, queue, version, up, backups,
        backups_lead, backup_age, backup_never, backup_folder, backup_running, back_up, backup_made, backup_failed,
        backup_cut, backup_nowhere, download, span, minute, hour, day, block_times, goal, block, miners, miners_empty,
        column_miner, column_program, column_minute, column_hour, column_day, column_shares, column_blocks,
        column_rewards, nobody, seen, connected, own_threads, refused, services, services_empty, column_owner,
        column_role, column_state, column_budget, column_spent, column_ways, active, sleeping, key_ends, set_budget,
        budget_title, budget_lead, budget_hint, budget_set,
    }
    /// The settings.
    settings: SettingsTexts {
        running_title, running_lead, running_read, changed, from_file, default, bounds, characters, whole, zero_is_no_limit,
        no_limit, empty, reset, reset_label, save, forget, saved, conflict_title, conflict_text, conflict_value,
        fixed_title, fixed_lead, currency, symbol, decimals, supply, block_interval, recovery_delay, began,
    }
    /// The audit log.
    audit: Audit {
        what, all, from, to, empty, column_what, column_target, column_changes, number, operator, master_key, system,
        leader, head_title, head_lead, entries, head,
    }
}
