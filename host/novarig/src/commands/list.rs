//! What there is: scenarios, a line each.

use crate::output::print;
use anyhow::Context;

/// Lists the built-in scenarios.
pub(crate) fn scenarios() -> anyhow::Result<bool> {
    for builtin in explore::BUILTIN {
        let scenario = builtin.scenario().context("a built-in scenario is broken")?;
        print(&format!("{:<18} {}\n", scenario.name, scenario.description));
    }
    Ok(true)
}
