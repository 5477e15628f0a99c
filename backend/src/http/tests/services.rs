//! Declared services: their keys, their lives, and what they show of themselves.

use super::*;
use crate::identity::{KeyEnd, KeyRefusal, MemberSession, ServiceRefusal};
use qoin_core::api::services::{ServiceRole, ServiceStatus};
use std::net::IpAddr;

const SERVICES: &str = "/api/v1/services";

async fn declare(town: &Town, member: &Member, role: &str) -> (u64, String) {
    let declared = town.post(SERVICES, member, json!({ "role": role })).await.ok();
    (declared["service"]["id"].as_u64().unwrap(), declared["key"].as_str().unwrap().to_owned())
}

fn session(town: &Town, member: &Member) -> MemberSession {
    town.identity.session(&member.token).unwrap().into_member().unwrap()
}

fn why(town: &Town, email: &str, key: &str) -> Option<KeyRefusal> {
    town.identity.authenticate_miner(email, key).err()
}

#[tokio::test]
async fn a_service_key_is_told_once_and_finds_its_owner() {
    let town = Town::found().await;
    let declared = town.post(SERVICES, &town.ada, json!({ "role": "MINER" })).await.ok();
    let key = declared["key"].as_str().unwrap();
    let listed = town.get(SERVICES, &town.ada).await.ok();
    assert_eq!(listed["services"], json!([declared["service"]]));
    assert_eq!(listed["services"][0]["status"], "sleeping");
    assert!(!listed.to_string().contains(key));
    assert!(key.ends_with(declared["service"]["key_ends"].as_str().unwrap()));
    let reopened = open_identity(&town.ledger, Default::default()).await;
    for identity in [&town.identity, &reopened] {
        let refused = |email: &str, key: &str| identity.authenticate_miner(email, key).err();
        assert_eq!(identity.authenticate_miner("Ada@example.org", key).unwrap().owner(), town.ada.address);
        assert_eq!(refused("bob@example.org", key), Some(KeyRefusal::WrongOwner));
        assert_eq!(refused("ada@example.org", &"0".repeat(64)), Some(KeyRefusal::Unknown));
        // A session's token is no miner's key.
        assert_eq!(refused("ada@example.org", &town.ada.token), Some(KeyRefusal::Unknown));
    }
}

#[tokio::test]
async fn a_declared_key_can_be_had_in_full_after_a_restart_but_not_under_another_secret() {
    let town = Town::found().await;
    let (_, key) = declare(&town, &town.ada, "MINER").await;
    let (_, second) = declare(&town, &town.ada, "QWINNER").await;
    let keys = |identity: &Identity| {
        let session = identity.session(&town.ada.token).unwrap().into_member().unwrap();
        session.service_keys().into_iter().map(|it| it.key).collect::<Vec<_>>()
    };
    assert_eq!(keys(&town.identity), [Some(key.clone()), Some(second.clone())]);
    assert_eq!(keys(&open_identity(&town.ledger, Default::default()).await), [Some(key.clone()), Some(second)]);
    let other = Identity::open(town.ledger.clone(), LeaderSecret::new([8; 16]), Default::default()).await.unwrap();
    assert_eq!(keys(&other), [None, None]);
    assert!(other.authenticate_miner("ada@example.org", &key).is_ok(), "it is good all the same");
}

#[tokio::test]
async fn a_refreshed_key_ends_the_old_one_whose_holder_is_told_so() {
    let town = Town::found().await;
    let (id, old) = declare(&town, &town.ada, "MINER").await;
    let mut connection =
        town.identity.authenticate_miner("ada@example.org", &old).unwrap().connect([192, 0, 2, 1].into());
    let listed = town.get(SERVICES, &town.ada).await.ok();
    assert_eq!(
        (&listed["services"][0]["status"], &listed["services"][0]["address"]),
        (&json!("active"), &json!("192.0.2.1"))
    );
    let refreshed = town.post(&format!("{SERVICES}/{id}/key"), &town.ada, json!(null)).await.ok();
    let new = refreshed["key"].as_str().unwrap();
    assert_eq!(connection.ended().await, KeyEnd::Refreshed);
    drop(connection);
    assert_ne!(new, old);
    assert_eq!(refreshed["service"]["id"], id);
    assert_eq!(why(&town, "ada@example.org", &old), Some(KeyEnd::Refreshed.into()));
    assert_eq!(why(&town, "ada@example.org", new), None);
    assert_eq!(session(&town, &town.ada).service_with_key(new), Ok(id));
    assert_eq!(session(&town, &town.ada).service_with_key(&old), Err(KeyEnd::Refreshed.into()));
    assert_eq!(session(&town, &town.bob).service_with_key(new), Err(KeyRefusal::WrongOwner));
    let reopened = open_identity(&town.ledger, Default::default()).await;
    assert_eq!(reopened.authenticate_miner("ada@example.org", &old).err(), Some(KeyEnd::Refreshed.into()));
}

