//! Someone who joins: invited, then member, vault and account in one.

use anyhow::{Context, Result};
use qoin_core::{
    address::Address,
    api::{
        bytes::Bytes,
        invitations::{ACCEPT_INVITATION_PATH, AcceptInvitation, INVITATIONS_PATH, InvitationMade, Invite},
        problem::ProblemCode,
        sessions::{NewSecrets, PasswordParameters, Role, SESSIONS_PATH, SessionOpened, SignIn},
    },
    hash::GenesisHash,
    keys::SecretKey,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
    vault::{KdfParameters, Seed, Vault, WrappingKey},
};
use qoin_tests::{Api, Member, Refusal, member::random};

/// What a newcomer's browser made. The password's keys are chosen at random: the leader cannot tell, and deriving them
/// would take most of a round's time.
pub struct Newcomer {
    pub address: Address,
    email: String,
    key: SecretKey,
    genesis: GenesisHash,
    secrets: NewSecrets,
    open_account: SignedTransaction,
    token: Option<String>,
    /// Whether the leader has said that the account is made.
    pub told: bool,
}

impl Newcomer {
    pub fn prepare(name: &str, genesis: GenesisHash, now_ms: u64) -> Self {
        let seed = Seed::from_bytes(random());
        let key = SecretKey::from_seed(seed.as_bytes());
        let address = Address::of(&key.public_key());
        let parameters = KdfParameters::MINIMUM;
        let vault = Vault::seal(&seed, &WrappingKey::from_bytes(random()), address, &parameters, random());
        let password = PasswordParameters { salt: Bytes(random()), parameters };
        let secrets = NewSecrets { password, authentication_key: Bytes(random()), vault };
        let operation = Operation::OpenAccount { public_key: key.public_key() };
        let opening = Transaction::new(address, operation, PaymentId::new(now_ms, random()), None);
        let open_account = opening.sign(&key, &genesis);
        let email = format!("{name}@example.org");
        Self { address, email, key, genesis, secrets, open_account, token: None, told: false }
    }

    /// Has an administrator make the invitation.
    pub async fn be_invited(&mut self, administrator: &Member) -> Result<(), Refusal> {
        let invite = Invite { name: self.email.clone(), email: self.email.clone(), role: Role::Member };
        let InvitationMade { token, .. } = administrator.api.post(INVITATIONS_PATH, &invite).await?;
        self.token = Some(token);
        Ok(())
    }

    /// Opens the invitation, if there is one.
    pub async fn accept(&mut self, api: &Api) -> Result<(), Refusal> {
        let Some(token) = self.token.clone() else { return Ok(()) };
        let accept = AcceptInvitation {
            token,
            name: self.email.clone(),
            secrets: self.secrets.clone(),
            open_account: self.open_account.clone(),
        };
        let _opened: SessionOpened = api.post(ACCEPT_INVITATION_PATH, &accept).await?;
        self.told = true;
        Ok(())
    }

    /// The member, if the leader knows it.
    pub async fn sign_in(&self, api: &Api) -> Result<Option<Member>> {
        let sign_in = SignIn { email: self.email.clone(), authentication_key: self.secrets.authentication_key };
        let opened: SessionOpened = match api.post(SESSIONS_PATH, &sign_in).await {
            Ok(opened) => opened,
            Err(refusal @ Refusal::Broken(_)) => return Err(refusal.into()),
            Err(refusal) if refusal.code() == ProblemCode::WrongCredentials => return Ok(None),
            Err(refusal) => return Err(refusal.into()),
        };
        let token = opened.token.context("the leader's own door tells the token")?;
        Ok(Some(Member {
            api: api.with_token(&token),
            address: self.address,
            key: self.key.clone(),
            genesis: self.genesis,
            email: self.email.clone(),
        }))
    }
}
