//! Puts the components of a stack together into one component.
//!
//! The interfaces of a driver that a layer imports are those that the component below exports. What each component has of
//! its own (settings, log, random numbers, durable data) becomes an import with its place in the name; all else is imported
//! once for all. A component of contract 0.1 is framed by adapters, so that it looks like one of 1.0 from outside:
//!
//! ```text
//! a driver                     a layer
//!
//! driver adapter   exports 1.0   layer adapter ── what 0.1 does not have ──┐  exports 1.0
//!   driver 0.1                     layer 0.1                               │
//!                                    adapter below ────────────────────────┴─ the component below, 1.0
//! ```

use crate::contract::{Checked, Version, interface_name};
use crate::imports::{OWN_INTERFACES, Place, own_name};
use std::collections::BTreeMap;
use std::fmt;
use wac_graph::types::{ItemKind, Package};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};
use wit_component::ComponentEncoder;

/// Composes checked components, the driver first. The error is for a person: it means that the check let something pass.
pub(crate) fn compose(components: &[Checked]) -> Result<Vec<u8>, String> {
    let mut composition = Composition { graph: CompositionGraph::new(), packages: BTreeMap::new() };
    let mut below: Option<Exported> = None;
    for (position, component) in components.iter().enumerate() {
        let part = |instance| Exported { instance, interfaces: component.exports.clone() };
        let own = Place::Component(position);
        below = Some(match (component.version, below) {
            (Version::V1_0, below) => {
                let suppliers: Vec<&Exported> = below.iter().collect();
                part(composition.instantiate(&component.bytes, own, &suppliers)?)
            }
            (Version::V0_1, None) => {
                let driver = part(composition.instantiate(&component.bytes, own, &[])?);
                composition.adapter(adapters::DRIVER_0_1, Place::Adapter(2 * position), &[&driver])?
            }
            (Version::V0_1, Some(below)) => {
                let adapted = composition.adapter_below(Place::Adapter(2 * position), &below)?;
                let layer = part(composition.instantiate(&component.bytes, own, &[&adapted])?);
                let place = Place::Adapter(2 * position + 1);
                composition.adapter(adapters::LAYER_0_1, place, &[&layer, &below])?
            }
        });
    }
    let top = below.ok_or("the stack is empty")?;
    for interface in &top.interfaces {
        let export = composition.graph.alias_instance_export(top.instance, interface).map_err(text)?;
        composition.graph.export(export, interface).map_err(text)?;
    }
    let options = EncodeOptions { define_components: true, validate: false, processor: None };
    composition.graph.encode(options).map_err(text)
}

/// A component in its place, and the interfaces of a driver that it exports.
struct Exported {
    instance: NodeId,
    interfaces: Vec<String>,
}

struct Composition {
    graph: CompositionGraph,
    packages: BTreeMap<Vec<u8>, PackageId>,
}

impl Composition {
    /// Puts a component into the stack. Each interface of a driver that it imports comes from the first supplier that has it.
    fn instantiate(&mut self, bytes: &[u8], place: Place, suppliers: &[&Exported]) -> Result<NodeId, String> {
        let graph = &mut self.graph;
        let package = match self.packages.get(bytes) {
            Some(package) => *package,
            None => {
                let name = format!("novarig:package{}", self.packages.len());
                let package =
                    Package::from_bytes(&name, None, bytes.to_vec(), graph.types_mut()).map_err(text)?;
                let package = graph.register_package(package).map_err(text)?;
                self.packages.insert(bytes.to_vec(), package);
                package
            }
        };
        let instance = graph.instantiate(package);
        let imports = graph.types()[graph[package].ty()].imports.clone();
        for (name, kind) in imports {
            let own = OWN_INTERFACES.iter().find(|own| {
                [Version::V0_1, Version::V1_0].into_iter().any(|version| name == interface_name(own, version))
            });
            if let Some(own) = own {
                // Imports that implement one interface would be merged into one when the graph is encoded, which goes by
                // the interface's name. Without it each stays for itself.
                if let ItemKind::Instance(interface) = kind {
                    graph.types_mut()[interface].id = None;
                }
                let import = graph.import(own_name(own, place), kind.promote()).map_err(text)?;
                graph.set_instantiation_argument(instance, &name, import).map_err(text)?;
            } else if let Some(supplier) =
                suppliers.iter().find(|supplier| supplier.interfaces.contains(&name))
            {
                let export = graph.alias_instance_export(supplier.instance, &name).map_err(text)?;
                graph.set_instantiation_argument(instance, &name, export).map_err(text)?;
            }
        }
        Ok(instance)
    }

    /// Puts an adapter on top of a component of 0.1. It exports the mandatory interfaces of 1.0.
    fn adapter(&mut self, module: &[u8], place: Place, suppliers: &[&Exported]) -> Result<Exported, String> {
        let instance = self.instantiate(&component_of(module)?, place, suppliers)?;
        Ok(Exported { instance, interfaces: crate::exports::mandatory_interfaces() })
    }

    /// Puts the adapter on a component of 1.0 that lets a layer of 0.1 stand over it.
    fn adapter_below(&mut self, place: Place, below: &Exported) -> Result<Exported, String> {
        let instance = self.instantiate(&component_of(adapters::BELOW_LAYER_0_1)?, place, &[below])?;
        Ok(Exported { instance, interfaces: vec![interface_name("driver", Version::V0_1)] })
    }
}

/// An adapter is built as a module.
fn component_of(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoded = ComponentEncoder::default().module(module).and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| format!("the adapter of contract 0.1 is no component: {error:#}"))
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::compose;
    use crate::contract;
    use crate::imports::{OWN_INTERFACES, Place, linker, own_name};
    use crate::limits::STACK_DEPTH;

    /// To compile such a stack would take a minute; that layers work over layers is shown with less of them.
    #[test]
    fn each_component_of_the_deepest_stack_has_imports_of_its_own_which_the_host_knows() {
        let shipped = |name| drivers::SHIPPED.iter().find(|shipped| shipped.name == name).unwrap().wasm;
        let layer = contract::check("layer", shipped("fail-finish-migration")).unwrap();
        let mut stack = vec![contract::check("driver", shipped("fake")).unwrap()];
        stack.extend(std::iter::repeat_n(layer, STACK_DEPTH - 1));
        let composed = compose(&stack).unwrap();
        let imports = |name: &str| composed.windows(name.len()).any(|window| window == name.as_bytes());
        let mut linker = linker(&wasmtime::Engine::default()).unwrap();
        for position in 0..STACK_DEPTH {
            let name = own_name("logging", Place::Component(position));
            assert!(imports(&name), "{name}");
            for interface in OWN_INTERFACES {
                // What is there cannot be put there.
                let name = own_name(interface, Place::Component(position));
                let mut known = linker.instance(&name).unwrap();
                let function = match interface {
                    "logging" => "log",
                    "random" => "next-u64",
                    _ => "get",
                };
                assert!(known.func_wrap(function, |_, (): ()| Ok(())).is_err(), "{name}");
            }
        }
        assert!(!imports(&own_name("logging", Place::Component(STACK_DEPTH))));
    }
}
