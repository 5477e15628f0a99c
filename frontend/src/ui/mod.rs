//! The design system: the parts that all pages are made of.

pub mod button;
pub mod chart;
pub mod dialog;
pub mod dom;
pub mod field;
pub mod file_drop;
pub mod format;
pub mod icon;
pub mod member_picker;
pub mod money;
pub mod movement;
pub mod person;
pub mod select;
pub mod state;
pub mod table;
pub mod task;
pub mod toast;
pub mod view_switch;
pub mod words;

pub use button::Button;
pub use dialog::dialog;
pub use dom::{El, Part, View, bdi, classed, div, el, link, p, react, span};
pub use field::Field;
pub use icon::{Icon, icon, mark};
pub use money::{Sign, money};
pub use task::Task;
pub use toast::toast;
