//! TLS on the same port.

use super::*;
use crate::tls::testing::Files;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring},
};

#[tokio::test]
async fn a_miner_may_encrypt_or_not() {
    let files = Files::make();
    let leader = Leader::with(16, Settings::default(), Some(files.acceptor())).await;
    let mut roots = RootCertStore::empty();
    roots.add(files.certificate().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(leader.address).await.unwrap();
    let mut encrypted = Client::new(connector.connect("localhost".try_into().unwrap(), stream).await.unwrap());
    encrypted.begin("stock", &leader.town.bob.email, &leader.town.bob.service_key).await;
    let mut plain = leader.anonymous("stock").await;
    leader.town.pay(2_000).await;
    let job = encrypted.job().await;
    assert!(plain.job().await.clean);
    let good = nonce(&encrypted.header(&job, [0; 4]), block_difficulty(&job), true);
    assert_eq!(encrypted.submit(&job, [0; 4], job.time, good).await, Ok(json!(true)));
    assert_eq!(leader.town.balance(&leader.town.bob), 2_000 + 100);
    // What only begins like TLS disturbs nobody.
    let mut broken = TcpStream::connect(leader.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut broken, &[0x16, 3, 1, 0, 5, 0, 0, 0, 0, 0]).await.unwrap();
    let mut client = Client::new(broken);
    client.read_to_end().await;
    assert_eq!(plain.ask("mining.ping", json!([])).await, Ok(json!("pong")));
}
