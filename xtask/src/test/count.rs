//! How many tests ran, as the test runners say in their closing lines.

use std::fmt;
use std::ops::Add;

/// Numbers of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Count {
    /// From nextest: `Summary [   1.2s] 10 tests run: 8 passed (1 slow), 1 failed, 1 timed out, 3 skipped`.
    pub fn of_nextest(output: &str) -> Option<Self> {
        let line = output.lines().rfind(|line| line.trim_start().starts_with("Summary ["))?;
        let (_, results) = line.split_once("run: ")?;
        let number = |word: &str| number_before(results, word);
        let failed = number("failed") + number("timed out") + number("exec failed") + number("leak-failed");
        Some(Self { passed: number("passed"), failed, skipped: number("skipped") })
    }

    /// From cargo test, all its binaries together: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    pub fn of_cargo_test(output: &str) -> Option<Self> {
        let results = output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: "));
        results
            .map(|line| Self {
                passed: number_before(line, "passed"),
                failed: number_before(line, "failed"),
                skipped: number_before(line, "ignored"),
            })
            .reduce(|sum, count| sum + count)
    }

    /// From Python's unittest: `Ran 5 tests in 1.2s`, and below it `OK (skipped=1)` or `FAILED (failures=1, errors=2)`.
    pub fn of_unittest(output: &str) -> Option<Self> {
        let (_, ran) = output.lines().rfind(|line| line.starts_with("Ran "))?.split_once("Ran ")?;
        let ran: u64 = ran.split(' ').next()?.parse().ok()?;
        let closing = output.lines().rfind(|line| line.starts_with("OK") || line.starts_with("FAILED"))?;
        let number = |word: &str| {
            let (_, behind) = closing.split_once(&format!("{word}="))?;
            behind.split([',', ')']).next()?.parse::<u64>().ok()
        };
        let [failures, errors, skipped] = ["failures", "errors", "skipped"].map(|word| number(word).unwrap_or(0));
        // A test of many cases can fail more than once.
        let failed = failures + errors;
        Some(Self { passed: ran.saturating_sub(failed + skipped), failed, skipped })
    }

    /// From node's test runner: lines `pass 5`, `fail 0`, `cancelled 0`, `skipped 0` after a mark.
    pub fn of_node(output: &str) -> Option<Self> {
        let number = |word: &str| {
            output.lines().rev().find_map(|line| {
                let line = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
                line.strip_prefix(word)?.strip_prefix(' ')?.trim().parse::<u64>().ok()
            })
        };
        Some(Self {
            passed: number("pass")?,
            failed: number("fail")? + number("cancelled").unwrap_or(0),
            skipped: number("skipped").unwrap_or(0) + number("todo").unwrap_or(0),
        })
    }
}

/// The number in the part that reads `<number> <word>`, or 0. Parts end at a comma, a semicolon or a bracket.
fn number_before(line: &str, word: &str) -> u64 {
    line.split([',', ';', '(', '.'])
        .filter_map(|part| part.trim().split_once(' '))
        .find(|(_, what)| what.trim() == word)
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

impl Add for Count {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 { write!(f, ", {} skipped", self.skipped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn count(passed: u64, failed: u64, skipped: u64) -> Count {
        Count { passed, failed, skipped }
    }

    #[test]
    fn the_closing_lines_of_the_runners_are_read() {
        let nextest = "     Summary [   1.234s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n";
        assert_eq!(Count::of_nextest(nextest), Some(count(9, 3, 3)));
        assert_eq!(Count::of_nextest("  Summary [ 0.1s] 1 test run: 1 passed, 0 skipped"), Some(count(1, 0, 0)));
        assert_eq!(Count::of_nextest("error: could not compile"), None);
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                     test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured";
        assert_eq!(Count::of_cargo_test(cargo), Some(count(4, 2, 1)));
        assert_eq!(Count::of_cargo_test(""), None);
        let node = "ℹ tests 6\nℹ suites 0\nℹ pass 4\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\n";
        assert_eq!(Count::of_node(node), Some(count(4, 2, 0)));
        assert_eq!(Count::of_node("# pass 2\n# fail 0\n"), Some(count(2, 0, 0)));
        let unittest = "Ran 9 tests in 1.234s\n\nFAILED (failures=1, errors=2, skipped=1)\n";
        assert_eq!(Count::of_unittest(unittest), Some(count(5, 3, 1)));
        assert_eq!(Count::of_unittest("Ran 1 test in 0.1s\n\nOK\n"), Some(count(1, 0, 0)));
        assert_eq!(Count::of_unittest("ModuleNotFoundError: No module named 'rpyc'"), None);
    }

    #[test]
    fn the_closing_line_is_the_plain_one() {
        assert_eq!(count(5, 0, 0).to_string(), "5 passed, 0 failed");
        assert_eq!(count(5, 1, 2).to_string(), "5 passed, 1 failed, 2 skipped");
    }
}
