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
    /// What it should be. It is shown beside it; nothing fails because of it.
    #[serde(default)]
    pub goal: Option<Goal>,
}

/// What a value should be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Goal {
    /// At first.
    pub reach: f64,
    /// In the end.
    pub aim: f64,
    /// Whether a larger value is a better one.
    pub more_is_better: bool,
    /// Whether this is about the ratio instead.
    pub of_ratio: bool,
}

impl Goal {
    fn shown(self, row: &Row) -> String {
        let value = if self.of_ratio { row.ratio.unwrap_or(f64::NAN) } else { row.value };
        let met = |goal: f64| if self.more_is_better { value >= goal } else { value <= goal };
        let (sign, of) = (if self.more_is_better { ">=" } else { "<=" }, if self.of_ratio { "ratio " } else { "" });
        let state = match (met(self.reach), met(self.aim)) {
            (true, true) => "aim reached",
            (true, false) => "reached",
            (false, _) => "not reached",
        };
        format!("{of}{sign} {}, then {}: {state}", shown(self.reach), shown(self.aim))
    }
}

const HEADINGS: [&str; 7] = ["name", "value", "unit", "goal", "peer", "peer value", "ratio"];

/// The rows as an aligned table.
pub fn table(rows: &[Row]) -> String {
    let mut cells = vec![HEADINGS.map(str::to_owned)];
    cells.extend(rows.iter().map(|row| {
        let number = |value: Option<f64>| value.map(shown).unwrap_or_default();
        let peer = row.peer.clone().unwrap_or_default();
        let goal = row.goal.map(|goal| goal.shown(row)).unwrap_or_default();
        let (value, unit) = (shown(row.value), row.unit.clone());
        [row.name.clone(), value, unit, goal, peer, number(row.peer_value), number(row.ratio)]
    }));
    let width = |column: usize| cells.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; HEADINGS.len()] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &cells {
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Numbers to the right.
            let aligned =
                if matches!(column, 1 | 5 | 6) { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
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
        let goal = Some(Goal { reach: 4.0, aim: 1.0, more_is_better: false, of_ratio: false });
        let with_peer = Row { name: "headers".into(), value: 3.0, unit: "us".into(), peer, peer_value, ratio, goal };
        assert_eq!(
            table(&[alone, with_peer]),
            "name       value  unit  goal                         peer   peer value  ratio\n\
             transfers   5123  1/s\n\
             headers     3.00  us    <= 4.00, then 1.00: reached  naive        2.00   1.50\n"
        );
    }

    #[test]
    fn a_goal_may_be_more_or_less_and_of_the_ratio() {
        let row = |goal| Row {
            name: String::new(),
            value: 20.0,
            unit: String::new(),
            peer: None,
            peer_value: None,
            ratio: Some(1.1),
            goal: Some(goal),
        };
        let shown = |reach, aim, more_is_better, of_ratio| {
            let goal = Goal { reach, aim, more_is_better, of_ratio };
            goal.shown(&row(goal))
        };
        assert_eq!(shown(20.0, 30.0, true, false), ">= 20.0, then 30.0: reached");
        assert_eq!(shown(21.0, 30.0, true, false), ">= 21.0, then 30.0: not reached");
        assert_eq!(shown(21.0, 20.0, false, false), "<= 21.0, then 20.0: aim reached");
        assert_eq!(shown(1.2, 1.0, false, true), "ratio <= 1.20, then 1.00: reached");
    }
}
