//! From a password to an open key, and back.

use super::{Failure, Phase, RecoveryWords, TabMessage, WalletContext, idle, keep, keys};
use crate::api;
use leptos::{prelude::*, task::spawn_local};
use qoin_core::{
    address::Address,
    api::{
        admin::members::{RecoveryOpened, RecoveryToken, RecoveryUsed, UseRecovery},
        bytes::Bytes,
        invitations::{AcceptInvitation, InvitationOpened},
        problem::ProblemCode,
        recovery::Recover,
        registration::Register,
        sessions::{Me, NewSecrets, ReplacePassword, SessionOpened, SessionView, SignIn},
    },
    keys::{Purpose, SecretKey},
    payment_id::PaymentId,
    transaction::{Operation, SignedTransaction, Transaction},
    vault::Seed,
};
use std::rc::Rc;
use zeroize::Zeroizing;

/// A key and a password's secrets, made in the browser and not yet handed in.
#[derive(Clone)]
pub struct Prepared {
    /// The words to show and to check before handing in.
    pub words: RecoveryWords,
    secrets: NewSecrets,
    open_account: SignedTransaction,
    seed: Seed,
}

/// A new key for an account whose key was lost, made in the browser and not yet handed in.
#[derive(Clone)]
pub struct PreparedRecovery {
    /// The words to show and to check before handing in.
    pub words: RecoveryWords,
    request: UseRecovery,
}

impl WalletContext {
    /// Signs in.
    pub async fn sign_in(&self, email: String, password: String) -> Result<(), Failure> {
        let password = Zeroizing::new(password);
        self.learn_currency().await?;
        let parameters = api::password_parameters(&email).await?;
        let root = keys::derive(&password, &parameters).await?;
        let authentication_key = Bytes(*root.authentication_key().as_bytes());
        let SessionOpened { session, .. } = api::open_session(&SignIn { email, authentication_key }).await?;
        // The member's own parameters seal the vault; they are those asked for, or the vault stays shut.
        let opened = session.vault.open(&root.wrapping_key(), session.member.address, &parameters.parameters);
        let entered = match opened {
            Ok(_) if session.member.first_password => {
                self.await_first_password(session);
                Ok(())
            }
            Ok(seed) => self.enter(session, seed).await,
            Err(_) => Err(Failure::ForeignKey),
        };
        if entered == Err(Failure::ForeignKey) {
            // A session that nothing can be done with; if it cannot be ended now it expires.
            let _ = api::close_session().await;
        }
        entered
    }

    /// Opens the key of the signed-in member. [`Failure::WrongPassword`] if it does not open.
    pub async fn unlock(&self, password: String) -> Result<(), Failure> {
        let password = Zeroizing::new(password);
        let (session, seed) = self.open_vault(&password).await?;
        if session.member.first_password {
            self.await_first_password(session);
            return Ok(());
        }
        self.enter(session, seed).await
    }

    /// The account's recovery words. [`Failure::WrongPassword`] if the password is not the member's.
    pub async fn show_words(&self, password: String) -> Result<RecoveryWords, Failure> {
        let password = Zeroizing::new(password);
        let (_, seed) = self.open_vault(&password).await?;
        Ok(RecoveryWords(seed.words()))
    }

    /// Forgets the key, in all tabs; the session stays.
    pub fn lock(&self) {
        self.lock_here();
        self.tell_tabs(&TabMessage::Locked);
    }

    /// Ends the session, in all tabs. The key is forgotten even if the server cannot be told.
    pub async fn sign_out(&self) -> Result<(), Failure> {
        self.lock_here();
        let closed = api::close_session().await;
        if let Err(failure) = closed
            && failure.code() != Some(ProblemCode::SessionExpired)
        {
            return Err(failure);
        }
        self.forget_session();
        self.tell_tabs(&TabMessage::SignedOut);
        Ok(())
    }

    /// Replaces a password that an administrator set, and with it the key. The phase stays `FirstPassword` until
    /// [`Self::words_noted`], so that the page can show the words.
    pub async fn replace_first_password(&self, current: String, new: String) -> Result<RecoveryWords, Failure> {
        let (current, new) = (Zeroizing::new(current), Zeroizing::new(new));
        let (session, seed) = self.open_vault(&current).await?;
        let next = keys::new_seed()?;
        let operation = Operation::RotateKey { public_key: public_key(&next) };
        let rotation = self.sign(&seed, session.member.address, operation).await?;
        let session = self.replace_password(&session, &current, &new, &next, Some(rotation)).await?;
        self.inner.update_value(|inner| {
            inner.seed = Some(Rc::new(next.clone()));
            inner.session = Some(session);
        });
        Ok(RecoveryWords(next.words()))
    }

