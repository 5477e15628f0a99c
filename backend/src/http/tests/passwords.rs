//! Signing in, passwords, and recovery.

use super::*;
use crate::identity::testing::secrets;
use qoin_core::api::bytes::Bytes;
use qoin_core::api::recovery::{Recover, RecoveryChallenge};
use qoin_core::api::sessions::{PasswordParameters, ReplacePassword, SessionOpened};
use qoin_core::keys::Purpose;
use qoin_core::unicode::Tables;
use qoin_core::vault::{Root, Salt};

const NEW_KEY: [u8; 32] = [77; 32];

fn replacement(member: &Member, rotation: Option<SignedTransaction>) -> ReplacePassword {
    ReplacePassword {
        current_authentication_key: Bytes(member.authentication_key),
        secrets: secrets(member.seed, member.address, NEW_KEY),
        rotation,
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_are_answered_alike() {
    let town = Town::found().await;
    let opened = town.sign_in(" Ada@Example.org ", town.ada.authentication_key).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let wrong = town.sign_in("ada@example.org", [0; 32]).await;
    let unknown = town.sign_in("nobody@example.org", [0; 32]).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "wrong_credentials"));
    assert_eq!(wrong.json, unknown.json);
    assert_eq!(town.sign_in("nobody", [0; 32]).await.code(), "invalid_email");

    let ask = async |email: &str| town.ask("/api/v1/auth/parameters", json!({ "email": email })).await.ok();
    let (ada, nobody) = (ask("ada@example.org").await, ask("nobody@example.org").await);
    assert_eq!(ada["salt"], "03".repeat(16));
    assert_eq!(nobody, ask("Nobody@example.org").await);
    assert_ne!(nobody["salt"], ask("noone@example.org").await["salt"]);
    assert_eq!(nobody["parameters"], ada["parameters"]);
    assert_eq!(nobody["salt"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn failed_sign_ins_are_limited_and_an_administrator_here_is_not_locked_out_from_elsewhere() {
    let town = Town::found().await;
    let from = async |address: &str, key: [u8; 32]| {
        let body = json!({ "email": "admin@example.org", "authentication_key": hex::encode(key) });
        let request = Request::post("/api/v1/sessions").header("x-forwarded-for", address);
        town.raw(request.body(Body::from(body.to_string())).unwrap()).await
    };
    for _ in 0..10 {
        assert_eq!(from("192.0.2.1", [0; 32]).await.code(), "wrong_credentials");
    }
    let refused = from("192.0.2.2", town.admin.authentication_key).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "too_many_requests"));
    assert!(refused.headers.contains_key("retry-after"));
    town.sign_in("admin@example.org", town.admin.authentication_key).await.ok();
    town.sign_in("ada@example.org", town.ada.authentication_key).await.ok();
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let town = Town::found().await;
    let other = town.sign_in(&town.ada.email, town.ada.authentication_key).await.ok();
    let other = other["token"].as_str().unwrap().to_string();
    let mut wrong = replacement(&town.ada, None);
    wrong.current_authentication_key = Bytes([0; 32]);
    assert_eq!(town.post("/api/v1/account/password", &town.ada, &wrong).await.code(), "wrong_credentials");

    let view = town.post("/api/v1/account/password", &town.ada, replacement(&town.ada, None)).await.ok();
    assert_eq!(view, town.get("/api/v1/sessions/current", &town.ada).await.ok());
    let ended = town.send(Method::GET, "/api/v1/account", &other, None).await;
    assert_eq!(ended.code(), "session_expired");
    assert_eq!(town.sign_in(&town.ada.email, town.ada.authentication_key).await.code(), "wrong_credentials");
    town.sign_in(&town.ada.email, NEW_KEY).await.ok();
    // So it is after a restart.
    let identity = open_identity(&town.ledger, Default::default()).await;
    let town = Town { router: open_router(&town.ledger, &identity, &town.mining, &town.stopping), identity, ..town };
    town.get("/api/v1/account", &town.ada).await.ok();
    assert_eq!(town.send(Method::GET, "/api/v1/account", &other, None).await.code(), "session_expired");
}

#[tokio::test]
async fn a_first_password_is_replaced_together_with_the_key() {
    let town = Town::found().await;
    let mut eve = Member::new("eve@example.org", 30, town.ada.genesis);
    let key = eve.authentication_key;
    eve.token = town.identity.add_for_test(&eve.email, Role::Member, eve.seed, key, true).await.unwrap();
    assert_eq!(town.get("/api/v1/sessions/current", &eve).await.ok()["member"]["first_password"], true);
    assert_eq!(town.get("/api/v1/account", &eve).await.code(), "forbidden");

    let new_key = SecretKey::from_seed(&[31; 32]);
    let rotate = Operation::RotateKey { public_key: new_key.public_key() };
    let without = town.post("/api/v1/account/password", &eve, replacement(&eve, None)).await;
    assert_eq!(without.code(), "malformed_request");
    let foreign = town.ada.sign(rotate.clone(), town.payment_id(), None);
    let foreign = town.post("/api/v1/account/password", &eve, replacement(&eve, Some(foreign))).await;
    assert_eq!(foreign.code(), "foreign_signer");
    let mut forged = eve.sign(rotate.clone(), town.payment_id(), None);
    forged.signature = town.ada.sign(rotate.clone(), town.payment_id(), None).signature;
    let forged = town.post("/api/v1/account/password", &eve, replacement(&eve, Some(forged))).await;
    assert_eq!(forged.code(), "wrong_signature");
    assert_eq!(town.get("/api/v1/account", &eve).await.code(), "forbidden");

    let rotation = eve.sign(rotate, town.payment_id(), None);
    let view = town.post("/api/v1/account/password", &eve, replacement(&eve, Some(rotation))).await.ok();
    assert_eq!(view["member"]["first_password"], false);
    let account = town.get("/api/v1/account", &eve).await.ok();
    assert_eq!(account["public_key"], new_key.public_key().to_string());
}

#[tokio::test]
async fn a_member_made_by_an_administrator_signs_in_with_the_first_password() {
    let town = Town::found().await;
    let create = |email: &str, password: &str| json!({ "name": "Eve", "email": email, "password": password });
    let made = town.post("/api/v1/admin/members", &town.admin, create("eve@example.org", "correct horse")).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let eve = made.ok();
    for (email, password, code) in [
        ("eve@example.org", "correct horse", "email_taken"),
        ("eva@example.org", "short", "invalid_password"),
        ("eva", "correct horse", "invalid_email"),
    ] {
        assert_eq!(town.post("/api/v1/admin/members", &town.admin, create(email, password)).await.code(), code);
    }

    let asked = town.ask("/api/v1/auth/parameters", json!({ "email": "eve@example.org" })).await.ok();
    let PasswordParameters { salt, parameters } = serde_json::from_value(asked).unwrap();
    let root = Root::derive("correct horse", &Salt::from_bytes(salt.0), &parameters, &Tables).unwrap();
    let opened = town.sign_in("eve@example.org", *root.authentication_key().as_bytes()).await.ok();
    let opened: SessionOpened = serde_json::from_value(opened).unwrap();
    let me = &opened.session.member;
    assert!(me.first_password);
    assert_eq!(json!(me.address), eve["address"]);
    let seed = opened.session.vault.open(&root.wrapping_key(), me.address, &parameters).unwrap();
    assert_eq!(Address::of(&SecretKey::from_seed(seed.as_bytes()).public_key()), me.address);
    assert!(town.ledger.read().account(&me.address).is_some());
}

#[tokio::test]
async fn the_recovery_words_set_a_new_password_and_end_all_sessions() {
    let town = Town::found().await;
    let challenge = async |email: &str| -> RecoveryChallenge {
        let answer = town.ask("/api/v1/recovery/challenge", json!({ "email": email })).await;
        serde_json::from_value(answer.ok()).unwrap()
    };
    let proof = |challenge: &RecoveryChallenge, by: &Member| Recover {
        email: town.ada.email.clone(),
        challenge: challenge.challenge,
        signature: by.key().sign(Purpose::Recovery, &by.genesis, &challenge.challenge.0),
        secrets: secrets(town.ada.seed, town.ada.address, NEW_KEY),
    };
    let given = challenge("ada@example.org").await;
    assert_eq!(given.address, town.ada.address);
    // A wrong proof uses the challenge up.
    assert_eq!(town.ask("/api/v1/recovery", proof(&given, &town.bob)).await.code(), "wrong_credentials");
    assert_eq!(town.ask("/api/v1/recovery", proof(&given, &town.ada)).await.code(), "wrong_credentials");
    let foreign = challenge("bob@example.org").await;
    assert_eq!(town.ask("/api/v1/recovery", proof(&foreign, &town.ada)).await.code(), "wrong_credentials");
    let nobody = challenge("nobody@example.org").await;
    assert_eq!(nobody.address, challenge("nobody@example.org").await.address);
    town.get("/api/v1/account", &town.ada).await.ok();

    let given = challenge("ada@example.org").await;
    let answer = town.ask("/api/v1/recovery", proof(&given, &town.ada)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let token = answer.ok()["token"].as_str().unwrap().to_string();
    town.send(Method::GET, "/api/v1/account", &token, None).await.ok();
    assert_eq!(town.get("/api/v1/account", &town.ada).await.code(), "session_expired");
    assert_eq!(town.sign_in(&town.ada.email, town.ada.authentication_key).await.code(), "wrong_credentials");
    town.sign_in(&town.ada.email, NEW_KEY).await.ok();
}
