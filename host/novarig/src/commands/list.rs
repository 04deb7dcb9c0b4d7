//! What there is: scenarios, a line each.

use crate::output::print;
use anyhow::Context;
use explore::scenario::Builtin;

/// Lists the built-in scenarios.
pub(crate) fn scenarios() -> anyhow::Result<bool> {
    list(explore::BUILTIN)?;
    print("\nIn which something goes wrong; `novarig bugs` says which defect each of them shows:\n");
    list(explore::DEFECTS)?;
    Ok(true)
}

fn list(scenarios: &[Builtin]) -> anyhow::Result<()> {
    let width = scenarios.iter().map(|builtin| builtin.name.len()).max().unwrap_or_default();
    for builtin in scenarios {
        let scenario = builtin.scenario().context("a built-in scenario is broken")?;
        print(&format!("{:<width$} {}\n", scenario.name, scenario.description));
    }
    Ok(())
}
