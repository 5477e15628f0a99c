//! The audit log.

use super::Leader;
use super::error::ApiError;
use super::extract::{Parameters, page_entries};
use crate::identity::{AuditFilter, Granted, right};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use futures_util::stream;
use qoin_core::address::Address;
use qoin_core::api::admin::audit::{AUDIT_EXPORT_PATH, AUDIT_PATH, AuditEntryView, AuditPage};
use qoin_core::api::problem::Problem;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what this member did (an address), or `operator`, `master_key` or `system`.
    who: Option<String>,
    /// Only this action, by its name.
    what: Option<String>,
    /// Only what was done to this: the kind, and behind a colon what names it, such as `member:qoin1...`; or the kind
    /// alone.
    target: Option<String>,
    /// Only from this time on.
    from_ms: Option<u64>,
    /// Only before this time.
    to_ms: Option<u64>,
    /// Only entries with a smaller number.
    before: Option<u64>,
    /// How many at most, 1 to 200; 50 if absent.
    limit: Option<u32>,
}

/// The audit log, newest first.
#[utoipa::path(
    get,
    path = AUDIT_PATH,
    tag = "administration",
    params(AuditQuery),
    security(("session" = ["view_audit"]), ("operator" = [])),
    responses((status = 200, body = AuditPage), (status = "4XX", body = Problem)),
)]
pub async fn show_audit(
    granted: Granted<right::ViewAudit>,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<axum::Json<AuditPage>, ApiError> {
    let limit = page_entries(query.limit)?;
    let filter = filter(query.who.as_deref(), query.what.as_deref(), query.target, (query.from_ms, query.to_ms))?;
    let before = query.before;
    let page = tokio::task::spawn_blocking(move || granted.audit(&filter, before, limit)).await;
    Ok(axum::Json(page.map_err(ApiError::internal)??))
}

fn filter(
    who: Option<&str>,
    what: Option<&str>,
    target: Option<String>,
    (from_ms, to_ms): (Option<u64>, Option<u64>),
) -> Result<AuditFilter, ApiError> {
    let mut filter = AuditFilter { target, from_ms, to_ms, ..AuditFilter::default() };
    filter.what = what.map(str::parse).transpose().map_err(ApiError::malformed)?;
    match who {
        None => {}
        Some(kind @ ("operator" | "master_key" | "system")) => filter.kind = Some(kind.to_owned()),
        Some(member) => filter.member = Some(member.parse::<Address>().map_err(ApiError::malformed)?),
    }
    Ok(filter)
}

/// The form of the file.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A table, its first line the headings.
    Csv,
    /// An entry a line, as JSON.
    #[default]
    Jsonl,
}

/// Which entries, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The form of the file: `jsonl` (if absent) or `csv`.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// As for the log.
    who: Option<String>,
    /// As for the log.
    what: Option<String>,
    /// As for the log.
    target: Option<String>,
    /// As for the log.
    from_ms: Option<u64>,
    /// As for the log.
    to_ms: Option<u64>,
}

/// The audit log as a file, oldest first.
#[utoipa::path(
    get,
    path = AUDIT_EXPORT_PATH,
    tag = "administration",
    params(ExportQuery),
    security(("session" = ["view_audit"]), ("operator" = [])),
    responses(
        (status = 200, description = "The entries", content_type = "application/jsonl", body = String),
        (status = "4XX", body = Problem),
    ),
)]
pub async fn export_audit(
    State(leader): State<Arc<Leader>>,
    granted: Granted<right::ViewAudit>,
    Parameters(query): Parameters<ExportQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let ExportQuery { format, who, what, target, from_ms, to_ms } = query;
    let filter = filter(who.as_deref(), what.as_deref(), target, (from_ms, to_ms))?;
    let (kind, name, heading) = match format {
        Format::Jsonl => ("application/jsonl", "attachment; filename=\"audit.jsonl\"", None),
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\"", Some(csv_line(HEADINGS))),
    };
    let export = granted.export_audit(filter)?;
    let pieces = stream::unfold((export, heading, leader), move |(mut export, heading, leader)| async move {
        if let Some(heading) = heading {
            return Some((Ok(Bytes::from(heading)), (export, None, leader)));
        }
        if leader.stopping.is_cancelled() {
            return None;
        }
        let read = tokio::task::spawn_blocking(move || (export.next_entries(), export)).await;
        let (entries, export) = match read {
            Ok((Ok(Some(entries)), export)) => (entries, export),
            Ok((Ok(None), _)) => return None,
            // The body breaks off, so that nobody takes it for whole.
            Ok((Err(error), export)) => return Some((Err(error.to_string()), (export, None, leader))),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let lines: Vec<u8> = entries.iter().flat_map(|entry| line(entry, format)).collect();
        Some((Ok::<_, String>(Bytes::from(lines)), (export, None, leader)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    Ok((headers, Body::from_stream(pieces)))
}

const HEADINGS: [&str; 11] =
    ["number", "at_ms", "who", "who_name", "from", "what", "target", "target_name", "changes", "reason", "hash"];

fn line(view: &AuditEntryView, format: Format) -> Vec<u8> {
    match format {
        Format::Jsonl => {
            let mut line = serde_json::to_vec(view).expect("an entry is plain JSON");
            line.push(b'\n');
            line
        }
        Format::Csv => {
            let entry = &view.entry;
            let changes: Vec<String> = entry
                .changes
                .iter()
                .map(|change| {
                    let text = |side: &Option<String>| side.clone().unwrap_or_default();
                    format!("{}: {} -> {}", change.field, text(&change.before), text(&change.after))
                })
                .collect();
            csv_line([
                &*entry.number.to_string(),
                &entry.at_ms.to_string(),
                &entry.who.text(),
                view.who_name.as_deref().unwrap_or_default(),
                &entry.from.map(|address| address.to_string()).unwrap_or_default(),
                entry.what.name(),
                &entry.target.text(),
                view.target_name.as_deref().unwrap_or_default(),
                &changes.join("; "),
                &entry.reason,
                &view.hash.to_string(),
            ])
        }
    }
}

/// A line of a table. What a spreadsheet would take for a formula gets an apostrophe in front.
fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let cells = cells.into_iter().map(|cell| {
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
    });
    writer.write_record(cells).expect("writing to memory cannot fail");
    writer.into_inner().expect("writing to memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_no_formulas() {
        assert_eq!(csv_line(["=1+1", "a,b", "-2"]), b"'=1+1,\"a,b\",'-2\n");
    }
}
