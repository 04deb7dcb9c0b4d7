//! `novarig driver inspect`: what a stack is made of.
//!
//! The JSON has `stack`, `machine_code_bytes`, `imports`, `exports`, `not_offered` (methods), `limits`, `capabilities` (null
//! if the stack does not tell; then `capabilities_error` says why) and `components`, the driver first, each with `source`,
//! `name`, `kind`, `summary`, `contract`, `wasm_bytes`, `is_component`, `imports`, `exports`, `methods` (`role` is `driver`,
//! `layer`, then with `handles`, `passes` and `intercepts`, or `unsaid`) and `settings`: those of `novarig drivers`, and
//! `value` and `given`.

use super::drivers::{kind_word, setting_json, values};
use crate::cli::{Format, InspectArguments};
use crate::output::{paint, print};
use crate::setup;
use anyhow::anyhow;
use check::{Facts, capability_name};
use serde_json::{Value, json};
use std::fmt::Write;
use virt::types::Capability;
use virt::{ComponentInspection, Inspection, Limits, Passing, STACK_BYTES, Stack};

/// Takes the stack apart, and starts it once to ask what it can do.
pub(crate) fn driver_inspect(arguments: &InspectArguments) -> anyhow::Result<bool> {
    let stack = parse_stack(&arguments.stack)?;
    let (inspection, prepared) = setup::engine()?.inspect(&stack, &setup::library())?;
    let facts = Facts::of(&prepared)?;
    match arguments.format {
        Format::Text => print(&text(&inspection, &facts)),
        Format::Json => print(&format!("{:#}\n", to_json(&inspection, &facts))),
    }
    Ok(true)
}

/// The stack of a command line.
pub(super) fn parse_stack(text: &str) -> anyhow::Result<Stack> {
    text.parse().map_err(|error| anyhow!("the stack is wrong:\n{error}"))
}

fn text(inspection: &Inspection, facts: &Facts) -> String {
    let paint = paint();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", paint.title(&inspection.stack));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<13} {value}");
    };
    line("machine code", &kib(inspection.machine_code_bytes));
    line("exports", &interfaces(&inspection.exports));
    if !inspection.not_offered.is_empty() {
        let names: Vec<&str> = inspection.not_offered.iter().map(|method| method.name()).collect();
        line("not offered", &names.join(", "));
    }
    line("imports", &interfaces(&inspection.imports));
    line("capabilities", &capabilities(facts));
    for (position, (name, value, unit)) in limits().into_iter().enumerate() {
        line(if position == 0 { "limits" } else { "" }, &format!("{name:<19} {value} {unit}"));
    }
    for component in &inspection.components {
        let _ = write!(text, "\n{}", describe(component, paint));
    }
    text
}

fn describe(component: &ComponentInspection, paint: explore::report::Paint) -> String {
    let mut text = String::new();
    let kind = kind_word(component.kind);
    let _ = writeln!(text, "{} {kind}  {}", paint.title(&component.name), component.summary);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:<13} {value}");
    };
    if component.source != component.name {
        line("source", &component.source);
    }
    line("contract", &component.contract);
    let form = if component.is_component { "a component" } else { "a module" };
    line("wasm", &format!("{}, {form}", kib(component.wasm_bytes)));
    line("exports", &interfaces(&component.exports));
    line("imports", &interfaces(&component.imports));
    match &component.methods {
        Passing::Driver => line("methods", "answers all calls: it is the driver"),
        Passing::Unsaid => line("methods", "does not say which it has itself"),
        Passing::Layer { handles, passes, intercepts } => {
            let own = if handles.is_empty() { "none".to_owned() } else { handles.join(", ") };
            line("methods", &format!("its own: {own}"));
            line("", &format!("handed on: the other {}", passes.len()));
            if *intercepts {
                line("", "sees every call on its way, and may fail each");
            }
        }
    }
    for (position, in_force) in component.settings.iter().enumerate() {
        let setting = &in_force.setting;
        let shown = match in_force.value.as_str() {
            "" => "(empty)".to_owned(),
            value => value.to_owned(),
        };
        let mark = if in_force.given { ", given" } else { "" };
        let value = format!("{}={shown}", setting.name);
        line(
            if position == 0 { "settings" } else { "" },
            &format!("{value:<28} {} [{}{mark}]", setting.description, values(setting)),
        );
    }
    text
}

