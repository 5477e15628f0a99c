//! The icons: outlines on a grid of 24, drawn for Qoin.

use super::dom::{El, svg};

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// The wallet page.
    Wallet,
    /// Money going out.
    Out,
    /// Money coming in.
    In,
    /// The history page.
    History,
    /// A person.
    Person,
    /// Several people.
    People,
    /// A block.
    Block,
    /// A reward for a block.
    Reward,
    /// A key, or what concerns one.
    Key,
    /// Locked.
    Lock,
    /// Done.
    Check,
    /// Waiting.
    Clock,
    /// Needs attention.
    Warning,
    /// Worth knowing.
    Info,
    /// Closes something.
    Close,
    /// Copies a text.
    Copy,
    /// Searches.
    Search,
    /// Shows what is hidden.
    Eye,
    /// Hides what is shown.
    EyeClosed,
    /// No connection.
    Offline,
    /// Adds something.
    Plus,
    /// Goes back.
    Back,
    /// A letter.
    Letter,
    /// What administrators do.
    Shield,
    /// Brings something onto this device.
    Download,
    /// How things are.
    Pulse,
    /// What can be set.
    Sliders,
    /// What was written down.
    Book,
}

impl Icon {
    /// The outline, as the data of one SVG path.
    const fn outline(self) -> &'static str {
        match self {
            Self::Wallet => {
                "M4 7.5A2.5 2.5 0 0 1 6.5 5H17v3M4 7.5V17a2.5 2.5 0 0 0 2.5 2.5H18a2 2 0 0 0 2-2V10a2 2 0 0 0-2-2H4.5M16 13.75h.01"
            }
            Self::Out => "M7 17 17 7M9 7h8v8",
            Self::In => "M17 7 7 17M15 17H7V9",
            Self::History => "M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.2l2.8 1.8",
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.6-3.6 3.7-5.5 7.5-5.5s6.9 1.9 7.5 5.5",
            Self::People => {
                "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5c.5-3.2 3.2-5 6.5-5s6 1.8 6.5 5M16 4.9a3.5 3.5 0 0 1 0 6.2M18.3 15c1.8.7 2.9 2.2 3.2 4.5"
            }
            Self::Block => "M12 3.5 19.5 8v8L12 20.5 4.5 16V8L12 3.5ZM4.5 8l7.5 4.5L19.5 8M12 12.5v8",
            Self::Reward => "M12 3.5l2.5 5.3 5.8.8-4.2 4 1 5.8L12 16.6l-5.1 2.8 1-5.8-4.2-4 5.8-.8L12 3.5Z",
            Self::Key => "M14.5 4.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM11 13l-7 7M6 18l2.5 2.5M8.5 15.5 10.5 17.5",
            Self::Lock => {
                "M6.5 10.5h11a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5ZM8 10.5V8a4 4 0 0 1 8 0v2.5M12 14.5v2"
            }
            Self::Check => "M5 12.5 10 17.5 19.5 7",
            Self::Clock => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 7.5V12l3 2",
            Self::Warning => "M12 4.5 3.5 19h17L12 4.5ZM12 10.5v3.5M12 16.6h.01",
            Self::Info => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 11.5V16M12 8.3h.01",
            Self::Close => "M6.5 6.5l11 11M17.5 6.5l-11 11",
            Self::Copy => {
                "M9.5 8.5H18a1.5 1.5 0 0 1 1.5 1.5v8.5A1.5 1.5 0 0 1 18 20H9.5A1.5 1.5 0 0 1 8 18.5V10a1.5 1.5 0 0 1 1.5-1.5ZM5.5 15.5H5A1 1 0 0 1 4 14.5V6a2 2 0 0 1 2-2h8.5a1 1 0 0 1 1 1v.5"
            }
            Self::Search => "M10.8 17.5a6.7 6.7 0 1 0 0-13.4 6.7 6.7 0 0 0 0 13.4ZM20 20l-4.4-4.4",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z"
            }
            Self::EyeClosed => {
                "M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.7 3.5M6.3 7.3A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.5a9.5 9.5 0 0 0 4-.9M9.9 9.9a3 3 0 0 0 4.2 4.2"
            }
            Self::Offline => {
                "M4 4l16 16M8.5 15.8a5 5 0 0 1 6.6-.3M5.3 12.5a9.5 9.5 0 0 1 4-2.3M2.5 9a14 14 0 0 1 4.2-2.7M13.5 10c2 .3 3.8 1.2 5.2 2.5M10.5 5.1A14 14 0 0 1 21.5 9M12 19.3h.01"
            }
            Self::Plus => "M12 5v14M5 12h14",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::Download => "M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14",
            Self::Pulse => "M3 12.5h4l2.5-7 5 13 2.5-6h4",
            Self::Sliders => "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h4M12 12h8M10 10v4",
            Self::Book => {
                "M6 4.5h11.5v15H6.8A1.8 1.8 0 0 1 5 17.7V6a1.5 1.5 0 0 1 1-1.5ZM5 17.5c.2-1 1-1.5 1.8-1.5h10.7M9 8.5h5.5M9 11.5h5.5"
            }
            Self::Shield => "M12 3.5l7 2.6v5.2c0 4.4-2.9 7.7-7 9.2-4.1-1.5-7-4.8-7-9.2V6.1l7-2.6ZM9 12l2.2 2.2L15.2 10",
            Self::Letter => {
                "M5 5.5h14A1.5 1.5 0 0 1 20.5 7v10a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 17V7A1.5 1.5 0 0 1 5 5.5ZM4 7l8 6 8-6"
            }
        }
    }
}

/// Draws an icon. It says nothing to screen readers: the text beside it does.
pub fn icon(icon: Icon) -> El {
    drawing("icon", "0 0 24 24").add(svg("path").attr("d", icon.outline()))
}

/// Qoin's mark: a coin whose tail, which makes it a Q, is a block.
pub fn mark() -> El {
    let square = |class: &str, at: &str, size: &str, radius: &str| {
        let square = svg("rect").attr("class", class).attr("x", at).attr("y", at);
        square.attr("width", size).attr("height", size).attr("rx", radius)
    };
    drawing("mark", "0 0 32 32")
        .add(square("coin", "0", "32", "8"))
        .add(svg("path").attr("class", "ring").attr("d", "M21.6 15.2a7 7 0 1 0-6.4 6.4"))
        .add(square("block", "18.3", "6.4", "1.6"))
}

fn drawing(class: &str, view_box: &str) -> El {
    svg("svg").attr("class", class).attr("viewBox", view_box).attr("aria-hidden", "true")
}
