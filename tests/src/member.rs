//! A member as a test plays one: does what the wallet does, with the same rules.

use crate::api::{Api, Refusal};
use anyhow::{Context, Result};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::{
        account::{ACCOUNT_PATH, AccountView, HISTORY_PATH, HistoryPage, Movement},
        admin::{ADMIN_MEMBERS_PATH, CREDITS_PATH, CreateMember, Credit},
        bytes::Bytes,
        currency::{CURRENCY_PATH, CurrencyView, SUPPLY_PATH, SupplyView},
        invitations::{ACCEPT_INVITATION_PATH, AcceptInvitation, INVITATIONS_PATH, InvitationMade, Invite},
        members::MemberView,
        sessions::{
            NewSecrets, PARAMETERS_PATH, PASSWORD_PATH, ParametersRequest, PasswordParameters, ReplacePassword, Role,
            SESSIONS_PATH, SessionOpened, SessionView, SignIn,
        },
        transactions::{AcceptedView, SubmitTransaction, TRANSACTIONS_PATH},
    },
    hash::GenesisHash,
    keys::SecretKey,
    memo::Memo,
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
    unicode::Tables,
    vault::{KdfParameters, Root, Salt, Seed, Vault},
};

/// A member with a live session and the key in memory.
pub struct Member {
    /// The API with the member's token.
    pub api: Api,
    /// The account.
    pub address: Address,
    /// The account's key.
    pub key: SecretKey,
    /// The chain that is signed for.
    pub genesis: GenesisHash,
    /// The e-mail address.
    pub email: String,
}

/// `N` bytes from the system's random source.
///
/// # Panics
/// When the system has none.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    bytes
}

/// An amount of whole units at the default of two decimals.
///
/// # Panics
/// When the text is not an amount.
pub fn units(text: &str) -> Amount {
    Amount::parse(text, 2.try_into().expect("two is allowed")).expect("a test writes amounts well")
}

impl Member {
    /// Signs in with a password, as the browser does.
    ///
    /// # Errors
    /// When it is refused, or the vault does not open.
    pub async fn sign_in(api: &Api, email: &str, password: &str) -> Result<Self> {
        let parameters = ParametersRequest { email: email.to_owned() };
        let PasswordParameters { salt, parameters } = api.post(PARAMETERS_PATH, &parameters).await?;
        let root = derive(password, Salt::from_bytes(salt.0), parameters).await?;
        let authentication_key = Bytes(*root.authentication_key().as_bytes());
        let opened: SessionOpened =
            api.post(SESSIONS_PATH, &SignIn { email: email.to_owned(), authentication_key }).await?;
        let address = opened.session.member.address;
        let seed = opened.session.vault.open(&root.wrapping_key(), address, &parameters)?;
        Self::with_session(api, opened, SecretKey::from_seed(seed.as_bytes())).await
    }

