//! The `aco-stream` binary: parse, run the command, end with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    aco_stream::cli::main()
}
