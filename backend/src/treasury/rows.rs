//! Reading a file of credits: `email-or-address,amount[,memo]`, a credit a line, by RFC 4180.
//!
//! Every row is looked at, whatever is wrong with others. Nothing here pays.

use super::record::Row;
use crate::csv_lines::Lines;
use qoin_core::{
    address::Address,
    amount::{Amount, AmountError},
    api::{admin::treasury::CreditRowFault, problem::ProblemCode},
    decimals::Decimals,
    limits::CREDIT_ROWS_MAX,
    memo::Memo,
};
use std::collections::HashMap;

/// How many bad rows are told one by one.
pub const FAULTS_TOLD_MAX: usize = 1_000;
/// What the first cell of a line of headings is.
const HEADINGS: [&str; 6] = ["email", "e-mail", "address", "recipient", "member", "email-or-address"];
/// The most of a cell that a fault shows, in characters.
const SHOWN_CHARACTERS: usize = 60;

/// What a file says.
#[derive(Debug, Default)]
pub struct Rows {
    /// The good ones.
    pub good: Vec<Row>,
    /// What the good ones add up to; none if that is more than an amount can be.
    pub total: Option<Amount>,
    /// The first bad ones.
    pub faults: Vec<CreditRowFault>,
    /// How many bad ones there are.
    pub faults_count: u32,
    /// Whether there are more rows than a file may have; they were not all looked at.
    pub too_many: bool,
}

impl Rows {
    fn fault(&mut self, line: u32, code: ProblemCode, detail: impl Into<String>) {
        self.faults_count += 1;
        if self.faults.len() < FAULTS_TOLD_MAX {
            self.faults.push(CreditRowFault { line, code, detail: detail.into() });
        }
    }
}

/// Reads a file. `find` knows who can be paid by what stands in the first cell.
pub fn read(file: &[u8], decimals: Decimals, find: impl Fn(&str) -> Result<Address, (ProblemCode, String)>) -> Rows {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut rows = Rows { total: Some(Amount::ZERO), ..Rows::default() };
    let mut seen: HashMap<(Address, Amount, Option<String>), u32> = HashMap::new();
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
        if rows.good.len() + rows.faults_count as usize == CREDIT_ROWS_MAX {
            rows.too_many = true;
            break;
        }
        match row(line, &record, decimals, &find) {
            Ok(row) => {
                let key = (row.recipient, row.amount, row.memo.clone());
                if let Some(before) = seen.get(&key) {
                    let detail = format!("the same as line {before}; if both are meant, give them different memos");
                    rows.fault(line, ProblemCode::DuplicateRow, detail);
                    continue;
                }
                seen.insert(key, line);
                rows.total = rows.total.and_then(|total| total.checked_add(row.amount));
                rows.good.push(row);
            }
            Err((code, detail)) => rows.fault(line, code, detail),
        }
    }
    rows
}

fn is_heading(record: &csv::ByteRecord) -> bool {
    let first = String::from_utf8_lossy(&record[0]).trim().to_lowercase();
    HEADINGS.contains(&first.as_str())
}

fn row(
    line: u32,
    record: &csv::ByteRecord,
    decimals: Decimals,
    find: &impl Fn(&str) -> Result<Address, (ProblemCode, String)>,
) -> Result<Row, (ProblemCode, String)> {
    let malformed = |detail: String| (ProblemCode::MalformedRow, detail);
    if !(2..=3).contains(&record.len()) {
        let detail =
            format!("{} cells; a row is an e-mail address or an address, an amount, and perhaps a memo", record.len());
        return Err(malformed(detail));
    }
    let mut cells = record.iter().map(|cell| {
        let text = std::str::from_utf8(cell).map_err(|_| malformed("it is no text in UTF-8".into()))?;
        Ok::<_, (ProblemCode, String)>(text.trim())
    });
    let mut next = || cells.next().unwrap_or(Ok(""));
    let (name, amount, memo) = (next()?, next()?, next()?);
    if name.is_empty() {
        return Err(malformed("nobody is named".into()));
    }
    let recipient = find(name)?;
    let amount = read_amount(amount, decimals)?;
    Memo::check(memo).map_err(|error| (ProblemCode::InvalidMemo, error.to_string()))?;
    let memo = (!memo.is_empty()).then(|| memo.to_owned());
    Ok(Row { line, recipient, amount, memo })
}

fn read_amount(text: &str, decimals: Decimals) -> Result<Amount, (ProblemCode, String)> {
    let amount = Amount::parse(text, decimals).map_err(|error| {
        let code = match &error {
            AmountError::Sign(text) if text.starts_with('-') => ProblemCode::NegativeAmount,
            AmountError::TooManyDecimals { .. } => ProblemCode::TooManyDecimals,
            AmountError::Overflow(_) => ProblemCode::AmountOverflow,
            AmountError::Empty | AmountError::Sign(_) | AmountError::Malformed(_) => ProblemCode::InvalidAmount,
        };
        (code, error.to_string())
    })?;
    if amount.is_zero() {
        return Err((ProblemCode::ZeroAmount, "the amount is zero".into()));
    }
    Ok(amount)
}