    /// Invites someone and opens the invitation for them: a new member with an open account.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn invite(&self, name: &str, password: &str) -> Result<Self> {
        let email = format!("{}@example.org", name.to_lowercase());
        let invite = Invite { name: name.to_owned(), email, role: Role::Member };
        let InvitationMade { token, .. } = self.api.post(INVITATIONS_PATH, &invite).await?;
        Self::join(&self.api, &token, name, password).await
    }

    /// Opens an invitation: a new member with an open account.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn join(api: &Api, token: &str, name: &str, password: &str) -> Result<Self> {
        let anyone = Api::at(api.base());
        let genesis = anyone.get::<CurrencyView>(CURRENCY_PATH).await?.genesis_hash;
        let seed = Seed::from_bytes(random());
        let key = SecretKey::from_seed(seed.as_bytes());
        let public_key = key.public_key();
        let address = Address::of(&public_key);
        let secrets = new_secrets(&seed, address, password).await?;
        let payment_id = PaymentId::new(leader_time_ms(&anyone).await?, random());
        let opening = Transaction::new(address, Operation::OpenAccount { public_key }, payment_id, None);
        let open_account = opening.sign(&key, &genesis);
        let accept = AcceptInvitation { token: token.to_owned(), name: name.to_owned(), secrets, open_account };
        let opened: SessionOpened = anyone.post(ACCEPT_INVITATION_PATH, &accept).await?;
        Self::with_session(&anyone, opened, key).await
    }

    /// Makes a member with a first password, as an administrator, and replaces that as the member's first sign-in does:
    /// with a new key, and a rotation that the first one signed.
    ///
    /// # Errors
    /// When anything is refused.
    pub async fn create(&self, name: &str, first_password: &str, password: &str) -> Result<Self> {
        let email = format!("{}@example.org", name.to_lowercase());
        let anyone = Api::at(self.api.base());
        let create = CreateMember {
            name: name.to_owned(),
            email: email.clone(),
            password: first_password.to_owned(),
            role: Role::Member,
        };
        let MemberView { address, .. } = self.api.post(ADMIN_MEMBERS_PATH, &create).await?;
        let member = Self::sign_in(&anyone, &email, first_password).await?;
        let PasswordParameters { salt, parameters } =
            anyone.post(PARAMETERS_PATH, &ParametersRequest { email: email.clone() }).await?;
        let current = derive(first_password, Salt::from_bytes(salt.0), parameters).await?;
        let seed = Seed::from_bytes(random());
        let key = SecretKey::from_seed(seed.as_bytes());
        let rotate = Operation::RotateKey { public_key: key.public_key() };
        let rotation = Transaction::new(address, rotate, member.new_payment_id().await?, None);
        let replace = ReplacePassword {
            current_authentication_key: Bytes(*current.authentication_key().as_bytes()),
            secrets: new_secrets(&seed, address, password).await?,
            rotation: Some(member.sign(rotation)),
        };
        let _replaced: SessionView = member.api.post(PASSWORD_PATH, &replace).await?;
        Ok(Self { key, ..member })
    }

    async fn with_session(api: &Api, opened: SessionOpened, key: SecretKey) -> Result<Self> {
        let token = opened.token.context("the leader's own door tells the token")?;
        let currency: CurrencyView = api.get(CURRENCY_PATH).await?;
        let me = opened.session.member;
        Ok(Self {
            api: api.with_token(&token),
            address: me.address,
            key,
            genesis: currency.genesis_hash,
            email: me.email,
        })
    }

    /// A payment id of this moment, by the leader's clock.
    ///
    /// # Errors
    /// When the leader does not tell its time.
    pub async fn new_payment_id(&self) -> Result<PaymentId> {
        Ok(PaymentId::new(leader_time_ms(&self.api).await?, random()))
    }

    /// Signs a transfer without sending it.
    pub fn transfer(
        &self,
        to: Address,
        amount: Amount,
        payment_id: PaymentId,
        memo: Option<Memo>,
    ) -> SubmitTransaction {
        self.submission(Operation::Transfer { to, amount }, payment_id, memo)
    }

    /// Signs any operation without sending it.
    pub fn submission(&self, operation: Operation, payment_id: PaymentId, memo: Option<Memo>) -> SubmitTransaction {
        let transaction = Transaction::new(self.address, operation, payment_id, memo.as_ref().map(Memo::hash));
        SubmitTransaction { transaction: self.sign(transaction), memo }
    }

    /// Signs a transaction, whatever it says.
    pub fn sign(&self, transaction: Transaction) -> SignedTransaction {
        transaction.sign(&self.key, &self.genesis)
    }

    /// Hands in a signed transaction.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn submit(&self, submission: &SubmitTransaction) -> Result<AcceptedView, Refusal> {
        self.api.post(TRANSACTIONS_PATH, submission).await
    }

    /// Pays someone.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn pay(&self, to: Address, amount: Amount) -> Result<AcceptedView> {
        let payment_id = self.new_payment_id().await?;
        Ok(self.submit(&self.transfer(to, amount, payment_id, None)).await?)
    }

    /// Pays someone out of the system account, as an administrator.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn credit(&self, recipient: Address, amount: Amount) -> Result<AcceptedView> {
        let payment_id = self.new_payment_id().await?;
        Ok(self.api.post(CREDITS_PATH, &Credit { recipient, amount, payment_id, memo: None }).await?)
    }

    /// The account as it is now.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn account(&self) -> Result<AccountView, Refusal> {
        self.api.get(ACCOUNT_PATH).await
    }

    /// The whole history, newest first, page by page.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn history(&self) -> Result<Vec<Movement>, Refusal> {
        let mut movements = Vec::new();
        let mut path = HISTORY_PATH.to_owned();
        loop {
            let page: HistoryPage = self.api.get(&path).await?;
            movements.extend(page.movements);
            match page.next {
                Some(next) => path = format!("{HISTORY_PATH}?before={next}"),
                None => return Ok(movements),
            }
        }
    }

    /// How much money there is.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn supply(&self) -> Result<SupplyView, Refusal> {
        self.api.get(SUPPLY_PATH).await
    }
}

/// The leader's clock, in milliseconds since 1970.
///
/// # Errors
/// When it is refused.
pub async fn leader_time_ms(api: &Api) -> Result<u64, Refusal> {
    api.get::<CurrencyView>(CURRENCY_PATH).await.map(|currency| currency.leader_time_ms)
}

/// What a new password makes for a seed.
///
/// # Errors
/// When the keys cannot be derived.
pub async fn new_secrets(seed: &Seed, address: Address, password: &str) -> Result<NewSecrets> {
    let (salt, parameters) = (random(), KdfParameters::MINIMUM);
    let root = derive(password, Salt::from_bytes(salt), parameters).await?;
    let vault = Vault::seal(seed, &root.wrapping_key(), address, &parameters, random());
    let authentication_key = Bytes(*root.authentication_key().as_bytes());
    Ok(NewSecrets { password: PasswordParameters { salt: Bytes(salt), parameters }, authentication_key, vault })
}

/// Argon2id, off the threads that wait for answers.
async fn derive(password: &str, salt: Salt, parameters: KdfParameters) -> Result<Root> {
    let password = password.to_owned();
    let derived = tokio::task::spawn_blocking(move || Root::derive(&password, &salt, &parameters, &Tables));
    derived.await.context("deriving keys from a password")?.context("deriving keys from a password")
}
