//! The wallet of Qoin in the browser.

fn main() {
    qoin_app::start_wallet();
}
