//! The example files under etc/, written from the declarations.

use super::{Configuration, Field, Section};
use std::fmt::Write;

/// The example file of a role.
///
/// # Panics
/// Never: writing to a text does not fail.
pub fn example<C: Configuration>() -> String {
    let mut text = format!(
        "# The configuration of `qoin {role}`. Copy it, change what differs on your host, and check it with\n\
         # `qoin check-config FILE`. Flags of the same names override it: --{flag} VALUE, --set NAME=VALUE.\n\
         #\n\
         # These are this host's own; all of them are required.\n",
        role = C::ROLE,
        flag = C::fields().next().map(Field::flag).unwrap_or_default(),
    );
    let mut section = Section::Host;
    for field in C::fields() {
        if field.section != section {
            section = field.section;
            text.push_str("\n[settings]\n# These have defaults, which stand here. Take away the # to change one.\n");
        }
        let off = if section == Section::Settings { "# " } else { "" };
        text.push('\n');
        for line in field.meaning {
            writeln!(text, "#{line}").expect("a text takes all");
        }
        writeln!(text, "{off}{} = {}", field.name, field.value).expect("a text takes all");
    }
    text
}
