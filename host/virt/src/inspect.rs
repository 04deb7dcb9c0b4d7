//! What a stack is made of, without running it: for each component what it says of itself and what its file has, and for
//! the whole what was composed and compiled of it.

use crate::contract;
use crate::engine::{Engine, source_name};
use crate::error::LoadError;
use crate::library::Library;
use crate::metadata::{Kind, Metadata, Setting};
use crate::method::Method;
use crate::prepared::PreparedStack;
use crate::sections::{self, FileKind};
use crate::stack::Stack;
use serde::Serialize;
use std::collections::BTreeMap;

/// A stack, taken apart.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The stack, as it is written; a driver of Nova's is the stack it stands for.
    pub stack: String,
    /// Its components, the driver first.
    pub components: Vec<ComponentInspection>,
    /// Bytes of the machine code that all of it was compiled to.
    pub machine_code_bytes: usize,
    /// What the composed stack asks of the host, by name; each component has settings, log, random numbers and durable data
    /// of its own.
    pub imports: Vec<String>,
    /// The interfaces it exports.
    pub exports: Vec<String>,
    /// Methods of optional interfaces that it does not offer.
    pub not_offered: Vec<Method>,
}

/// One component of a stack.
#[derive(Clone, Debug, Serialize)]
pub struct ComponentInspection {
    /// Where it comes from, as it was written.
    pub source: String,
    /// Its name.
    pub name: String,
    /// Driver or layer.
    pub kind: Kind,
    /// One line on what it is for; empty if it does not say.
    pub summary: String,
    /// The contract it was built against, `nova:virt@1.0.0`.
    pub contract: String,
    /// Bytes of its file.
    pub wasm_bytes: usize,
    /// Whether its file is a component; else it is a module of which one is made.
    pub is_component: bool,
    /// The interfaces it imports.
    pub imports: Vec<String>,
    /// The interfaces it exports.
    pub exports: Vec<String>,
    /// Its settings, and what each is in this stack.
    pub settings: Vec<SettingInForce>,
    /// What it does with the calls that come to it.
    pub methods: Passing,
}

/// A setting and its value.
#[derive(Clone, Debug, Serialize)]
pub struct SettingInForce {
    /// What it is.
    #[serde(flatten)]
    pub setting: Setting,
    /// What it is here: what was given, or the default.
    pub value: String,
    /// Whether it was given.
    pub given: bool,
}

/// What a component does with the calls that come to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "role")]
pub enum Passing {
    /// It answers all of them: nothing is below it.
    Driver,
    /// It answers these itself and hands on the others.
    Layer {
        /// Its own, by Nova's names, in the order of its code.
        handles: Vec<String>,
        /// Those it hands on.
        passes: Vec<Method>,
        /// Whether it sees all of them on their way, and may fail each.
        intercepts: bool,
    },
    /// It is a layer and does not say.
    Unsaid,
}

impl Engine {
    /// Takes a stack apart. It is loaded, checked and compiled as by [`prepare`](Engine::prepare), and nothing of it runs.
    ///
    /// # Errors
    /// Those of `prepare`.
    pub fn inspect(
        &self,
        stack: &Stack,
        library: &Library,
    ) -> Result<(Inspection, PreparedStack), LoadError> {
        let prepared = self.prepare(stack, library)?;
        let mut components = Vec::new();
        for component in &stack.components {
            let bytes = library.read(&component.source)?;
            let source = source_name(&component.source);
            let given: BTreeMap<&str, &str> =
                component.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            components.push(take_apart(source, &bytes, &given)?);
        }
        let compiled = prepared.pre().component();
        let code = compiled.image_range();
        let component_type = compiled.component_type();
        let inspection = Inspection {
            stack: stack.to_string(),
            components,
            machine_code_bytes: code.end as usize - code.start as usize,
            imports: component_type.imports(prepared.engine()).map(|(name, _)| name.to_owned()).collect(),
            exports: component_type.exports(prepared.engine()).map(|(name, _)| name.to_owned()).collect(),
            not_offered: Method::ALL.iter().copied().filter(|method| !prepared.offers(*method)).collect(),
        };
        Ok((inspection, prepared))
    }
}

fn take_apart(
    source: String,
    bytes: &[u8],
    given: &BTreeMap<&str, &str>,
) -> Result<ComponentInspection, LoadError> {
    let checked = contract::check(&source, bytes)?;
    let metadata = Metadata::of(bytes);
    let interfaces = contract::interfaces(&checked.bytes);
    let is_layer =
        checked.calls_below() || metadata.as_ref().is_some_and(|metadata| metadata.kind == Kind::Layer);
    let methods = match metadata.as_ref().map(|metadata| (&metadata.handles, metadata.intercepts)) {
        _ if !is_layer => Passing::Driver,
        Some((Some(handles), intercepts)) => Passing::Layer {
            passes: Method::ALL
                .iter()
                .copied()
                .filter(|method| !method.is_optional() && !handles.iter().any(|own| own == method.name()))
                .collect(),
            handles: handles.clone(),
            intercepts,
        },
        Some((None, _)) | None => Passing::Unsaid,
    };
    let in_force = |setting: Setting| {
        let value = given.get(setting.name.as_str());
        SettingInForce {
            value: value.map_or_else(|| setting.default.clone(), |value| (*value).to_owned()),
            given: value.is_some(),
            setting,
        }
    };
    let (imports, exports) = interfaces;
    let (name, summary, settings) = match metadata {
        Some(metadata) => (metadata.name, metadata.summary, metadata.settings),
        None => (source.clone(), String::new(), Vec::new()),
    };
    Ok(ComponentInspection {
        source,
        name,
        kind: if is_layer { Kind::Layer } else { Kind::Driver },
        summary,
        contract: format!("nova:virt@{}", checked.version.text()),
        wasm_bytes: bytes.len(),
        is_component: sections::kind(bytes) == Some(FileKind::Component),
        imports,
        exports,
        settings: settings.into_iter().map(in_force).collect(),
        methods,
    })
}
