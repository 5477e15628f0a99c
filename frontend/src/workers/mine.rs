//! The mining worker for engines that have vectors (simd128); others cannot load it.

mod engine;
mod message;

fn main() {
    engine::start(qoin_miner::kernel::wasm::SIMD128);
}
