//! The name and the e-mail address of someone new.

use crate::{
    locales::{describe, texts},
    ui::{
        El, Field, div,
        field::{Fault, any_fault, fault_of},
    },
    wallet::Failure,
};
use leptos::prelude::*;
use qoin_core::api::problem::ProblemCode;

/// The fields of name and e-mail address with their faults.
#[derive(Clone, Copy)]
pub struct NameAndEmail {
    /// The name as it is written.
    pub name: RwSignal<String>,
    /// The e-mail address as it is written.
    pub email: RwSignal<String>,
    name_fault: Fault,
    email_fault: Fault,
}

impl NameAndEmail {
    /// Nothing is written.
    pub fn new() -> Self {
        let (name, email) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
        Self { name, email, name_fault: fault_of(name), email_fault: fault_of(email) }
    }

    /// Whether what is written can be handed in; what is wrong is shown.
    pub fn check(self) -> bool {
        self.name_fault.set(self.name.with_untracked(|name| describe::name_fault(name)));
        self.email_fault.set(self.email.with_untracked(|email| describe::email_fault(email)));
        !any_fault(&[self.name_fault, self.email_fault])
    }

    /// Shows a failure at the field that it concerns, or gives it back in words.
    pub fn place(self, failure: &Failure) -> Result<(), String> {
        let text = describe::failure(failure);
        match failure.code() {
            Some(ProblemCode::EmailTaken | ProblemCode::InvalidEmail) => self.email_fault.set(Some(text)),
            Some(ProblemCode::InvalidName) => self.name_fault.set(Some(text)),
            _ => return Err(text),
        }
        any_fault(&[self.name_fault, self.email_fault]);
        Ok(())
    }

    /// Makes both empty.
    pub fn clear(self) {
        self.name.set(String::new());
        self.email.set(String::new());
    }

    /// Shows both side by side.
    pub fn fields(self) -> El {
        let email = Field::email(self.email).autocomplete("off").fault(self.email_fault);
        div("two").add(Field::new(texts().parts.name, self.name).fault(self.name_fault)).add(email)
    }
}
