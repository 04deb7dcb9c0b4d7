//! `./just setup`: makes sure that drivers can be built here, and says with what.

use std::process::ExitCode;

use driver_toolchain::Toolchain;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the program's only output")]
fn main() -> ExitCode {
    match Toolchain::install(&mut |line| println!("{line}")) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
