//! `novarig driver check`: does a stack keep the contract?

use super::driver_inspect::parse_stack;
use crate::cli::{CheckArguments, Format};
use crate::output::{paint, print};
use crate::setup;
use check::{Subject, Verdict};

/// Tries every rule and scenario and prints a verdict for each. Good is when nothing is broken.
pub(crate) fn driver_check(arguments: &CheckArguments) -> anyhow::Result<bool> {
    let stack = parse_stack(&arguments.stack)?;
    let (engine, library) = (setup::engine()?, setup::library());
    let report = check::check(&Subject::new(stack, &engine, &library)?)?;
    match arguments.format {
        Format::Text => {
            let paint = paint();
            print(&report.to_text(|verdict, word| match verdict {
                Verdict::Ok => paint.good(word),
                Verdict::Broken { .. } => paint.bad(word),
                Verdict::NotApplicable { .. } => paint.faint(word),
            }));
        }
        Format::Json => print(&format!("{:#}\n", report.to_json())),
    }
    Ok(report.holds())
}
