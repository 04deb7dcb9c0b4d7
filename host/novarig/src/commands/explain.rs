//! `novarig explain`: why the scheduler of a scenario sent servers where it did.

use crate::cli::{ExplainArguments, Format};
use crate::commands::run::run_scenario;
use crate::output::print;
use explore::report;

/// Runs the scenario and tells its scheduling decisions, whatever else becomes of it.
pub(crate) fn explain(arguments: &ExplainArguments) -> anyhow::Result<bool> {
    let run = run_scenario(&arguments.run)?;
    let decisions = report::explain(&run, arguments.server.as_deref())?;
    match arguments.run.format {
        Format::Text => print(&report::explain_text(&decisions)),
        Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(&decisions)?)),
    }
    Ok(true)
}
