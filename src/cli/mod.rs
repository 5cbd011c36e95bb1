//! Owns the commands: arguments, human output, exit codes.
//!
//! Data goes to stdout, everything else to stderr. Must not know domain rules: it wires the rooms
//! and prints what they report.

mod args;
mod check;
mod demo;
mod estimate;
mod exit;
mod explain;
mod export;
mod init;
mod live;
mod output;
mod progress;
mod prompt;
mod reconcile;
mod requests;
mod reread;
mod resync;
mod run;
mod sandbox;
mod show;
mod status;
mod wire;

pub use exit::Exit;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser as _;
use indicatif::MultiProgress;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::args::{Args, Command, ConfigCommand};
use crate::cli::exit::Failure;
use crate::telemetry;

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let is_asked_for = !error.use_stderr();
            // Nobody is left to tell when the terminal is gone.
            error.print().unwrap_or_default();
            return if is_asked_for { Exit::Done } else { Exit::Usage }.into();
        }
    };
    leave_no_memory_behind();
    let bars = MultiProgress::new();
    let level = if args.verbose { tracing::Level::DEBUG } else { tracing::Level::INFO };
    telemetry::start(args.log_format, level, &bars);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            // A panic is a bug: scripts must be able to tell it from a failure.
            let work = AssertUnwindSafe(|| runtime.block_on(run_command(args, &bars)));
            catch_unwind(work).unwrap_or_else(|_panic| Err(Failure::bug()))
        }
        Err(source) => Err(Failure::system("start")(source)),
    };
    progress::clear(&bars);
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::error(&failure.to_text());
            failure.exit.into()
        }
    }
}

/// A crash must not write our memory, with the secrets in it, to a file.
fn leave_no_memory_behind() {
    let known = getrlimit(Resource::Core);
    // Without the limit the process is as safe as any other: no reason not to run.
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..known }).unwrap_or_default();
}

async fn run_command(args: Args, bars: &MultiProgress) -> Result<Exit, Failure> {
    let config = args.config.as_path();
    match args.command {
        Command::Demo { fail } => demo::demo(&fail, bars).await,
        Command::Estimate { json } => estimate::print(config, json).await,
        Command::Init(args) => init::init(config, &args).await,
        Command::Sandbox(args) => sandbox::sandbox(args).await,
        Command::Run { once, dry_run } => Box::pin(run::run(config, (once, dry_run), bars)).await,
        Command::Replay(args) => run::replay(config, args, bars).await,
        Command::Export(args) => export::export(config, &args),
        Command::Status(args) => status::status(config, &args),
        Command::Explain(args) => explain::print(config, &args),
        Command::Requests(args) => requests::requests(config, &args),
        Command::Reread { tables } => reread::reread(config, &tables),
        Command::Resync(args) => resync::resync(config, &args),
        Command::Reconcile { repair, json } => {
            Box::pin(reconcile::reconcile(config, (repair, json))).await
        }
        Command::Check { json } => check::check(config, json).await,
        Command::Config { command: ConfigCommand::Show } => show::show(config),
    }
}
