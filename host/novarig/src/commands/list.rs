//! What there is: scenarios and drivers, a line each.

use crate::output::print;
use crate::setup;
use anyhow::Context;
use virt::{Kind, Metadata};

/// Lists the built-in scenarios.
pub(crate) fn scenarios() -> anyhow::Result<bool> {
    for builtin in explore::BUILTIN {
        let scenario = builtin.scenario().context("a built-in scenario is broken")?;
        print(&format!("{:<18} {}\n", scenario.name, scenario.description));
    }
    Ok(true)
}

/// Lists the shipped drivers, then the layers.
pub(crate) fn drivers() -> anyhow::Result<bool> {
    let library = setup::library();
    let mut lines = Vec::new();
    for (name, wasm) in library.iter() {
        let metadata = Metadata::of(wasm).with_context(|| format!("driver {name} says nothing of itself"))?;
        let (order, kind) = match metadata.kind {
            Kind::Driver => (0, "driver"),
            Kind::Layer => (1, "layer"),
        };
        lines.push((order, format!("{name:<24} {kind:<7} {}\n", metadata.summary)));
    }
    lines.sort();
    lines.iter().for_each(|(_, line)| print(line));
    Ok(true)
}
