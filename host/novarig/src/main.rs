//! `novarig`: run scenarios in a simulated cloud whose hypervisors are WebAssembly components.
//!
//! The binary only assembles: it reads the command line, prepares engine and drivers, prints what other crates found, and
//! serves what they answer.
//! It ends with 0 when all is as it must be, with 1 when a scenario's expectations, a cloud's invariants or a driver's rules
//! do not hold, and with 2 when it was given something it cannot use, which a message on standard error explains.

mod cli;
mod commands;
mod output;
mod setup;
mod stop;

use clap::Parser;
use cli::{Cli, Command, DriverCommand};
use std::process::ExitCode;

/// A run makes and drops many small things; this allocator takes a tenth off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Expectations, invariants or rules do not hold.
const DOES_NOT_HOLD: u8 = 1;
/// The input cannot be used.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => commands::run(&arguments),
        Command::Explain(arguments) => commands::explain(&arguments),
        Command::Explore(arguments) => commands::explore(&arguments),
        Command::Replay(arguments) => commands::replay(&arguments),
        Command::Scenarios => commands::scenarios(),
        Command::Drivers(arguments) => commands::drivers(&arguments),
        Command::Bugs(arguments) => commands::bugs(&arguments),
        Command::Demo => commands::demo(),
        Command::Driver(DriverCommand::New(arguments)) => commands::driver_new(&arguments),
        Command::Driver(DriverCommand::Build(arguments)) => commands::driver_build(&arguments),
        Command::Driver(DriverCommand::Inspect(arguments)) => commands::driver_inspect(&arguments),
        Command::Driver(DriverCommand::Check(arguments)) => commands::driver_check(&arguments),
        Command::Placement(arguments) => commands::placement(&arguments),
        Command::Serve(arguments) => commands::serve(&arguments),
        Command::Env(arguments) => commands::env(&arguments),
        Command::CloudsYaml(arguments) => commands::clouds_yaml(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(DOES_NOT_HOLD),
        Err(error) => {
            output::error(&error);
            ExitCode::from(BAD_INPUT)
        }
    }
}
