//! The wallet of Qoin in the browser.

mod api;
mod live;
mod wallet;

fn main() {}