    /// The words shown by [`Self::replace_first_password`] were noted: on to `Ready`.
    pub async fn words_noted(&self) -> Result<(), Failure> {
        let (session, seed) = self.inner.with_value(|inner| (inner.session.clone(), inner.seed.clone()));
        let (Some(session), Some(seed)) = (session, seed) else { return Err(Failure::Locked) };
        self.enter(session, (*seed).clone()).await
    }

    /// Sets another password.
    pub async fn change_password(&self, current: String, new: String) -> Result<(), Failure> {
        let (current, new) = (Zeroizing::new(current), Zeroizing::new(new));
        let (session, seed) = self.open_vault(&current).await?;
        let session = self.replace_password(&session, &current, &new, &seed, None).await?;
        self.keep_over_reload(&session, &seed).await;
        self.inner.update_value(|inner| inner.session = Some(session));
        self.tell_tabs(&TabMessage::SessionChanged);
        Ok(())
    }

    /// What an invitation says.
    pub async fn open_invitation(&self, token: String) -> Result<InvitationOpened, Failure> {
        let opened = api::open_invitation(&token).await?;
        self.inner.update_value(|inner| inner.last_email = Some(opened.email.clone()));
        Ok(opened)
    }

    /// Makes a key and a password's secrets, for [`Self::accept_invitation`].
    pub async fn prepare_account(&self, password: String) -> Result<Prepared, Failure> {
        let password = Zeroizing::new(password);
        let seed = keys::new_seed()?;
        let public_key = public_key(&seed);
        let address = Address::of(&public_key);
        let secrets = keys::secrets(&password, &seed, address).await?;
        let open_account = self.sign(&seed, address, Operation::OpenAccount { public_key }).await?;
        Ok(Prepared { words: RecoveryWords(seed.words()), secrets, open_account, seed })
    }

    /// Makes the account and signs in. After a failure the same `prepared` can be handed in again.
    pub async fn accept_invitation(&self, token: String, name: String, prepared: &Prepared) -> Result<(), Failure> {
        let Prepared { secrets, open_account, seed, .. } = prepared.clone();
        let authentication_key = secrets.authentication_key;
        let accepted = api::accept_invitation(&AcceptInvitation { token, name, secrets, open_account }).await;
        let opened = match accepted {
            // Used up: by these very secrets, perhaps, if an earlier answer was lost.
            Err(failure) if failure.code() == Some(ProblemCode::InvitationInvalid) => {
                let email = self.last_email().ok_or_else(|| failure.clone())?;
                api::open_session(&SignIn { email, authentication_key }).await.map_err(|_| failure)?
            }
            answer => answer?,
        };
        self.enter(opened.session, seed).await
    }

    /// Makes an account without an invitation, where everyone can join, and signs in. After a failure the same `prepared`
    /// can be handed in again.
    pub async fn register(&self, email: String, name: String, prepared: &Prepared) -> Result<(), Failure> {
        let Prepared { secrets, open_account, seed, .. } = prepared.clone();
        let authentication_key = secrets.authentication_key;
        let registered = api::register(&Register { name, email: email.clone(), secrets, open_account }).await;
        let opened = match registered {
            // Taken: by these very secrets, perhaps, if an earlier answer was lost.
            Err(failure) if failure.code() == Some(ProblemCode::EmailTaken) => {
                api::open_session(&SignIn { email, authentication_key }).await.map_err(|_| failure)?
            }
            answer => answer?,
        };
        self.enter(opened.session, seed).await
    }

    /// Sets a new password with the recovery words and signs in.
    pub async fn recover(&self, email: String, words: String, new_password: String) -> Result<(), Failure> {
        let (words, new_password) = (Zeroizing::new(words), Zeroizing::new(new_password));
        let seed = Seed::from_words(&words)?;
        let currency = self.learn_currency().await?;
        let challenge = api::recovery_challenge(&email).await?;
        let secrets = keys::secrets(&new_password, &seed, challenge.address).await?;
        let key = SecretKey::from_seed(seed.as_bytes());
        let signature = key.sign(Purpose::Recovery, &currency.genesis_hash, &challenge.challenge.0);
        let opened = api::recover(&Recover { email, challenge: challenge.challenge, signature, secrets }).await?;
        self.enter(opened.session, seed).await
    }

