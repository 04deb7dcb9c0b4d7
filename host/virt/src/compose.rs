//! Puts the components of a stack together into one component.
//!
//! Each layer's imported driver is the exported driver of the component below. What each component has of its own (settings,
//! log, random numbers, durable data) becomes an import with its position in the name; all else is imported once for all.

use crate::contract::{Checked, DRIVER};
use crate::imports::{OWN_INTERFACES, own_name};
use std::collections::BTreeMap;
use std::fmt;
use wac_graph::types::{ItemKind, Package};
use wac_graph::{CompositionGraph, EncodeOptions};

/// Composes checked components, the driver first. The error is for a person: it means that the check let something pass.
pub(crate) fn compose(components: &[Checked]) -> Result<Vec<u8>, String> {
    let mut graph = CompositionGraph::new();
    let mut packages = BTreeMap::new();
    let mut below = None;
    for (position, component) in components.iter().enumerate() {
        let bytes = &component.bytes;
        let package = match packages.get(bytes) {
            Some(package) => *package,
            None => {
                let name = format!("novarig:component{position}");
                let package =
                    Package::from_bytes(&name, None, bytes.clone(), graph.types_mut()).map_err(text)?;
                let package = graph.register_package(package).map_err(text)?;
                packages.insert(bytes, package);
                package
            }
        };
        let instance = graph.instantiate(package);
        let imports = graph.types()[graph[package].ty()].imports.clone();
        for (name, kind) in imports {
            let own = OWN_INTERFACES.iter().find(|own| name == format!("nova:virt/{own}@0.1.0"));
            if let Some(own) = own {
                // Imports that implement one interface would be merged into one when the graph is encoded, which goes by
                // the interface's name. Without it each stays for itself.
                if let ItemKind::Instance(interface) = kind {
                    graph.types_mut()[interface].id = None;
                }
                let import = graph.import(own_name(own, position), kind.promote()).map_err(text)?;
                graph.set_instantiation_argument(instance, &name, import).map_err(text)?;
            }
        }
        if let Some(below) = below.filter(|_| component.imports_driver) {
            let driver = graph.alias_instance_export(below, DRIVER).map_err(text)?;
            graph.set_instantiation_argument(instance, DRIVER, driver).map_err(text)?;
        }
        below = Some(instance);
    }
    let top = below.ok_or("the stack is empty")?;
    let driver = graph.alias_instance_export(top, DRIVER).map_err(text)?;
    graph.export(driver, DRIVER).map_err(text)?;
    graph.encode(EncodeOptions { define_components: true, validate: false, processor: None }).map_err(text)
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}
