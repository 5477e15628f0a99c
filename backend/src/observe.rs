//! The log: on standard error, as text for people or as JSON. Secrets print as redacted wherever they are kept, so none
//! comes here.

use crate::config::CommonSettings;
use crate::config::value::LogFormat;
use std::io::IsTerminal;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// Starts the log. A second call changes nothing.
pub fn start_log(settings: &CommonSettings) {
    let builder = fmt().with_writer(std::io::stderr).with_max_level(LevelFilter::from_level(settings.log_level.0));
    // Fails only where a log has been started already, which then goes on.
    let _ = match settings.log_format {
        LogFormat::Text => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colours).with_target(false).try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
