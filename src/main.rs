//! The `aco-stream` binary.

fn main() {}
