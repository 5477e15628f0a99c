//! Rights: who has which, what is recorded of their use, and of what was refused.

use super::*;
use crate::audit;
use qoin_core::api::capabilities::Capability;
use qoin_core::audit::{AuditAction, AuditActor, AuditEntry, AuditTarget};

fn log(town: &Town) -> Vec<AuditEntry> {
    audit::entries_from(&*town.ledger.read().snapshot().unwrap(), 0, usize::MAX).unwrap()
}

#[tokio::test]
async fn what_is_done_is_recorded_with_who_did_it_from_where() {
    let town = Town::found().await;
    town.post("/api/v1/invitations", &town.admin, json!({ "name": "Eve", "email": "eve@example.org" })).await.ok();
    let log = log(&town);
    let [entry] = &*log else { panic!("{log:?}") };
    assert!(matches!(entry.who, AuditActor::Member { number: 0, address } if address == town.admin.address));
    assert_eq!((entry.what, entry.from), (AuditAction::MemberInvited, Some("127.0.0.1".parse().unwrap())));
    assert!(!format!("{entry:?}").contains("eve@example.org"), "personal data could not be erased from the log");
    audit::verify(&*town.ledger.read().snapshot().unwrap()).unwrap();
}

#[tokio::test]
async fn a_right_that_is_not_there_is_refused_and_recorded_but_not_without_bound() {
    let town = Town::found().await;
    let invitation = json!({ "name": "Eve", "email": "eve@example.org" });
    for _ in 0..12 {
        assert_eq!(town.post("/api/v1/invitations", &town.ada, invitation.clone()).await.code(), "forbidden");
    }
    let log = log(&town);
    assert_eq!(log.len(), 10);
    assert_eq!(log[0].target, AuditTarget::Right { right: Capability::Invite });
    assert!(matches!(log[0].who, AuditActor::Member { address, .. } if address == town.ada.address));
    assert_eq!(town.get("/api/v1/invitations", &town.admin).await.ok()["invitations"], json!([]));
}
