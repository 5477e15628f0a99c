//! Amounts of money on the page.

use super::{
    dom::{El, span},
    format,
};
use qoin_core::{amount::Amount, api::currency::CurrencyView, decimals::Decimals};
use std::cell::RefCell;

/// What stands in front of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Nothing.
    None,
    /// It was received.
    Plus,
    /// It was paid.
    Minus,
}

/// How the currency writes its amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// How many digits stand behind the decimal mark.
    pub decimals: Decimals,
    /// What stands beside an amount.
    pub symbol: String,
}

impl Form {
    /// That of this currency.
    pub fn of(currency: &CurrencyView) -> Self {
        Self { decimals: currency.genesis.decimals, symbol: currency.genesis.symbol.clone() }
    }
}

type Known = Box<dyn Fn() -> Option<Form>>;

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

/// Writes all amounts in the form that `known` gives. Called once, by the program.
pub fn write_amounts(known: impl Fn() -> Option<Form> + 'static) {
    KNOWN.replace(Some(Box::new(known)));
}

/// How the currency writes its amounts. Before it is known, which is before anything of it is shown, with two decimals.
pub fn form() -> Form {
    let known = KNOWN.with_borrow(|known| known.as_ref()?());
    known.unwrap_or_else(|| Form { decimals: Decimals::try_from(2).unwrap_or(Decimals::MAX), symbol: String::new() })
}

/// An amount with the currency's symbol, as text for a sentence.
pub fn amount_text(amount: Amount) -> String {
    let form = form();
    format::amount(amount, form.decimals, &form.symbol)
}

/// An amount with the currency's symbol, its fraction a little quieter.
pub fn money(amount: Amount, sign: Sign) -> El {
    let form = form();
    let (whole, fraction) = format::split_amount(amount, form.decimals);
    let (sign, class) = match sign {
        Sign::None => ("", "money"),
        Sign::Plus => ("+", "money plus"),
        Sign::Minus => ("\u{2212}", "money minus"),
    };
    span(class)
        .add([sign, &whole].concat())
        .add(span("fraction").add(fraction))
        .add("\u{a0}")
        .add(span("symbol").add(form.symbol))
}
