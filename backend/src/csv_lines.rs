//! The lines of a file of comma-separated values, as an editor numbers them.

/// Counts lines up to where records begin. (The reader's own count is one too low behind a carriage return.)
pub struct Lines<'a> {
    file: &'a [u8],
    line: u32,
    counted: usize,
}

impl<'a> Lines<'a> {
    /// None counted yet.
    pub fn of_file(file: &'a [u8]) -> Self {
        Self { file, line: 1, counted: 0 }
    }

    /// The line of the first letter of a record at `start` or behind it; records come in their order.
    pub fn of(&mut self, start: u64) -> u32 {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.file.len());
        let breaks = self.file[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let end = start + breaks;
        let newlines = self.file[self.counted.min(end)..end].iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.counted = end;
        self.line
    }
}
