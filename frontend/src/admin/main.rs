//! The panel of administration in the browser.

fn main() {
    qoin_app::start_panel();
}
