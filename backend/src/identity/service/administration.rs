//! What administrators see of all services, and the budgets that they set.

use super::super::error::{IdentityError, Refusal};
use super::super::granted::{Granted, Recorded, right};
use super::super::people::People;
use super::known::Service;
use super::{live_record, put_record};
use crate::audit::Action;
use crate::ledger::Change;
use crate::store::{Batch, Snapshot};
use qoin_core::{
    api::services::{DeclaredService, DeclaredServicesPage, ServiceRole, SetBudget},
    audit::{AuditAction, AuditChange, AuditTarget},
};

impl Granted<right::ViewNetwork> {
    /// All members' services, oldest first, from behind the one with the number `after`.
    pub fn declared_services(&self, after: Option<u64>, limit: usize) -> DeclaredServicesPage {
        let (people, now_ms) = (self.identity.people(), self.identity.now_ms());
        let mut found = people.services.after(after).filter_map(|service| declared(&people, service, now_ms));
        let services: Vec<DeclaredService> = found.by_ref().take(limit).collect();
        let next = services.last().filter(|_| found.next().is_some()).map(|last| last.service.id);
        DeclaredServicesPage { services, next }
    }
}

impl Granted<right::SetBudgets> {
    /// Sets what a `QWINNER` may give in a day.
    ///
    /// # Errors
    /// When there is no such service, it is no `QWINNER`, or its budget is not the one that the caller saw.
    pub async fn set_budget(&self, number: u64, request: SetBudget) -> Result<DeclaredService, IdentityError> {
        let SetBudget { per_day, before, reason } = request;
        let reason = super::super::reason(&reason)?;
        let change = move |snapshot: &dyn Snapshot| {
            let mut record = live_record(snapshot, number)?;
            if record.role != ServiceRole::Qwinner {
                return Err(Refusal::NoBudget(record.role).into());
            }
            if record.budget != before {
                let (what, version) = (format!("the budget of service {number}"), record.revision);
                return Err(IdentityError::from(Refusal::EditConflict { what, version }));
            }
            record.budget = per_day;
            let mut batch = Batch::new();
            put_record(&mut batch, number, &mut record);
            let action = Action::new(AuditAction::BudgetSet, AuditTarget::Service { number })
                .changing([AuditChange::new("per_day", before, per_day)])
                .because(reason);
            Ok(Recorded { change: Change { batch, transaction: None, answer: record }, actions: vec![action] })
        };
        let record = self.commit(change).await?;
        let mut people = self.identity.people_mut();
        people.services.show(number, record);
        let service = people.services.get(number).ok_or(Refusal::NoService(number))?;
        declared(&people, service, self.identity.now_ms()).ok_or_else(|| Refusal::NoService(number).into())
    }
}

fn declared(people: &People, service: &Service, now_ms: u64) -> Option<DeclaredService> {
    Some(DeclaredService { owner: people.member(service.record.owner)?.view(), service: service.view(now_ms) })
}
