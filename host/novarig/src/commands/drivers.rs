//! `novarig drivers`: the shipped drivers and layers with their settings, and the stacks that Nova's names stand for.
//!
//! The JSON is for programs, completion of stacks above all, and keeps its keys: `contract` (the contract that this program
//! speaks), `drivers`, a list with `name`, `kind` (`driver`, `layer`), `summary`, `contract` (the one it was built against),
//! `handles` (methods that a layer has itself, null if it does not say), `intercepts` and `settings`; each setting has
//! `name`, `kind` (`integer`, `text`, `boolean`, `one_of`), `values` (all that are allowed, null if there are too many),
//! `default` (null if there is none) and `description`; and `nova`, a list with `name`, as Nova's `compute_driver` has it,
//! and `stack`.

use crate::cli::{DriversArguments, Format};
use crate::output::{paint, print};
use crate::setup;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write;
use virt::{CONTRACT, Kind, Metadata, NovaDriver, Setting, SettingKind, contract_of};

/// A shipped driver or layer, as the list has it.
struct Listed {
    metadata: Metadata,
    contract: String,
}

/// Lists the shipped drivers, then the layers, then Nova's names.
pub(crate) fn drivers(arguments: &DriversArguments) -> anyhow::Result<bool> {
    let library = setup::library();
    let mut listed = Vec::new();
    for (name, wasm) in library.iter() {
        let metadata = Metadata::of(wasm).with_context(|| format!("driver {name} says nothing of itself"))?;
        let contract = contract_of(wasm).with_context(|| format!("driver {name} fits no contract"))?;
        listed.push(Listed { metadata, contract });
    }
    // Stable, so each kind stays in order of names.
    listed.sort_by_key(|listed| listed.metadata.kind == Kind::Layer);
    match arguments.format {
        Format::Text => print(&text(&listed)),
        Format::Json => print(&format!("{:#}\n", to_json(&listed))),
    }
    Ok(true)
}

fn text(listed: &[Listed]) -> String {
    let paint = paint();
    let mut text = String::new();
    for Listed { metadata, .. } in listed {
        let name = paint.title(&format!("{:<24}", metadata.name));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} {:<7} {}", kind_word(metadata.kind), metadata.summary);
        for setting in &metadata.settings {
            let given = format!("{}={}", setting.name, values(setting));
            let default = match setting.default.as_str() {
                "" => String::new(),
                default => format!(" (default {default})"),
            };
            let _ = writeln!(text, "    {given:<32} {}{default}", setting.description);
        }
    }
    let width = NovaDriver::ALL.iter().map(|driver| driver.to_string().len()).max().unwrap_or(0);
    let _ = writeln!(text, "\n{}", paint.title("Nova's names, wherever the driver of a stack is written"));
    for driver in NovaDriver::ALL {
        let _ = writeln!(text, "{:<width$} {}", driver.to_string(), driver.stack);
    }
    text
}

pub(super) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Driver => "driver",
        Kind::Layer => "layer",
    }
}

/// What the value of a setting can be, in a word.
pub(super) fn values(setting: &Setting) -> String {
    match &setting.kind {
        SettingKind::Integer => "NUMBER".to_owned(),
        SettingKind::Text => "TEXT".to_owned(),
        SettingKind::Boolean => "true|false".to_owned(),
        SettingKind::OneOf(words) => words.join("|"),
    }
}

/// A setting, as programs get it.
pub(super) fn setting_json(setting: &Setting) -> Value {
    let (kind, values) = match &setting.kind {
        SettingKind::Integer => ("integer", Value::Null),
        SettingKind::Text => ("text", Value::Null),
        SettingKind::Boolean => ("boolean", json!(["true", "false"])),
        SettingKind::OneOf(words) => ("one_of", json!(words)),
    };
    json!({
        "name": setting.name,
        "kind": kind,
        "values": values,
        "default": Some(&setting.default).filter(|default| !default.is_empty()),
        "description": setting.description,
    })
}

fn to_json(listed: &[Listed]) -> Value {
    let drivers: Vec<Value> = listed
        .iter()
        .map(|Listed { metadata, contract }| {
            json!({
                "name": metadata.name,
                "kind": kind_word(metadata.kind),
                "summary": metadata.summary,
                "contract": contract,
                "handles": metadata.handles,
                "intercepts": metadata.intercepts,
                "settings": metadata.settings.iter().map(setting_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    let nova: Vec<Value> = NovaDriver::ALL
        .iter()
        .map(|driver| json!({ "name": driver.to_string(), "stack": driver.stack }))
        .collect();
    json!({ "contract": CONTRACT, "drivers": drivers, "nova": nova })
}
