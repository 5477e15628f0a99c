//! What stands around the panel's pages: the names of the sections, and what is shown when there is none to show.

use super::{audit, members, network, panel::Panel, section::Section, settings, treasury};
use crate::{
    api,
    locales::{
        admin::{Texts, texts},
        texts as shared,
    },
    ui::{
        Button, El, Icon, Part, View, classed, div, el, icon, link,
        member_picker::Directory,
        p, react,
        state::{self, Tone, notice, skeleton_rows},
        toast::Toasts,
    },
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// How many members a search for one shows.
const FOUND: u32 = 20;

/// What the panel shows at this moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Beginning,
    Section(Section),
    Closed,
}

/// The panel.
pub fn frame(panel: Panel) -> View {
    let toasts = Toasts::new();
    provide_context(panel);
    provide_context(toasts);
    provide_context(Directory::new(
        move |query| async move { Ok(panel.ask(api::members(&query, FOUND)).await?.members) },
    ));
    let shown = Memo::new(move |_| {
        let Some(me) = panel.me() else { return Shown::Beginning };
        let mut open = Section::ALL.into_iter().filter(|section| section.is_open_to(me.role));
        let found = match panel.at().0 {
            Some(section) => open.find(|open| *open == section),
            None => open.next(),
        };
        found.map_or(Shown::Closed, Shown::Section)
    });
    name_window(shown);
    let page = move || match shown.get() {
        Shown::Beginning => beginning(panel),
        Shown::Section(Section::Members) => members::members(),
        Shown::Section(Section::Treasury) => treasury::treasury(),
        Shown::Section(Section::Network) => network::network(),
        Shown::Section(Section::Settings) => settings::settings(),
        Shown::Section(Section::Audit) => audit::audit(),
        Shown::Closed => closed(),
    };
    vec![sections(panel, shown).view(), div("admin-page").add(page).view(), toasts.area().view()].view()
}

/// The names of the sections that are open to whoever is signed in.
fn sections(panel: Panel, shown: Memo<Shown>) -> El {
    let role = Memo::new(move |_| panel.me().map(|me| me.role));
    let to = move |section: Section| {
        link("", section.path())
            .attr_live("aria-current", move || (shown.get() == Shown::Section(section)).then_some("page"))
            .add(icon(section.picture()))
            .add(section.name())
    };
    let links = move || {
        let role = role.get();
        let open = Section::ALL.into_iter().filter(|section| role.is_some_and(|role| section.is_open_to(role)));
        open.map(to).collect::<Vec<_>>()
    };
    classed("nav", "sections").attr("aria-label", texts().sections.title).add(links)
}

/// Names the window after the section, and after a change moves the focus to its heading.
fn name_window(shown: Memo<Shown>) {
    let panel = expect_context::<Panel>();
    let before = StoredValue::new(None);
    react(move || {
        // Coming back from the wallet, the window was named after that.
        panel.turn();
        let now = shown.get();
        let title = texts().sections.title;
        let name = match now {
            Shown::Section(section) => [section.name(), " · ", title, " · Qoin"].concat(),
            Shown::Beginning | Shown::Closed => [title, " · Qoin"].concat(),
        };
        document().set_title(&name);
        let was = before.get_value();
        before.set_value(Some(now));
        if was.is_some_and(|was| was != now && was != Shown::Beginning) {
            focus_heading();
        }
    });
}

fn focus_heading() {
    request_animation_frame(|| {
        if let Ok(Some(heading)) = document().query_selector("main h1")
            && let Ok(heading) = heading.dyn_into::<HtmlElement>()
        {
            drop(heading.focus());
        }
    });
}

fn beginning(panel: Panel) -> View {
    let failed = move || {
        let told = |text| div("section-fault").attr("role", "alert").add(notice(Tone::Warning, "", el("p").add(text)));
        panel.failed().map(told)
    };
    vec![el("div").add(failed), skeleton_rows(4)].view()
}

/// The right to it was lost, or never there.
fn closed() -> View {
    let t = &texts().sections;
    let title = classed("h1", "hidden-visually").attr("tabindex", "-1").add(t.closed_title);
    let home = link("button", "/").add(icon(Icon::Wallet)).add(shared().missing.button);
    let told = div("panel").attr("role", "alert").add(state::empty(Icon::Shield, t.closed_title, t.closed_text));
    vec![title.view(), told.add(p("more").add(home)).view()].view()
}

/// The wallet and the panel are of two releases.
pub fn outdated(t: &Texts) -> View {
    let reload = Button::new(t.sections.reload, || drop(window().location().reload()));
    let told = notice(Tone::Warning, t.sections.outdated_title, el("p").add(t.sections.outdated_text));
    classed("section", "stack").attr("role", "alert").add(told).add(div("actions").add(reload)).view()
}
