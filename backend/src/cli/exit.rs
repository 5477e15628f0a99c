//! How `qoin` ends, for whoever started it and may start it again.

use qoin::leader::LeaderError;
use std::process::ExitCode;

/// The disk, or the data on it, failed (`EX_IOERR` of BSD's sysexits).
const DISK: u8 = 74;

/// What the exit codes mean.
pub const HELP: &str = "\
Exit codes:
  0   it was told to stop, or is done
  2   the command line is wrong
  74  the disk, or the data on it, failed: everything acknowledged is kept; mend the disk, then start again
  1   anything else; the last line says what";

/// The exit code for what went wrong.
pub fn code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<LeaderError>() {
        Some(error) if error.is_of_the_disk() => DISK.into(),
        _ => ExitCode::FAILURE,
    }
}
