//! Tables and dates for a terminal.

use std::time::{Duration, UNIX_EPOCH};

/// On which side a column is even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Rows under their headings, each column as wide as its widest cell.
pub fn table(columns: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        cells.chain([columns[column].0]).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(columns).zip(&widths).map(|((cell, (_, side)), width)| match side {
            Side::Left => format!("{cell:<width$}"),
            Side::Right => format!("{cell:>width$}"),
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading = line(&mut columns.iter().map(|(name, _)| *name));
    let rows = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(heading).chain(rows).collect::<Vec<_>>().join("\n")
}

/// A date for people.
pub fn date(ms: u64) -> String {
    // The form has four digits for the year.
    const LAST_MS: u64 = 253_402_300_799_999;
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(ms.min(LAST_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_even() {
        let rows = [["Ada", "12.50 Q"], ["Zoë", "1,000.00 Q"]].map(|row| row.map(str::to_owned).to_vec());
        let shown = table(&[("Name", Side::Left), ("Balance", Side::Right)], &rows);
        assert_eq!(shown, "Name     Balance\nAda      12.50 Q\nZoë   1,000.00 Q");
        assert_eq!(table(&[("Name", Side::Left)], &[]), "Name");
    }
}
