//! Passwords with their strength, and recovery words: shown, then checked.

use super::{
    button::Button,
    dom::{El, Part, View, classed, div, el, p},
    field::{Fault, Field, fault, form},
    icon::Icon,
    state::{Tone, heading, notice, words_in},
    task::Task,
};
use crate::{
    locales::{describe, fill, texts},
    wallet::RecoveryWords,
};
use leptos::prelude::*;
use std::rc::Rc;

/// How strong a new password is: 0 for nothing written, 1 for not accepted, to 4.
fn strength(password: &str) -> usize {
    match password.chars().count() {
        0 => 0,
        _ if describe::password_fault(password).is_some() => 1,
        1..13 => 2,
        13..18 => 3,
        _ => 4,
    }
}

/// A field for a new password that shows how strong it is.
pub fn new_password(label: &str, value: RwSignal<String>, fault: Fault) -> El {
    const LOOKS: [&str; 5] = ["", "strength level-1", "strength level-2", "strength level-3", "strength level-4"];
    let t = &texts().password;
    let verdicts = ["", t.level_1, t.level_2, t.level_3, t.level_4];
    let bars = move || {
        let level = value.with(|password| strength(password));
        (level > 0).then(|| {
            let bars = div("strength-bars").attr("aria-hidden", "true");
            let bars = (0..4).fold(bars, |bars, _| bars.add(el("span")));
            div(LOOKS[level]).add(bars).add(p("hint").add(verdicts[level]))
        })
    };
    div("field")
        .add(Field::password(label, value, "new-password").fault(fault).hint(t.hint))
        .add(el("div").attr("aria-live", "polite").add(bars))
}

/// The words as a numbered list.
pub fn word_list(words: &RecoveryWords) -> El {
    words_in("words", words.words().into_iter().map(str::to_owned))
}

/// Shows the words, then asks for three of them; `on_checked` is called when all three are right. `finish` labels the
/// button that ends the check, `next` is what follows it.
pub fn note_words(words: RecoveryWords, finish: &'static str, next: Task, on_checked: impl Fn() + 'static) -> View {
    let t = &texts().words;
    let checking = RwSignal::new(false);
    let on_checked: Rc<dyn Fn()> = Rc::new(on_checked);
    (move || {
        if checking.get() {
            let again = classed("button", "link-button").attr("type", "button").add(t.show_again);
            vec![
                heading(t.check_title, t.check_lead),
                check_words(words.clone(), finish, next, on_checked.clone()),
                again.on_click(move || checking.set(false)).view(),
            ]
        } else {
            vec![
                heading(t.title, t.lead),
                word_list(&words).view(),
                notice(Tone::Warning, "", el("p").add(t.warning)).view(),
                Button::new(t.noted, move || checking.set(true)).look("wide").view(),
            ]
        }
    })
    .view()
}

fn check_words(words: RecoveryWords, finish: &str, next: Task, on_checked: Rc<dyn Fn()>) -> View {
    let t = &texts().words;
    let asked = three_places(words.words().len());
    let answers = asked.map(|place| (place, RwSignal::new(String::new()), RwSignal::new(None)));
    let submit = move || {
        let mut all_right = true;
        for (place, answer, wrong) in answers {
            let right = answer.with_untracked(|answer| answer.trim().eq_ignore_ascii_case(words.words()[place]));
            wrong.set((!right).then(|| fill(t.check_wrong, &[&(place + 1).to_string()])));
            all_right &= right;
        }
        if all_right {
            on_checked();
        }
    };
    let mut first = true;
    let mut form = form("form", submit);
    for (place, answer, wrong) in answers {
        let field = Field::new(fill(t.word_number, &[&(place + 1).to_string()]), answer).fault(wrong);
        form = form.add(if std::mem::take(&mut first) { field.focus() } else { field });
    }
    form.add(fault(next.fault))
        .add(Button::submit(finish.to_owned()).look("wide").picture(Icon::Check).busy(next.busy))
        .view()
}

/// Three different places of `count`, in order.
fn three_places(count: usize) -> [usize; 3] {
    let third = count / 3;
    [0, 1, 2].map(|part| part * third + (js_sys::Math::random() * third as f64) as usize)
}
