//! A place for a file of text: chosen, dropped, or pasted.

use super::{
    dom::{El, classed, div, el, p},
    field::{Fault, bind, fault, fresh_id, invalid_while},
    icon::{Icon, icon},
};
use crate::locales::{admin::texts, fill};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DragEvent, File, FileList, HtmlElement, HtmlInputElement, Url};

/// The largest file that is read, in bytes; the leader takes no larger one.
const BYTES_MAX: f64 = 16.0 * 1024.0 * 1024.0;

/// A field whose text comes from a file or by hand.
pub fn file_drop(label: &str, hint: &str, text: RwSignal<String>, wrong: Fault) -> El {
    let t = &texts().common;
    let (id, fault_id, hint_id) = (fresh_id(), fresh_id(), fresh_id());
    let name = RwSignal::new(String::new());
    let is_over = RwSignal::new(false);
    let take = move |files: Option<FileList>| {
        let Some(file) = files.and_then(|files| files.get(0)) else { return };
        if file.size() > BYTES_MAX {
            wrong.set(Some(t.file_large.to_owned()));
            return;
        }
        spawn_local(async move {
            match read(&file).await {
                Some(content) => {
                    text.set(content);
                    name.set(file.name());
                }
                None => wrong.set(Some(t.file_unreadable.to_owned())),
            }
        });
    };
    let chooser = classed("input", "hidden-visually").attr("type", "file").attr("accept", ".csv,text/csv,text/plain");
    let chooser = chooser.attr("aria-label", t.file_choose).on("change", move |event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            take(input.files());
            // The same file can be chosen again once it was corrected.
            input.set_value("");
        }
    });
    let chosen = move || name.with(|name| (!name.is_empty()).then(|| fill(t.file_chosen, &[name])));
    let choose = classed("label", "button plain small").add(icon(Icon::Letter)).add(t.file_choose).add(chooser);
    let area = classed("textarea", "input mono").attr("id", &id).attr("rows", "5").attr("spellcheck", "false");
    let area = area.attr("autocomplete", "off").attr("aria-describedby", &[&fault_id, " ", &hint_id].concat());
    let drop = div("file-drop")
        .attr_live("data-over", move || is_over.get().then_some(""))
        .on("dragover", move |event| {
            event.prevent_default();
            is_over.set(true);
        })
        .on("dragleave", move |_| is_over.set(false))
        .on("drop", move |event| {
            event.prevent_default();
            is_over.set(false);
            take(event.unchecked_ref::<DragEvent>().data_transfer().and_then(|dropped| dropped.files()));
        });
    let ways = div("file-ways").add(choose).add(p("quiet small").attr("role", "status").add(chosen));
    div("field")
        .add(el("label").attr("for", &id).add(label))
        .add(drop.add(ways).add(invalid_while(bind(area, text), Some(wrong))))
        .add(fault(wrong).attr("id", &fault_id))
        .add(p("hint").attr("id", &hint_id).add(hint))
}

async fn read(file: &File) -> Option<String> {
    JsFuture::from(file.text()).await.ok()?.as_string()
}

/// Has the browser save a text as a file.
pub fn save_file(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let Ok(content) = Blob::new_with_str_sequence(&parts) else { return };
    let Ok(address) = Url::create_object_url_with_blob(&content) else { return };
    let link: HtmlElement = el("a").attr("href", &address).attr("download", name).attr("target", "_self").cast();
    link.click();
    let _ = Url::revoke_object_url(&address);
}
