//! A `QWINNER` rewards contributions out of the system account: each once, and no more in a day than its budget.

use super::super::error::{IdentityError, Refusal};
use super::super::record::{ContributionRecord, ServiceRecord, to_bytes};
use super::super::token::{TokenHash, random};
use super::super::{Identity, stored};
use super::known::{KeyEnd, Service};
use super::{KeyRefusal, put_record, record};
use crate::ledger::{Accepted, ChangeError, Paid, SystemPayment};
use crate::store::{Batch, Snapshot, Table};
use qoin_core::{
    address::Address,
    amount::Amount,
    api::contributions::{CONTRIBUTION_ID_CHARACTERS_MAX, Contribute},
    api::services::{ServiceBudget, ServiceRole},
    hash::tagged_sha256d,
    memo::Memo,
    payment_id::PaymentId,
    transaction::Operation,
};
use std::net::IpAddr;
use std::sync::Arc;
use thiserror::Error;

/// How many contributions of a service may be on their way at once.
pub(super) const UNDER_WAY_MAX: usize = 16;

/// A `QWINNER` that has shown its key: may reward contributions.
pub struct Qwinner {
    identity: Identity,
    service: Arc<Service>,
    /// What it showed: a newer key ends what the older one began.
    key: TokenHash,
}

/// A rewarded contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contributed {
    /// The account that was credited.
    pub recipient: Address,
    /// With how much.
    pub amount: Amount,
    /// The payment, which may have been made before.
    pub accepted: Accepted,
    /// What the service may still give.
    pub budget: ServiceBudget,
}

/// A contribution whose fields were read.
struct Wanted {
    recipient: Address,
    amount: Amount,
    memo: Memo,
    /// Its key in the store.
    key: Vec<u8>,
    /// Its reason's hash.
    reason: [u8; 32],
}

/// Why a contribution is not paid now.
#[derive(Debug, Error)]
enum NotNow {
    #[error("it was paid before")]
    Before(ContributionRecord),
    #[error(transparent)]
    Refused(#[from] IdentityError),
}

impl Identity {
    /// The `QWINNER` with this key.
    ///
    /// # Errors
    /// When the key is not that of a `QWINNER`.
    pub fn qwinner(&self, from: IpAddr, key: &str) -> Result<Qwinner, KeyRefusal> {
        let service = self.service_with_key(key)?;
        service.check_role(ServiceRole::Qwinner)?;
        if service.presence.call(from, None, self.now_ms()) {
            self.keep_sight(&service);
        }
        Ok(Qwinner { identity: self.clone(), key: service.record.key.hash, service })
    }
}

impl Qwinner {
    /// Credits a member for a contribution. One that was rewarded before is answered as the first time.
    ///
    /// # Errors
    /// When a field is none, the name was used for another contribution, or the budget does not allow it.
    pub async fn contribute(&self, request: Contribute) -> Result<Contributed, IdentityError> {
        let _place = self.service.contributing.try_acquire().map_err(|_| Refusal::TooMany {
            what: "contributions of this service on their way",
            max: UNDER_WAY_MAX,
            remedy: "wait for their answers",
        })?;
        let wanted = self.read(request)?;
        let ledger = &self.identity.0.ledger;
        // What is refused, or was paid before, need not bother the writer.
        let (now_ms, snapshot) = (self.identity.now_ms(), ledger.read().snapshot()?);
        match self.looked_up(&*snapshot, &wanted, now_ms) {
            Ok(_) => {}
            Err(NotNow::Before(record)) => return self.paid_before(&record, &wanted),
            Err(NotNow::Refused(error)) => return Err(error),
        }
        drop(snapshot);
        let operation = Operation::Transfer { to: wanted.recipient, amount: wanted.amount };
        let payment_id = PaymentId::new(now_ms, random()?);
        let payment = SystemPayment { operation, payment_id, memo: Some(wanted.memo.clone()) };
        let signed = ledger.sign(vec![payment]).await?;
        let (qwinner, wanted) = (self.clone(), Arc::new(wanted));
        let paying = wanted.clone();
        let paid = ledger.submit_with(signed, move |snapshot, number| qwinner.pay(snapshot, &paying, number, now_ms));
        match paid.await {
            Ok(Paid::Now(accepted, record)) => {
                self.identity.people_mut().services.show(self.service.number, record);
                Ok(self.answer(wanted.recipient, wanted.amount, accepted))
            }
            // A payment id of 80 random bits that was there before.
            Ok(Paid::Before(_)) => Err(Refusal::ContributionConflict.into()),
            Err(ChangeError::Refused(NotNow::Before(record))) => self.paid_before(&record, &wanted),
            Err(ChangeError::Refused(NotNow::Refused(error))) => Err(error),
            Err(ChangeError::Ledger(error)) => Err(error.into()),
        }
    }

