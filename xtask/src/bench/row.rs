//! One measured value.

use serde::{Deserialize, Serialize};

/// One measured value, with its peer's in the same run where there is a peer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub value: f64,
    pub unit: String,
    /// What it is compared with.
    pub peer: Option<String>,
    pub peer_value: Option<f64>,
    /// `value / peer_value`.
    pub ratio: Option<f64>,
}

/// The rows as an aligned table.
pub fn table(rows: &[Row]) -> String {
    let mut cells = vec![["name", "value", "unit", "peer", "peer value", "ratio"].map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        let number = |value: Option<f64>| value.map(shown).unwrap_or_default();
        let peer = row.peer.clone().unwrap_or_default();
        [row.name.clone(), shown(row.value), row.unit.clone(), peer, number(row.peer_value), number(row.ratio)]
    }));
    let width = |column: usize| cells.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &cells {
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Numbers to the right.
            let aligned =
                if matches!(column, 1 | 4 | 5) { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            text.push_str(&aligned);
            text.push_str("  ");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// Three significant digits, more for whole numbers.
fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_printed() {
        let line = r#"{"name":"transfers","value":5123.4,"unit":"1/s","peer":null,"peer_value":null,"ratio":null}"#;
        let alone: Row = serde_json::from_str(line).unwrap();
        let (peer, peer_value, ratio) = (Some("naive".to_owned()), Some(2.0), Some(1.5));
        let with_peer = Row { name: "headers".into(), value: 3.0, unit: "us".into(), peer, peer_value, ratio };
        assert_eq!(
            table(&[alone, with_peer]),
            "name       value  unit  peer   peer value  ratio\n\
             transfers   5123  1/s\n\
             headers     3.00  us    naive        2.00   1.50\n"
        );
    }
}