/// `nova:virt@1.0.0: service, inventory; novarig:component0: settings`: interfaces by the package they are in.
fn interfaces(names: &[String]) -> String {
    let mut packages: Vec<(String, Vec<&str>)> = Vec::new();
    for name in names {
        let (package, rest) = name.split_once('/').unwrap_or(("", name));
        let (interface, version) = rest.split_once('@').unwrap_or((rest, ""));
        let package = if version.is_empty() { package.to_owned() } else { format!("{package}@{version}") };
        match packages.iter_mut().find(|(other, _)| *other == package) {
            Some((_, interfaces)) => interfaces.push(interface),
            None => packages.push((package, vec![interface])),
        }
    }
    let show = |(package, interfaces): &(String, Vec<&str>)| format!("{package}: {}", interfaces.join(", "));
    let shown: Vec<String> = packages.iter().map(show).collect();
    if shown.is_empty() { "nothing".to_owned() } else { shown.join("; ") }
}

fn capabilities(facts: &Facts) -> String {
    match &facts.capabilities {
        Ok(capabilities) if capabilities.is_empty() => "none".to_owned(),
        Ok(capabilities) => capabilities.iter().copied().map(capability_name).collect::<Vec<_>>().join(", "),
        Err(problem) => format!("not known: {problem}"),
    }
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

/// The limits of every instance: what of, how much, and the unit.
fn limits() -> [(&'static str, u64, &'static str); 8] {
    let limits = Limits::DEFAULT;
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    [
        ("memory", number(limits.memory), "bytes"),
        ("table", number(limits.table_elements), "elements"),
        ("stack", number(STACK_BYTES), "bytes"),
        ("fuel_per_call", limits.fuel_per_call, "units"),
        ("message", number(limits.message_bytes), "bytes"),
        ("log_per_call", number(limits.log_bytes), "bytes"),
        ("log_lines_per_call", number(limits.log_lines), "lines"),
        ("durable", number(limits.durable_bytes), "bytes"),
    ]
}

fn to_json(inspection: &Inspection, facts: &Facts) -> Value {
    let components: Vec<Value> = inspection.components.iter().map(component_json).collect();
    let limits: serde_json::Map<String, Value> =
        limits().into_iter().map(|(name, value, _)| (name.to_owned(), json!(value))).collect();
    let capabilities = facts.capabilities.as_ref();
    let names = |capabilities: &Vec<Capability>| -> Vec<String> {
        capabilities.iter().copied().map(capability_name).collect()
    };
    json!({
        "stack": inspection.stack,
        "machine_code_bytes": inspection.machine_code_bytes,
        "imports": inspection.imports,
        "exports": inspection.exports,
        "not_offered": inspection.not_offered,
        "limits": limits,
        "capabilities": capabilities.ok().map(names),
        "capabilities_error": capabilities.err(),
        "components": components,
    })
}

fn component_json(component: &ComponentInspection) -> Value {
    let settings: Vec<Value> = component
        .settings
        .iter()
        .map(|in_force| {
            let mut setting = setting_json(&in_force.setting);
            setting["value"] = json!(in_force.value);
            setting["given"] = json!(in_force.given);
            setting
        })
        .collect();
    json!({
        "source": component.source,
        "name": component.name,
        "kind": kind_word(component.kind),
        "summary": component.summary,
        "contract": component.contract,
        "wasm_bytes": component.wasm_bytes,
        "is_component": component.is_component,
        "imports": component.imports,
        "exports": component.exports,
        "methods": component.methods,
        "settings": settings,
    })
}
