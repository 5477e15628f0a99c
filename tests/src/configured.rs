//! Configuration files made from the examples under etc/, as an operator makes them.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Writes `NAME` into `folder`: the example of that name with these fields set, those of `[settings]` among them.
///
/// # Errors
/// When the example has no such field, or the file cannot be written.
pub fn configured(folder: &Path, name: &str, fields: &[(&str, &str)]) -> Result<PathBuf> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc").join(format!("{name}.example"));
    let mut lines: Vec<String> = std::fs::read_to_string(example)?.lines().map(str::to_owned).collect();
    for (field, value) in fields {
        let is_field = |line: &String| line.trim_start_matches("# ").starts_with(&format!("{field} = "));
        let line = lines.iter_mut().find(|line| is_field(line)).with_context(|| format!("{name} has no {field}"))?;
        *line = format!("{field} = {value}");
    }
    let path = folder.join(name);
    std::fs::write(&path, lines.join("\n"))?;
    Ok(path)
}