/// A cell for people, cut short.
pub fn shown(cell: &str) -> String {
    cell.chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ADA: Address = Address::from_bytes([1; 20]);
    const BOB: Address = Address::from_bytes([2; 20]);

    fn two() -> Decimals {
        Decimals::try_from(2).unwrap()
    }

    fn find(name: &str) -> Result<Address, (ProblemCode, String)> {
        match name {
            "ada@example.org" => Ok(ADA),
            "bob@example.org" => Ok(BOB),
            _ => Err((ProblemCode::UnknownRecipient, shown(name))),
        }
    }

    fn read(file: impl AsRef<[u8]>) -> Rows {
        super::read(file.as_ref(), two(), find)
    }

    fn codes(rows: &Rows) -> Vec<(u32, ProblemCode)> {
        rows.faults.iter().map(|fault| (fault.line, fault.code)).collect()
    }

    #[test]
    fn good_rows_are_read_with_and_without_headings_memos_and_quotes() {
        let file =
            "\u{feff}Email,Amount,Memo\r\nada@example.org,12.50\r\n\r\n bob@example.org , 1 ,\"rent, \"\"May\"\"\"\n";
        let rows = read(file);
        assert_eq!(codes(&rows), []);
        assert_eq!(rows.total, Some(Amount::from_units(1_350)));
        let expected = [
            Row { line: 2, recipient: ADA, amount: Amount::from_units(1_250), memo: None },
            Row { line: 4, recipient: BOB, amount: Amount::from_units(100), memo: Some("rent, \"May\"".into()) },
        ];
        assert_eq!(rows.good, expected);
    }

    #[test]
    fn every_kind_of_bad_row_has_its_line_and_code() {
        let long = "x".repeat(141);
        let bad = [
            ("ada@example.org", ProblemCode::MalformedRow),
            ("ada@example.org,1,a,b", ProblemCode::MalformedRow),
            (",1", ProblemCode::MalformedRow),
            ("ada@example.org;1;a", ProblemCode::MalformedRow),
            ("eve@example.org,1", ProblemCode::UnknownRecipient),
            ("ada@example.org,-1", ProblemCode::NegativeAmount),
            ("ada@example.org,+1", ProblemCode::InvalidAmount),
            ("ada@example.org,1.005", ProblemCode::TooManyDecimals),
            ("ada@example.org,1e3", ProblemCode::InvalidAmount),
            ("ada@example.org,", ProblemCode::InvalidAmount),
            ("ada@example.org,=1+1", ProblemCode::InvalidAmount),
            ("ada@example.org,0.00", ProblemCode::ZeroAmount),
            ("ada@example.org,99999999999999999999", ProblemCode::AmountOverflow),
            (&format!("ada@example.org,1,{long}"), ProblemCode::InvalidMemo),
            ("ada@example.org,1,\"two\nlines\"", ProblemCode::InvalidMemo),
        ];
        for (row, code) in bad {
            let rows = read(format!("bob@example.org,5\n{row}\nada@example.org,7\n"));
            assert_eq!(codes(&rows), [(2, code)], "{row}");
            assert_eq!(rows.good.len(), 2, "{row}");
        }
        let rows = read([b"ada@example.org,1,".as_slice(), &[0xff]].concat());
        assert_eq!(codes(&rows), [(1, ProblemCode::MalformedRow)]);
        let rows = read("ada@example.org,1\nada@example.org,1,again\nada@example.org,1.00\n");
        assert_eq!(codes(&rows), [(3, ProblemCode::DuplicateRow)]);
    }

    #[test]
    fn totals_beyond_any_amount_and_files_beyond_any_length_are_told() {
        let largest = "184467440737095516.15";
        assert_eq!(read(format!("ada@example.org,{largest}\nbob@example.org,0.01\n")).total, None);
        let long = "x\n".repeat(CREDIT_ROWS_MAX + 1);
        let rows = read(long);
        assert!(rows.too_many);
        assert_eq!((rows.faults_count as usize, rows.faults.len()), (CREDIT_ROWS_MAX, FAULTS_TOLD_MAX));
        assert!(!read("x\n".repeat(CREDIT_ROWS_MAX)).too_many);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_the_total_is_that_of_the_good_rows(file in prop::collection::vec(any::<u8>(), 0..400)) {
            let rows = read(&file);
            let total = rows.good.iter().try_fold(Amount::ZERO, |sum, row| sum.checked_add(row.amount));
            prop_assert_eq!(rows.total, total);
        }

        #[test]
        fn any_mix_of_cells_gives_each_line_one_answer(
            lines in prop::collection::vec(
                prop::collection::vec(
                    prop::sample::select(vec!["ada@example.org", "bob@example.org", "1", "2.5", "-1", "", " ", "=x", "a b", "\"q\""]),
                    1..5,
                ),
                0..40,
            )
        ) {
            let file: String = lines.iter().map(|cells| cells.join(",") + "\n").collect();
            let rows = read(&file);
            let full = lines.iter().filter(|cells| cells.len() > 1 || !cells[0].trim().is_empty()).count();
            prop_assert_eq!(rows.good.len() + rows.faults_count as usize, full);
            prop_assert!(rows.good.iter().all(|row| !row.amount.is_zero()));
        }
    }
}