#[tokio::test]
async fn a_revoked_service_is_gone_and_its_key_says_why() {
    let town = Town::found().await;
    let (id, key) = declare(&town, &town.ada, "MINER").await;
    let mut connection =
        town.identity.authenticate_miner("ada@example.org", &key).unwrap().connect([192, 0, 2, 1].into());
    let path = format!("{SERVICES}/{id}");
    let revoke = async |member: &Member| town.send(Method::DELETE, &path, &member.token, None).await;
    assert_eq!(revoke(&town.bob).await.code(), "not_found");
    assert_eq!(revoke(&town.ada).await.status, StatusCode::NO_CONTENT);
    assert_eq!(connection.ended().await, KeyEnd::Revoked);
    assert_eq!(revoke(&town.ada).await.code(), "not_found");
    assert_eq!(town.post(&format!("{path}/key"), &town.ada, json!(null)).await.code(), "not_found");
    assert_eq!(town.get(SERVICES, &town.ada).await.ok()["services"], json!([]));
    assert_eq!(why(&town, "ada@example.org", &key), Some(KeyEnd::Revoked.into()));
    let reopened = open_identity(&town.ledger, Default::default()).await;
    assert_eq!(reopened.authenticate_miner("ada@example.org", &key).err(), Some(KeyEnd::Revoked.into()));
    assert_eq!(town.send(Method::DELETE, &format!("{SERVICES}/x"), &town.ada.token, None).await.code(), "not_found");
    assert_eq!(town.post(SERVICES, &town.ada, json!({ "role": "BANKER" })).await.code(), "malformed_request");
}

#[tokio::test]
async fn a_registered_service_is_seen_where_it_says_it_is() {
    let town = Town::found().await;
    let (_, key) = declare(&town, &town.ada, "MINER").await;
    let from = IpAddr::from([192, 0, 2, 9]);
    let register = |host: &str, port, role| town.identity.register(from, host, port, role);
    for host in ["", "rig\n", "my rig", &"x".repeat(254)] {
        assert!(matches!(register(host, 4_000, ServiceRole::Miner), Err(ServiceRefusal::Host)), "{host:?}");
    }
    assert!(matches!(register("rig", 0, ServiceRole::Miner), Err(ServiceRefusal::Port)));
    let token = register("rig.example.org", 4_000, ServiceRole::Miner).unwrap();
    let shows = |token: &str, owner: &str, key: &str| town.identity.auth_service(from, token, owner, key);
    assert!(matches!(shows(&key, "ada@example.org", &key), Err(ServiceRefusal::NotRegistered)));
    let wrong = shows(&token, "bob@example.org", &key);
    assert!(matches!(wrong, Err(ServiceRefusal::Key(KeyRefusal::WrongOwner))));
    let other = register("rig.example.org", 4_000, ServiceRole::Qwinner).unwrap();
    let wrong = shows(&other, "ada@example.org", &key);
    assert!(matches!(wrong, Err(ServiceRefusal::Key(KeyRefusal::WrongRole { .. }))));
    assert_eq!(session(&town, &town.ada).services().services[0].status, ServiceStatus::Sleeping);
    shows(&token, "ada@example.org", &key).unwrap();
    let service = session(&town, &town.ada).services().services.remove(0);
    assert_eq!(service.status, ServiceStatus::Active);
    assert_eq!(
        (service.host.as_deref(), service.address.as_deref()),
        (Some("rig.example.org:4000"), Some("192.0.2.9"))
    );
    // It is written down before whatever is asked for next, and known after a restart, but not as active.
    tokio::task::yield_now().await;
    declare(&town, &town.bob, "MINER").await;
    let reopened = open_identity(&town.ledger, Default::default()).await;
    let after = reopened.session(&town.ada.token).unwrap().into_member().unwrap().services().services.remove(0);
    assert_eq!((after.status, after.seen_ms, after.host), (ServiceStatus::Sleeping, service.seen_ms, service.host));
}