    fn clone(&self) -> Self {
        Self { identity: self.identity.clone(), service: self.service.clone(), key: self.key }
    }

    fn read(&self, request: Contribute) -> Result<Wanted, IdentityError> {
        let Contribute { to, amount, reason, contribution_id } = request;
        let characters = contribution_id.chars().count();
        if !(1..=CONTRIBUTION_ID_CHARACTERS_MAX).contains(&characters) || contribution_id.chars().any(char::is_control)
        {
            return Err(Refusal::ContributionId.into());
        }
        let people = self.identity.people();
        let member = match to.parse::<Address>() {
            Ok(address) => people.member_of_address(&address),
            Err(_) => qoin_core::validate::email(&to).ok().and_then(|email| people.member_of_email(&email)),
        };
        let recipient =
            member.ok_or_else(|| Refusal::UnknownContributor(to.chars().take(80).collect()))?.record.address;
        let memo = Memo::new(reason, random()?).map_err(Refusal::from)?;
        let mut key = self.service.number.to_be_bytes().to_vec();
        key.extend(tagged_sha256d("qoin/contribution-id", &[contribution_id.as_bytes()]));
        let reason = tagged_sha256d("qoin/contribution-reason", &[memo.text().as_bytes()]);
        Ok(Wanted { recipient, amount, memo, key, reason })
    }

    /// The service's record with the contribution counted, if it may be paid.
    fn looked_up(&self, snapshot: &dyn Snapshot, wanted: &Wanted, now_ms: u64) -> Result<ServiceRecord, NotNow> {
        if let Some(before) = stored::one(snapshot, Table::Contributions, &wanted.key).map_err(IdentityError::from)? {
            return Err(NotNow::Before(before));
        }
        let mut record = record(snapshot, self.service.number)?;
        if record.revoked_ms.is_some() {
            return Err(ended(KeyEnd::Revoked));
        }
        if record.key.hash != self.key {
            return Err(ended(KeyEnd::Refreshed));
        }
        let spent = record.spent.and(wanted.amount, now_ms);
        let spent = spent.filter(|spent| spent.on(now_ms) <= record.budget).ok_or_else(|| {
            let decimals = self.identity.0.ledger.genesis().genesis.decimals;
            let left = record.budget.checked_sub(record.spent.on(now_ms)).unwrap_or(Amount::ZERO);
            let (per_day, left) = (record.budget.display(decimals).to_string(), left.display(decimals).to_string());
            IdentityError::from(Refusal::BudgetExceeded { per_day, left })
        })?;
        record.spent = spent;
        Ok(record)
    }

    /// What is written with the payment, which becomes the record `number`.
    fn pay(
        &self,
        snapshot: &dyn Snapshot,
        wanted: &Wanted,
        number: u64,
        now_ms: u64,
    ) -> Result<(Batch, ServiceRecord), NotNow> {
        let mut record = self.looked_up(snapshot, wanted, now_ms)?;
        let Wanted { recipient, amount, reason, .. } = *wanted;
        let paid = ContributionRecord { recipient, amount, reason, number, paid_ms: now_ms };
        let mut batch = Batch::new();
        batch.put(Table::Contributions, wanted.key.clone(), to_bytes(&paid));
        put_record(&mut batch, self.service.number, &mut record);
        Ok((batch, record))
    }

    /// The answer to a contribution that was paid before.
    fn paid_before(&self, before: &ContributionRecord, wanted: &Wanted) -> Result<Contributed, IdentityError> {
        let ContributionRecord { recipient, amount, reason, number, .. } = *before;
        if (recipient, amount, reason) != (wanted.recipient, wanted.amount, wanted.reason) {
            return Err(Refusal::ContributionConflict.into());
        }
        let ledger = &self.identity.0.ledger;
        let missing = || super::super::Failure::Missing(format!("the record {number} of a contribution"));
        let record = ledger.read().record(number)?.ok_or_else(missing)?.record;
        let id = record.signed.transaction.id(&ledger.genesis().hash);
        let block = ledger.read().height_of(number);
        let accepted = Accepted { number, accepted_us: record.accepted_us, id, block, repeated: true };
        Ok(self.answer(recipient, amount, accepted))
    }

    fn answer(&self, recipient: Address, amount: Amount, accepted: Accepted) -> Contributed {
        let people = self.identity.people();
        let service = people.services.get(self.service.number).unwrap_or(&self.service);
        let budget = service.budget(self.identity.now_ms());
        Contributed { recipient, amount, accepted, budget }
    }
}

fn ended(end: KeyEnd) -> NotNow {
    NotNow::Refused(Refusal::Key(end.into()).into())
}
