//! The `qoin` program.

fn main() {}
