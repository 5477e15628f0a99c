//! Reading a file of invitations: `name,email[,role]`, one a line, by RFC 4180.
//!
//! Every row is looked at, whatever is wrong with others. Nobody is invited here.

use crate::csv_lines::Lines;
use qoin_core::{
    api::{invitations::InvitationRowFault, problem::ProblemCode, sessions::Role},
    limits::INVITATION_ROWS_MAX,
    unicode::Tables,
    validate,
};
use std::collections::HashMap;

/// How many bad rows are told one by one.
const FAULTS_TOLD_MAX: usize = 1_000;
/// The most of a cell that a fault shows, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// A row that can become an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub line: u32,
    pub name: String,
    /// In the form of `validate::email`.
    pub email: String,
    pub role: Role,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub good: Vec<Row>,
    pub faults: Vec<InvitationRowFault>,
    pub bad: u32,
    /// Whether there are more rows than a file may have; they were not all looked at.
    pub too_many: bool,
}

/// Reads a file. `is_member` knows who has joined already.
pub(super) fn read(file: &[u8], is_member: impl Fn(&str) -> bool) -> Rows {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut rows = Rows::default();
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut record = csv::ByteRecord::new();
    let mut is_first = true;
    let mut lines = Lines::of_file(file);
    // Reading bytes out of memory cannot fail.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let line = lines.of(record.position().map_or(0, |position| position.byte()));
        let is_heading = std::mem::take(&mut is_first) && is_heading(&record);
        // A line of nothing but spaces is an empty one.
        if is_heading || (record.len() == 1 && record[0].trim_ascii().is_empty()) {
            continue;
        }
        if rows.good.len() + rows.bad as usize == INVITATION_ROWS_MAX {
            rows.too_many = true;
            break;
        }
        let row = row(line, &record).and_then(|row| {
            if is_member(&row.email) {
                let detail = format!("{} belongs to a member already", row.email);
                return Err((ProblemCode::EmailTaken, detail));
            }
            if let Some(before) = seen.get(&row.email) {
                let detail = format!("{} stands in line {before} already", row.email);
                return Err((ProblemCode::DuplicateRow, detail));
            }
            seen.insert(row.email.clone(), line);
            Ok(row)
        });
        match row {
            Ok(row) => rows.good.push(row),
            Err((code, detail)) => {
                rows.bad += 1;
                if rows.faults.len() < FAULTS_TOLD_MAX {
                    rows.faults.push(InvitationRowFault { line, code, detail });
                }
            }
        }
    }
    rows
}

type Fault = (ProblemCode, String);

fn row(line: u32, record: &csv::ByteRecord) -> Result<Row, Fault> {
    let malformed = |detail: String| (ProblemCode::MalformedRequest, detail);
    let mut cells = Vec::with_capacity(3);
    for cell in record {
        let cell = std::str::from_utf8(cell).map_err(|_| malformed("the text is not UTF-8".into()))?;
        cells.push(cell.trim());
    }
    let (name, email, role) = match *cells {
        [name, email] => (name, email, ""),
        [name, email, role] => (name, email, role),
        _ => {
            return Err(malformed(format!(
                "a row is name,email or name,email,role; this one has {} cells",
                cells.len()
            )));
        }
    };
    let name = validate::name(name, &Tables).map_err(|error| (ProblemCode::InvalidName, error.to_string()))?;
    let email = validate::email(email).map_err(|error| (ProblemCode::InvalidEmail, error.to_string()))?;
    let role = match &*role.to_ascii_lowercase() {
        "" | "member" => Role::Member,
        "treasurer" => Role::Treasurer,
        "administrator" => Role::Administrator,
        _ => {
            let shown: String = role.chars().take(SHOWN_CHARACTERS).collect();
            return Err(malformed(format!("a role is member, treasurer or administrator, not {shown:?}")));
        }
    };
    Ok(Row { line, name, email, role })
}

fn is_heading(record: &csv::ByteRecord) -> bool {
    let cell = |number: usize| record.get(number).map(|cell| String::from_utf8_lossy(cell).trim().to_lowercase());
    cell(0).as_deref() == Some("name") && cell(1).is_some_and(|cell| cell == "email" || cell == "e-mail")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(file: &[u8]) -> Vec<(u32, ProblemCode)> {
        let rows = read(file, |email| email == "ada@example.org");
        rows.faults.into_iter().map(|fault| (fault.line, fault.code)).collect()
    }

    #[test]
    fn good_rows_are_read_with_quotes_headings_and_roles() {
        let file = "\u{feff}Name,E-mail\r\n\"Doe, John\", John@Example.org \r\n\r\nEve,eve@example.org,Treasurer\n";
        let rows = read(file.as_bytes(), |_| false);
        assert_eq!((rows.bad, rows.too_many), (0, false));
        let john = Row { line: 2, name: "Doe, John".into(), email: "john@example.org".into(), role: Role::Member };
        assert_eq!(rows.good[0], john);
        assert_eq!((rows.good[1].line, rows.good[1].role), (4, Role::Treasurer));
    }

    #[test]
    fn every_kind_of_bad_row_is_told_by_its_line() {
        let long = format!("{},long@example.org", "x".repeat(61));
        let file = [
            "Eve,eve@example.org".as_bytes(),
            b"Eve",
            b"Eve,e@example.org,member,more",
            b"Eve,nobody",
            b"Eve,EVE@example.org",
            b"Ada,ada@example.org",
            "\u{202e}eve,bidi@example.org".as_bytes(),
            b"\xff\xfe,latin@example.org",
            long.as_bytes(),
            b",empty@example.org",
            b"Eve,king@example.org,king",
        ]
        .join(&b'\n');
        use ProblemCode::*;
        assert_eq!(
            codes(&file),
            [
                (2, MalformedRequest),
                (3, MalformedRequest),
                (4, InvalidEmail),
                (5, DuplicateRow),
                (6, EmailTaken),
                (7, InvalidName),
                (8, MalformedRequest),
                (9, InvalidName),
                (10, InvalidName),
                (11, MalformedRequest),
            ]
        );
        assert_eq!(read(&file, |_| false).good.len(), 2);
    }

    #[test]
    fn rows_and_told_faults_are_bounded() {
        let good: String = (0..=INVITATION_ROWS_MAX).map(|number| format!("M,m{number}@example.org\n")).collect();
        let rows = read(good.as_bytes(), |_| false);
        assert!(rows.too_many && rows.good.len() == INVITATION_ROWS_MAX);
        let rows = read("x\n".repeat(2_000).as_bytes(), |_| false);
        assert_eq!((rows.bad, rows.faults.len()), (2_000, FAULTS_TOLD_MAX));
    }
}
