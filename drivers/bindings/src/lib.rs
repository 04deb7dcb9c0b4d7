//! Writes `drivers/sdk/src/abi/contract.rs` from the contract in `wit/v1.0`: the fields of its records, the cases of its
//! variants, and of each method the types and the signatures that its three functions have in WebAssembly.
//!
//! How these become code is told in the SDK, `abi/mod.rs`. What follows from the contract in the Python SDK is written by
//! [`python`]. A test compares the files with what is written here and says how to renew them.

pub mod python;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use wit_parser::abi::{AbiVariant, FlatTypes, WasmType};
use wit_parser::{Function, Handle, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind, TypeId, WorldItem};

/// The interfaces whose types drivers exchange with the host.
const NOUNS: [&str; 4] = ["types", "answers", "errors", "requests"];

/// The world whose exports are the methods.
const WORLD: &str = "virt-driver";

/// Parameters of an answer that is handed over flat; more, and it is handed over in memory.
const MAX_FLAT: usize = 16;

/// The contract in a folder.
pub struct Contract {
    resolve: Resolve,
    sizes: SizeAlign,
    package: wit_parser::PackageId,
}

impl Contract {
    /// Reads a folder of WIT files.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub fn read(folder: &Path) -> Result<Contract, Box<dyn Error>> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(folder)?;
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        Ok(Contract { resolve, sizes, package })
    }

    /// The names of the methods, interface by interface in the order of the world.
    #[must_use]
    pub fn methods(&self) -> Vec<(String, Vec<String>)> {
        let snake = |name: &str| name.replace('-', "_");
        let interfaces = self.exports().into_iter().map(|id| {
            let interface = &self.resolve.interfaces[id];
            let functions = interface.functions.keys().map(|name| snake(name)).collect();
            (snake(interface.name.as_deref().unwrap_or_default()), functions)
        });
        interfaces.collect()
    }

    /// The name, size and alignment of each record, enum and variant, where a pointer has 64 bits, and how many numbers it
    /// is where it is handed over flat.
    #[must_use]
    pub fn layouts(&self) -> BTreeMap<String, (usize, usize, usize)> {
        let layouts = self.nouns().into_iter().filter_map(|(name, id)| {
            if matches!(self.resolve.types[id].kind, TypeDefKind::Type(_) | TypeDefKind::List(_)) {
                return None;
            }
            let id = Type::Id(id);
            let size = self.sizes.size(&id).size_wasm64();
            Some((name, (size, self.sizes.align(&id).align_wasm64(), self.flat(&id).len())))
        });
        layouts.collect()
    }

    /// The text of `contract.rs`.
    ///
    /// # Errors
    /// The contract has something that has not been thought of here.
    pub fn generate(&self) -> Result<String, Box<dyn Error>> {
        let mut out = String::from(
            "//! What follows from the contract. Written by `drivers/bindings`; not to be changed by hand.\n\n\
             use super::{enumeration, method, record, variant};\n\
             #[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = \"the contract's types, nearly all of them\"))]\n\
             use crate::types::*;\n\n",
        );
        for (name, id) in self.nouns() {
            self.noun(&mut out, &name, id)?;
        }
        writeln!(out, "\n/// The named types.\npub(crate) const NAMED: &[(&str, &super::Shape)] = &[")?;
        for name in self.layouts().keys() {
            writeln!(out, "    ({name:?}, <{name} as super::Abi>::SHAPE),")?;
        }
        out.push_str("];\n\n");
        let mut exports = String::new();
        let mut answers = BTreeMap::new();
        for id in self.exports() {
            let Some(interface) = self.resolve.id_of(id) else {
                return Err("an interface without a name is exported".into());
            };
            for function in self.resolve.interfaces[id].functions.values() {
                self.method(&mut out, &mut exports, &mut answers, &interface, function)?;
            }
        }
        write!(
            out,
            "\n/// Exports every method of a component.\n#[doc(hidden)]\n#[macro_export]\n\
             macro_rules! export_methods {{\n    ($component:ty) => {{\n{exports}    }};\n}}\n"
        )?;
        Ok(out)
    }

    /// The exported interfaces, in order.
    fn exports(&self) -> Vec<InterfaceId> {
        let Some(world) = self.resolve.packages[self.package].worlds.get(WORLD) else { return Vec::new() };
        let items = self.resolve.worlds[*world].exports.values();
        items
            .filter_map(|item| match item {
                WorldItem::Interface { id, .. } => Some(*id),
                WorldItem::Function(_) | WorldItem::Type { .. } => None,
            })
            .collect()
    }

    /// The types of the contract by their names in Rust.
    fn nouns(&self) -> BTreeMap<String, TypeId> {
        let interfaces = &self.resolve.packages[self.package].interfaces;
        let types = NOUNS.iter().filter_map(|name| interfaces.get(*name)).flat_map(|id| {
            let types = self.resolve.interfaces[*id].types.iter();
            types.filter(|(_, id)| {
                // `use` makes a type of the same name that stands for the other.
                !matches!(self.resolve.types[**id].kind, TypeDefKind::Type(Type::Id(_)))
            })
        });
        types.map(|(name, id)| (camel(name), *id)).collect()
    }

    fn noun(&self, out: &mut String, name: &str, id: TypeId) -> Result<(), Box<dyn Error>> {
        match &self.resolve.types[id].kind {
            TypeDefKind::Record(record) => {
                writeln!(out, "record! {{ {name} {{")?;
                for field in &record.fields {
                    writeln!(out, "    {}: {},", snake(&field.name), self.rust(&field.ty)?)?;
                }
                writeln!(out, "}} }}")?;
            }
            TypeDefKind::Enum(cases) => {
                writeln!(out, "enumeration! {{ {name} {{")?;
                for (number, case) in cases.cases.iter().enumerate() {
                    writeln!(out, "    {number} {},", camel(&case.name))?;
                }
                writeln!(out, "}} }}")?;
            }
            TypeDefKind::Variant(variant) => {
                let cases = || variant.cases.iter().enumerate();
                writeln!(out, "variant! {{ {name} {{")?;
                for (number, case) in cases().filter(|(_, case)| case.ty.is_none()) {
                    writeln!(out, "    {number} {},", camel(&case.name))?;
                }
                writeln!(out, "}} with {{")?;
                for (number, case) in cases() {
                    if let Some(payload) = &case.ty {
                        writeln!(out, "    {number} {}({}),", camel(&case.name), self.rust(payload)?)?;
                    }
                }
                writeln!(out, "}} as {{")?;
                for (_, case) in cases() {
                    let payload =
                        case.ty.as_ref().map_or_else(|| Ok("()".to_owned()), |payload| self.rust(payload))?;
                    writeln!(out, "    {payload},")?;
                }
                writeln!(out, "}} }}")?;
            }
            // These have no name of their own in Rust.
            TypeDefKind::Type(_) | TypeDefKind::List(_) => {}
            other => return Err(format!("{name} is a {}", other.as_str()).into()),
        }
        Ok(())
    }

    /// Writes a method. Those with the same type of answer hand it over by one function, that of the first: a component
    /// has a third of the imports then, and an instance of it is made so much faster and takes so much less memory.
    fn method(
        &self,
        out: &mut String,
        exports: &mut String,
        answers: &mut BTreeMap<String, String>,
        interface: &str,
        function: &Function,
    ) -> Result<(), Box<dyn Error>> {
        let name = snake(&function.name);
        let params =
            function.params.iter().map(|param| self.rust(&param.ty)).collect::<Result<Vec<_>, _>>()?;
        let answer = function.result.as_ref().ok_or_else(|| format!("{name} has no result"))?;
        let import = self.resolve.wasm_signature(AbiVariant::GuestImportAsync, function);
        let export = self.resolve.wasm_signature(AbiVariant::GuestExportAsync, function);
        // The last parameter of an import is where the result goes.
        let arguments = &import.params[..import.params.len() - usize::from(import.retptr)];
        let flat = self.flat(answer);
        let (answer_is_flat, handed_over) =
            if flat.len() <= MAX_FLAT { (true, flat) } else { (false, vec![WasmType::Pointer]) };
        let instance = match self.instance(function) {
            Some(path) => format!("Some(&[{path}])"),
            None => "None".to_owned(),
        };
        let answer = self.rust(answer)?;
        let handing_over = match answers.get(&answer) {
            Some(first) => format!("as {first}"),
            None => {
                answers.insert(answer.clone(), name.clone());
                let plain = &function.name;
                format!("\"[export]{interface}\" \"[task-return]{plain}\" ({})", numbered(&handed_over))
            }
        };
        writeln!(
            out,
            "method! {{ {name} ({}) -> {answer}, instance {instance}, export {},\n    \
             import {} {interface:?} \"[async-lower]{plain}\" ({}),\n    \
             answer {answer_is_flat} {handing_over} }}",
            params.iter().map(|param| format!("{param},")).collect::<Vec<_>>().join(" "),
            !export.indirect_params,
            !import.indirect_params,
            numbered(arguments),
            plain = function.name,
        )?;
        if let Some(odd) = export.params.iter().find(|param| !is_i32(**param)) {
            return Err(format!("{name} is exported with a parameter {odd:?}").into());
        }
        let arguments: Vec<String> = (0..export.params.len()).map(|number| format!("a{number}")).collect();
        writeln!(
            exports,
            "        $crate::export_method! {{ $component, {name}, \"[async-lift]{interface}#{plain}\", \
             \"[callback][async-lift]{interface}#{plain}\", ({}) }}",
            arguments.join(", "),
            plain = function.name,
        )?;
        Ok(())
    }

    /// Where among the parameters the server is that the call is about: the number of the parameter, and of the field in it.
    fn instance(&self, function: &Function) -> Option<String> {
        for (number, param) in function.params.iter().enumerate() {
            if self.is_instance(&param.ty) {
                return Some(number.to_string());
            }
            if let Type::Id(id) = self.resolved(&param.ty)
                && let TypeDefKind::Record(record) = &self.resolve.types[id].kind
                && let Some(field) = record.fields.iter().position(|field| self.is_instance(&field.ty))
            {
                return Some(format!("{number}, {field}"));
            }
        }
        None
    }

    fn is_instance(&self, ty: &Type) -> bool {
        match self.resolved(ty) {
            Type::Id(id) => self.resolve.types[id].name.as_deref() == Some("instance"),
            _ => false,
        }
    }

    /// The type behind all names.
    fn resolved(&self, ty: &Type) -> Type {
        match ty {
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Type(other) => self.resolved(other),
                _ => *ty,
            },
            _ => *ty,
        }
    }

    fn flat(&self, ty: &Type) -> Vec<WasmType> {
        let mut types = vec![WasmType::I32; 1000];
        let mut flat = FlatTypes::new(&mut types);
        let fits = self.resolve.push_flat(ty, &mut flat);
        assert!(fits, "a type of the contract is more than a thousand numbers");
        flat.to_vec()
    }

    /// A type in Rust.
    fn rust(&self, ty: &Type) -> Result<String, Box<dyn Error>> {
        let text = match ty {
            Type::Bool => "bool",
            Type::U8 => "u8",
            Type::U16 => "u16",
            Type::U32 => "u32",
            Type::U64 => "u64",
            Type::S32 => "i32",
            Type::S64 => "i64",
            Type::F64 => "f64",
            Type::String => "String",
            Type::Id(id) => return self.rust_of(*id),
            other => return Err(format!("{other:?} is used").into()),
        };
        Ok(text.to_owned())
    }

    fn rust_of(&self, id: TypeId) -> Result<String, Box<dyn Error>> {
        let definition = &self.resolve.types[id];
        Ok(match &definition.kind {
            TypeDefKind::Type(other) => self.rust(other)?,
            TypeDefKind::List(element) => format!("Vec<{}>", self.rust(element)?),
            TypeDefKind::Option(some) => format!("Option<{}>", self.rust(some)?),
            TypeDefKind::Result(result) => {
                let side =
                    |ty: &Option<Type>| ty.as_ref().map_or_else(|| Ok("()".to_owned()), |ty| self.rust(ty));
                format!("Result<{}, {}>", side(&result.ok)?, side(&result.err)?)
            }
            TypeDefKind::Tuple(tuple) => {
                let types = tuple.types.iter().map(|ty| self.rust(ty)).collect::<Result<Vec<_>, _>>()?;
                format!("({})", types.join(", "))
            }
            TypeDefKind::Record(_) | TypeDefKind::Enum(_) | TypeDefKind::Variant(_) => {
                camel(definition.name.as_deref().ok_or("a type without a name")?)
            }
            TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => return Err("a handle is used".into()),
            other => return Err(format!("a {} is used", other.as_str()).into()),
        })
    }
}

fn is_i32(ty: WasmType) -> bool {
    matches!(ty, WasmType::I32 | WasmType::Pointer | WasmType::Length)
}

/// `0 i32, 1 i64`
fn numbered(types: &[WasmType]) -> String {
    let name = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    };
    types
        .iter()
        .enumerate()
        .map(|(number, ty)| format!("{number} {}", name(ty)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn camel(name: &str) -> String {
    let mut out = String::new();
    for word in name.split('-') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.extend(letters);
    }
    out
}
