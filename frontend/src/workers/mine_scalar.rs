//! The mining worker for engines without vectors.

mod engine;
mod message;

fn main() {
    engine::start(qoin_miner::kernel::wasm::SCALAR);
}