    /// What a recovery's link says.
    pub async fn open_recovery(&self, token: String) -> Result<RecoveryOpened, Failure> {
        api::open_recovery(&RecoveryToken { token }).await
    }

    /// Makes a key and a password's secrets for an account whose key was lost.
    pub async fn prepare_recovery(
        &self,
        token: String,
        address: Address,
        password: String,
    ) -> Result<PreparedRecovery, Failure> {
        let password = Zeroizing::new(password);
        let currency = self.learn_currency().await?;
        let seed = keys::new_seed()?;
        let secrets = keys::secrets(&password, &seed, address).await?;
        let key = SecretKey::from_seed(seed.as_bytes());
        let bytes = keys::token_bytes(&token);
        let signature = key.sign(Purpose::Recovery, &currency.genesis_hash, &bytes);
        let request = UseRecovery { token, secrets, public_key: key.public_key(), signature };
        Ok(PreparedRecovery { words: RecoveryWords(seed.words()), request })
    }

    /// Hands it in. The new key counts from then on.
    pub async fn use_recovery(&self, prepared: &PreparedRecovery) -> Result<RecoveryUsed, Failure> {
        api::use_recovery(&prepared.request).await
    }

    /// Asks who is signed in, and opens the key if it was kept.
    pub(super) async fn find_out(&self) -> Result<(), Failure> {
        self.refresh_currency().await?;
        let session = match api::current_session().await {
            Ok(session) => session,
            Err(failure) if failure.code() == Some(ProblemCode::SessionExpired) => {
                self.forget_session();
                keep::forget().await;
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        if session.member.first_password {
            self.await_first_password(session);
            return Ok(());
        }
        let me = session.member.clone();
        if idle::is_over() {
            keep::forget().await;
        }
        if let Some(seed) = keep::restore(me.address, &session.share).await {
            match self.enter_quietly(session.clone(), seed).await {
                Err(Failure::ForeignKey) => keep::forget().await,
                entered => return entered,
            }
        }
        self.note_session(session);
        self.phase.set(Phase::Locked { me });
        Ok(())
    }

    /// Does what another tab did.
    pub(super) fn hear(self, message: TabMessage) {
        match message {
            TabMessage::Locked => self.lock_here(),
            TabMessage::SignedOut => {
                self.lock_here();
                self.forget_session();
            }
            TabMessage::SessionChanged => spawn_local(async move {
                let held = self.phase.with_untracked(|phase| match phase {
                    Phase::Ready { me } => Some(me.address),
                    _ => None,
                });
                match api::current_session().await {
                    Ok(session) if Some(session.member.address) == held => self.note_session(session),
                    // Unreachable just now: this tab finds out by what it does next.
                    Err(failure) if failure.is_passing() => {}
                    _ => {
                        self.stop_following();
                        let _ = self.find_out().await;
                    }
                }
            }),
        }
    }

    /// Asks whether the session still stands and what it may do: something was refused to the panel.
    pub fn look_at_session(self) {
        spawn_local(async move {
            let Ok(session) = self.heed(api::current_session().await) else { return };
            let told = session.member.clone();
            let changed = |me: &Me| me.address == told.address && *me != told;
            if self.phase.with_untracked(|phase| phase.me().is_some_and(changed)) {
                self.phase.update(|phase| match phase {
                    Phase::Locked { me } | Phase::FirstPassword { me } | Phase::Ready { me } => *me = told,
                    Phase::Starting | Phase::SignedOut | Phase::Unreachable => {}
                });
                self.note_session(session);
            }
        });
    }

    /// The session has ended without this wallet's doing.
    pub(super) fn session_ended(&self) {
        let was_in = self.phase.with_untracked(|phase| phase.me().is_some());
        self.lock_here();
        self.forget_session();
        if was_in {
            self.expired.set(true);
        }
    }

    /// Takes in an opened key and tells the other tabs.
    async fn enter(&self, session: SessionView, seed: Seed) -> Result<(), Failure> {
        self.keep_over_reload(&session, &seed).await;
        let entered = self.enter_quietly(session, seed).await;
        match entered {
            Ok(()) => self.tell_tabs(&TabMessage::SessionChanged),
            Err(_) => keep::forget().await,
        }
        entered
    }

    /// Takes in an opened key, if it is the one that signs for the account.
    async fn enter_quietly(&self, session: SessionView, seed: Seed) -> Result<(), Failure> {
        let turn = self.turn();
        let account = api::account().await?;
        if self.turn() != turn {
            // Locked meanwhile, by another tab: that counts.
            return Err(Failure::Locked);
        }
        if account.address != session.member.address || account.public_key != public_key(&seed) {
            return Err(Failure::ForeignKey);
        }
        let me = session.member.clone();
        idle::touch();
        self.stop_following();
        self.note_session(session);
        self.inner.update_value(|inner| inner.seed = Some(Rc::new(seed)));
        self.expired.set(false);
        self.suspended.set(false);
        self.account.set(Some(account.clone()));
        self.phase.set(Phase::Ready { me });
        self.follow(Some(account));
        Ok(())
    }

    fn await_first_password(&self, session: SessionView) {
        let me = session.member.clone();
        self.note_session(session);
        self.phase.set(Phase::FirstPassword { me });
    }

    fn note_session(&self, session: SessionView) {
        self.inner.update_value(|inner| {
            inner.last_email = Some(session.member.email.clone());
            inner.session = Some(session);
        });
    }

    /// The newest vault of the session, opened. Without an answer from the leader the one that is known is tried.
    async fn open_vault(&self, password: &str) -> Result<(SessionView, Seed), Failure> {
        let known = self.inner.with_value(|inner| inner.session.clone()).ok_or(Failure::Locked)?;
        let session = match self.heed(api::current_session().await) {
            Ok(session) => session,
            Err(failure) if failure.is_passing() => known,
            Err(failure) => return Err(failure),
        };
        let root = keys::derive(password, &session.password).await?;
        let parameters = &session.password.parameters;
        let opened = session.vault.open(&root.wrapping_key(), session.member.address, parameters);
        let seed = opened.map_err(|_| Failure::WrongPassword)?;
        Ok((session, seed))
    }

    /// Hands in new secrets. If the answer is lost, the session tells whether they arrived.
    async fn replace_password(
        &self,
        session: &SessionView,
        current: &str,
        new: &str,
        seed: &Seed,
        rotation: Option<SignedTransaction>,
    ) -> Result<SessionView, Failure> {
        let root = keys::derive(current, &session.password).await?;
        let secrets = keys::secrets(new, seed, session.member.address).await?;
        let vault = secrets.vault.clone();
        let current_authentication_key = Bytes(*root.authentication_key().as_bytes());
        let request = ReplacePassword { current_authentication_key, secrets, rotation };
        match self.heed(api::replace_password(&request).await) {
            Err(failure) if failure.is_passing() => {
                let session = self.heed(api::current_session().await).map_err(|_| failure.clone())?;
                if session.vault == vault { Ok(session) } else { Err(failure) }
            }
            answer => answer,
        }
    }

    /// Signs what does not need an open wallet.
    pub(super) async fn sign(
        &self,
        seed: &Seed,
        signer: Address,
        operation: Operation,
    ) -> Result<SignedTransaction, Failure> {
        let currency = self.learn_currency().await?;
        let payment_id = PaymentId::new(self.leader_now_ms(), keys::random()?);
        let key = SecretKey::from_seed(seed.as_bytes());
        Ok(Transaction::new(signer, operation, payment_id, None).sign(&key, &currency.genesis_hash))
    }

    async fn keep_over_reload(&self, session: &SessionView, seed: &Seed) {
        if let Ok(nonce) = keys::random() {
            // Where it cannot be kept, a reload asks for the password.
            let _ = keep::keep(seed, session.member.address, &session.share, nonce).await;
        }
    }

    fn lock_here(&self) {
        self.stop_following();
        self.inner.update_value(|inner| inner.seed = None);
        if let Some(me) = self.phase.with_untracked(|phase| phase.me().cloned()) {
            self.phase.set(if me.first_password { Phase::FirstPassword { me } } else { Phase::Locked { me } });
        }
        spawn_local(keep::forget());
    }

    fn forget_session(&self) {
        self.inner.update_value(|inner| inner.session = None);
        self.phase.set(Phase::SignedOut);
    }
}

fn public_key(seed: &Seed) -> qoin_core::keys::PublicKey {
    SecretKey::from_seed(seed.as_bytes()).public_key()
}
