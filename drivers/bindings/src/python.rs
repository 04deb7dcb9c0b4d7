//! Writes the part of the Python SDK, `drivers/sdk-python/novarig`, that follows from the contract: the types, the
//! exceptions, the base classes of drivers and layers, and what calls the driver below.
//!
//! What a method does that a driver does not write, and how an exception is called and what it says, is taken from the
//! contract's documentation, whose wording is fixed for that: `Default: nothing.`, `` `ClassName` (404) ``.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use wit_parser::{Docs, Function, InterfaceId, Record, Type, TypeDefKind, TypeId, Variant};

use crate::{Contract, camel, snake};

/// The interfaces whose types are written, in this order.
const INTERFACES: [&str; 6] = ["types", "answers", "requests", "logging", "config", "virtapi"];

/// The interface and the name of the type of errors.
const ERRORS: (&str, &str) = ("errors", "virt-error");

/// The errors whose exceptions are not of the common kind and stand in `_errors.py`, with their class there.
const SPECIAL: [(&str, &str); 5] = [
    ("not-implemented", "NotImplementedError"),
    ("instance-fault-rollback", "InstanceFaultRollback"),
    ("other", "NovaException"),
    ("unexpected", "UnexpectedException"),
    ("nova", "OtherNovaException"),
];

/// What stands at the head of every file.
const WRITTEN: &str = "Written by `drivers/bindings` from the contract; not to be changed by hand.";

/// The columns a line of documentation may have.
const WIDTH: usize = 110;

/// The fields of an exception with their types, and the record that they make, if they make one.
type Payload = (Vec<(String, String)>, Option<String>);

impl Contract {
    /// The files by their names.
    ///
    /// # Errors
    /// The contract has something that has not been thought of here.
    pub fn python(&self) -> Result<BTreeMap<&'static str, String>, Box<dyn Error>> {
        Ok(BTreeMap::from([
            ("types.py", self.python_types()?),
            ("exception.py", self.python_exceptions()?),
            ("_contract.py", self.python_contract()?),
            ("_driver.py", self.python_classes("Driver")?),
            ("_layer.py", self.python_classes("Layer")?),
            ("_below.py", self.python_classes("Below")?),
        ]))
    }

    fn named_interface(&self, name: &str) -> Result<InterfaceId, Box<dyn Error>> {
        let interfaces = &self.resolve.packages[self.package].interfaces;
        interfaces.get(name).copied().ok_or_else(|| format!("there is no interface `{name}`").into())
    }

    /// The types that an interface defines, without those it uses.
    fn own_types(&self, interface: &str) -> Result<Vec<(&str, TypeId)>, Box<dyn Error>> {
        let id = self.named_interface(interface)?;
        let types = self.resolve.interfaces[id].types.iter();
        let own = types.filter(|(_, id)| match self.resolve.types[**id].kind {
            // `use` makes a type of the same name that stands for the other.
            TypeDefKind::Type(Type::Id(of)) => self.resolve.types[of].name != self.resolve.types[**id].name,
            _ => true,
        });
        Ok(own.map(|(name, id)| (name.as_str(), *id)).collect())
    }

    fn python_types(&self) -> Result<String, Box<dyn Error>> {
        let mut out = format!(
            "\"\"\"The nouns of the contract.\n\n{WRITTEN}\n\"\"\"\n\nfrom __future__ import annotations\n\n\
             from dataclasses import dataclass, field\nfrom enum import Enum\nfrom typing import Optional, Union\n"
        );
        for interface in INTERFACES {
            for (name, id) in self.own_types(interface)? {
                self.python_type(&mut out, name, id)?;
            }
        }
        for (name, id) in self.own_types(ERRORS.0)? {
            if name != ERRORS.1 {
                self.python_type(&mut out, name, id)?;
            }
        }
        Ok(out)
    }

    fn python_type(&self, out: &mut String, name: &str, id: TypeId) -> Result<(), Box<dyn Error>> {
        let definition = &self.resolve.types[id];
        let class = camel(name);
        match &definition.kind {
            TypeDefKind::Record(record) => {
                write!(out, "\n\n@dataclass\nclass {class}:\n")?;
                docs(out, 4, &definition.docs);
                out.push('\n');
                self.python_fields(out, record)?;
            }
            TypeDefKind::Enum(cases) => {
                write!(out, "\n\nclass {class}(Enum):\n")?;
                docs(out, 4, &definition.docs);
                out.push('\n');
                for (number, case) in cases.cases.iter().enumerate() {
                    writeln!(out, "    {} = {number}", case.name.replace('-', "_").to_uppercase())?;
                    docs(out, 4, &case.docs);
                }
            }
            TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    write!(out, "\n\n@dataclass\nclass {class}_{}:\n", camel(&case.name))?;
                    docs(out, 4, &case.docs);
                    if let Some(payload) = &case.ty {
                        write!(out, "\n    value: {}\n", self.python_name(payload)?)?;
                    }
                }
                let cases: Vec<_> =
                    variant.cases.iter().map(|case| format!("{class}_{}", camel(&case.name))).collect();
                write!(out, "\n\n{class} = Union[{}]\n", cases.join(", "))?;
                docs(out, 0, &definition.docs);
            }
            TypeDefKind::Type(other) => {
                write!(out, "\n\n{class} = {}\n", self.python_name(other)?)?;
                docs(out, 0, &definition.docs);
            }
            TypeDefKind::List(element) => {
                write!(out, "\n\n{class} = list[\"{}\"]\n", self.python_name(element)?)?;
                docs(out, 0, &definition.docs);
            }
            // `InstanceEventWait` has a form of its own, in `virtapi`.
            TypeDefKind::Resource => {}
            other => return Err(format!("{name} is a {}", other.as_str()).into()),
        }
        Ok(())
    }

    /// The fields. Options and lists that no field follows that has to be given need not be given.
    fn python_fields(&self, out: &mut String, record: &Record) -> Result<(), Box<dyn Error>> {
        let default = |ty: &Type| match ty {
            Type::Id(id) => match &self.resolve.types[*id].kind {
                TypeDefKind::Option(_) => Some(" = None"),
                TypeDefKind::List(Type::U8) => Some(" = b\"\""),
                TypeDefKind::List(_) => Some(" = field(default_factory=list)"),
                _ => None,
            },
            _ => None,
        };
        let given = record.fields.iter().rposition(|field| default(&self.resolved(&field.ty)).is_none());
        for (number, field) in record.fields.iter().enumerate() {
            let default = match given {
                Some(last) if number <= last => None,
                _ => default(&self.resolved(&field.ty)),
            };
            let ty = self.python_name(&field.ty)?;
            writeln!(out, "    {}: {ty}{}", snake(&field.name), default.unwrap_or_default())?;
            docs(out, 4, &field.docs);
        }
        Ok(())
    }

    fn errors(&self) -> Result<&Variant, Box<dyn Error>> {
        let found = self.own_types(ERRORS.0)?.into_iter().find(|(name, _)| *name == ERRORS.1);
        match found.map(|(_, id)| &self.resolve.types[id].kind) {
            Some(TypeDefKind::Variant(variant)) => Ok(variant),
            _ => Err("the contract has no variant of errors".into()),
        }
    }

    fn python_exceptions(&self) -> Result<String, Box<dyn Error>> {
        let mut out = format!(
            "\"\"\"What a driver may raise, by Nova's names (`nova/exception.py`).\n\n\
             `NotImplementedError` is Python's own. An exception that is none of these is a defect of the driver, and reaches\n\
             the compute manager as such, with its traceback.\n\n{WRITTEN}\n\"\"\"\n\nfrom __future__ import annotations\n\n\
             from novarig import _errors, types\nfrom novarig._errors import (\n    InstanceFaultRollback,\n    \
             NovaException,\n    OtherNovaException,\n    UnexpectedException,\n)\n"
        );
        let mut names = vec![];
        let mut table = String::new();
        for case in &self.errors()?.cases {
            let variant = camel(&case.name);
            if let Some((_, class)) = SPECIAL.iter().find(|(name, _)| *name == case.name) {
                writeln!(table, "_errors.special({variant:?}, {class})")?;
                if *class != "NotImplementedError" {
                    names.push((*class).to_owned());
                }
                continue;
            }
            let text = text_of(&case.docs);
            let said = Said::of(&text)
                .ok_or_else(|| format!("the documentation of {} names no class", case.name))?;
            let (fields, record) = match &case.ty {
                None => (vec![], None),
                Some(payload) => self.payload(payload, &said, &text)?,
            };
            let parameters: String = fields
                .iter()
                .map(|(name, ty)| match (&said.default, name.as_str()) {
                    (Some(default), "message") => format!(", message: str = {default:?}"),
                    _ => format!(", {name}: {ty}"),
                })
                .collect();
            let given: Vec<_> = fields.iter().map(|(name, _)| format!("{name}={name}")).collect();
            write!(out, "\n\nclass {}(NovaException):\n", said.class)?;
            docs(&mut out, 4, &case.docs);
            write!(
                out,
                "\n    code = {}\n    msg_fmt = {:?}\n\n    def __init__(self{parameters}) -> None:\n        \
                 super().__init__({})\n",
                said.code,
                said.format(&fields),
                std::iter::once("None".to_owned()).chain(given).collect::<Vec<_>>().join(", "),
            )?;
            let record = record.map_or_else(|| "None".to_owned(), |record| format!("types.{record}"));
            writeln!(table, "_errors.common({variant:?}, {}, {record})", said.class)?;
            names.push(said.class);
        }
        names.sort();
        write!(out, "\n\n{table}\n__all__ = [\n")?;
        for name in names {
            writeln!(out, "    {name:?},")?;
        }
        out.push_str("]\n");
        Ok(out)
    }

    fn payload(&self, payload: &Type, said: &Said, text: &str) -> Result<Payload, Box<dyn Error>> {
        if let Type::Id(id) = self.resolved(payload)
            && let TypeDefKind::Record(record) = &self.resolve.types[id].kind
        {
            let fields = record
                .fields
                .iter()
                .map(|field| Ok((snake(&field.name), self.python_name(&self.resolved(&field.ty))?)))
                .collect::<Result<_, Box<dyn Error>>>()?;
            return Ok((fields, self.resolve.types[id].name.as_deref().map(camel)));
        }
        let ty = match self.resolved(payload) {
            Type::String => "str",
            Type::U32 => "int",
            other => return Err(format!("an error carries {other:?}").into()),
        };
        Ok((vec![(said.field(text), ty.to_owned())], None))
    }

    fn python_contract(&self) -> Result<String, Box<dyn Error>> {
        let mut out = format!(
            "\"\"\"The names in the contract.\n\n{WRITTEN}\n\"\"\"\n\nfrom __future__ import annotations\n\n\
             METHODS: dict[str, tuple[str, ...]] = {{\n"
        );
        for (interface, methods) in self.methods() {
            writeln!(out, "    {interface:?}: (")?;
            for method in methods {
                writeln!(out, "        {method:?},")?;
            }
            out.push_str("    ),\n");
        }
        out.push_str("}\n\"\"\"The methods by interface.\"\"\"\n\nTYPES: dict[str, tuple[str, ...]] = {\n");
        for interface in INTERFACES.iter().chain([&ERRORS.0]) {
            writeln!(out, "    {interface:?}: (")?;
            for (name, id) in self.own_types(interface)? {
                match &self.resolve.types[id].kind {
                    TypeDefKind::Record(_) | TypeDefKind::Enum(_) => {
                        writeln!(out, "        {:?},", camel(name))?;
                    }
                    TypeDefKind::Variant(variant) if name != ERRORS.1 => {
                        for case in &variant.cases {
                            writeln!(out, "        \"{}_{}\",", camel(name), camel(&case.name))?;
                        }
                    }
                    _ => {}
                }
            }
            out.push_str("    ),\n");
        }
        out.push_str("}\n\"\"\"The classes by interface.\"\"\"\n");
        Ok(out)
    }

    /// A class with every method: `Driver`, whose methods do what Nova's base class does, `Layer`, whose methods go to the
    /// driver below, or `Below`, which is that driver.
    fn python_classes(&self, class: &str) -> Result<String, Box<dyn Error>> {
        let (what, imports, head) = match class {
            "Driver" => (
                "The base class of drivers.",
                "from novarig import _defaults\nfrom novarig._component import Component\n",
                "class Driver(Component):\n    \"\"\"A hypervisor driver: what its class does not write does what Nova's base class does.\"\"\"\n\n    kind = \"driver\"\n",
            ),
            "Layer" => (
                "The base class of layers.",
                "from novarig._below import Below\nfrom novarig._driver import Driver\n",
                "class Layer(Driver):\n    \"\"\"Stands over a driver: what its class does not write goes to that driver.\"\"\"\n\n    kind = \"layer\"\n    below: Below\n    \"\"\"The driver below.\"\"\"\n",
            ),
            _ => (
                "The driver below a layer.",
                "",
                "class Below:\n    \"\"\"The driver below a layer. Its methods are those of a driver.\"\"\"\n\n    async def call(self, interface: str, method: str, *arguments: Any) -> Any:\n        \"\"\"Calls a method.\"\"\"\n        raise NotImplementedError(method)\n",
            ),
        };
        let mut body = String::new();
        for id in self.exports() {
            let interface = self.resolve.interfaces[id].name.as_deref().unwrap_or_default();
            for function in self.resolve.interfaces[id].functions.values() {
                self.python_method(&mut body, class, &snake(interface), function)?;
            }
        }
        let mut used: Vec<_> = self
            .class_names()?
            .into_iter()
            .filter(|name| {
                body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
            })
            .collect();
        used.sort();
        let mut out = format!("\"\"\"{what}\n\n{WRITTEN}\n\"\"\"\n\nfrom __future__ import annotations\n\n");
        if class == "Below" {
            out.push_str("from typing import Any, Optional\n\n");
        } else {
            write!(out, "from typing import Optional\n\n{imports}")?;
        }
        out.push_str("from novarig.types import (\n");
        for name in used {
            writeln!(out, "    {name},")?;
        }
        write!(out, ")\n\n\n{head}{body}")?;
        Ok(out)
    }

    /// The names that `types.py` has.
    fn class_names(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut names = vec![];
        for interface in INTERFACES {
            names.extend(self.own_types(interface)?.into_iter().map(|(name, _)| camel(name)));
        }
        Ok(names)
    }

    fn python_method(
        &self,
        out: &mut String,
        class: &str,
        interface: &str,
        function: &Function,
    ) -> Result<(), Box<dyn Error>> {
        let name = snake(&function.name);
        let text = text_of(&function.docs);
        if class == "Layer" && text.contains("also for a layer") {
            return Ok(());
        }
        let answer = self.python_answer(function)?;
        let mut parameters = String::from("self");
        let mut arguments = String::new();
        for param in &function.params {
            write!(parameters, ", {}: {}", snake(&param.name), self.python_name(&param.ty)?)?;
            write!(arguments, ", {}", snake(&param.name))?;
        }
        write!(out, "\n    async def {name}({parameters}) -> {answer}:\n")?;
        docs(out, 8, &function.docs);
        let plain = arguments.strip_prefix(", ").unwrap_or_default();
        let body = match class {
            "Driver" if text.contains("Default: nothing.") && answer == "None" => "return None".to_owned(),
            "Driver" if text.contains("Default: nothing.") => "return []".to_owned(),
            "Driver" if text.contains("Default") => format!("return await _defaults.{name}(self{arguments})"),
            "Driver" => format!("raise NotImplementedError({name:?})"),
            "Layer" if answer == "None" => format!("await self.below.{name}({plain})"),
            "Layer" => format!("return await self.below.{name}({plain})"),
            _ if answer == "None" => format!("await self.call({interface:?}, {name:?}{arguments})"),
            _ => format!(
                "answer: {answer} = await self.call({interface:?}, {name:?}{arguments})\n        return answer"
            ),
        };
        writeln!(out, "        {body}")?;
        Ok(())
    }

    /// What a method answers when it raises nothing.
    fn python_answer(&self, function: &Function) -> Result<String, Box<dyn Error>> {
        let result = function.result.as_ref().map(|result| self.resolved(result));
        if let Some(Type::Id(id)) = result
            && let TypeDefKind::Result(result) = &self.resolve.types[id].kind
        {
            return result.ok.as_ref().map_or_else(|| Ok("None".to_owned()), |ok| self.python_name(ok));
        }
        Err(format!("{} answers no result", function.name).into())
    }

    /// A type in Python.
    fn python_name(&self, ty: &Type) -> Result<String, Box<dyn Error>> {
        let name = match ty {
            Type::Bool => "bool",
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::S32 | Type::S64 => "int",
            Type::F64 => "float",
            Type::String => "str",
            Type::Id(id) => {
                let definition = &self.resolve.types[*id];
                if let Some(name) = &definition.name {
                    return Ok(camel(name));
                }
                return Ok(match &definition.kind {
                    TypeDefKind::Type(other) => self.python_name(other)?,
                    TypeDefKind::List(Type::U8) => "bytes".to_owned(),
                    TypeDefKind::List(element) => format!("list[{}]", self.python_name(element)?),
                    TypeDefKind::Option(some) => format!("Optional[{}]", self.python_name(some)?),
                    TypeDefKind::Tuple(tuple) => {
                        let types = tuple
                            .types
                            .iter()
                            .map(|ty| self.python_name(ty))
                            .collect::<Result<Vec<_>, _>>()?;
                        format!("tuple[{}]", types.join(", "))
                    }
                    other => return Err(format!("a {} is used", other.as_str()).into()),
                });
            }
            other => return Err(format!("{other:?} is used").into()),
        };
        Ok(name.to_owned())
    }
}

/// What the documentation of an error says of the exception.
struct Said {
    class: String,
    code: u16,
    /// The text of the exception with `<names>` in it.
    message: Option<String>,
    /// Nova's own text, where the text is given by whoever raises it.
    default: Option<String>,
}

impl Said {
    fn of(text: &str) -> Option<Said> {
        let (_, rest) = text.split_once('`')?;
        let (class, rest) = rest.split_once('`')?;
        let code = rest.strip_prefix(" (").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(500);
        let quoted = rest
            .split_once('"')
            .and_then(|(_, rest)| rest.rsplit_once('"'))
            .map(|(quoted, _)| quoted.to_owned());
        let (message, default) = if text.contains("a message") { (None, quoted) } else { (quoted, None) };
        Some(Said { class: class.to_owned(), code, message, default })
    }

    /// How the only field is called.
    fn field(&self, text: &str) -> String {
        let marked =
            self.message.as_ref().and_then(|message| Some(message.split_once('<')?.1.split_once('>')?.0));
        let word = if text.contains("a message") {
            "message"
        } else if let Some(marked) = marked {
            marked
        } else if let Some((_, rest)) = text.split_once(" this ") {
            rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("value")
        } else if text.contains("the error") {
            "error"
        } else {
            "reason"
        };
        match word {
            "uuid" | "server" => "instance_id".to_owned(),
            "type" => "kind".to_owned(),
            "format" => "disk_format".to_owned(),
            "net" => "network".to_owned(),
            other => snake(other),
        }
    }

    /// The message for Python's `str.format`.
    fn format(&self, fields: &[(String, String)]) -> String {
        let has = |name: &str| fields.iter().any(|(field, _)| field == name);
        let Some(message) = &self.message else {
            let all: Vec<_> = fields.iter().map(|(name, _)| format!("{{{name}}}")).collect();
            return if all.is_empty() { self.class.clone() } else { all.join(" ") };
        };
        let mut out = String::new();
        let mut rest = message.as_str();
        while let Some((before, after)) = rest.split_once('<') {
            let Some((name, after)) = after.split_once('>') else { break };
            let name = if let [(only, _)] = fields {
                only.clone()
            } else if has(&snake(name)) {
                snake(name)
            } else if has(&format!("{name}_name")) {
                format!("{name}_name")
            } else {
                "instance".to_owned()
            };
            out.push_str(before);
            if has(&name) {
                out.push_str(&format!("{{{name}}}"));
            }
            rest = after;
        }
        out + rest
    }
}

/// The documentation in one line.
fn text_of(docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes documentation, with names as they are in Python.
fn docs(out: &mut String, indent: usize, docs: &Docs) {
    let Some(contents) = &docs.contents else { return };
    let margin = " ".repeat(indent);
    let mut lines: Vec<String> = vec![];
    for paragraph in contents.trim().split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let mut line = String::new();
        for word in in_python(&paragraph.split_whitespace().collect::<Vec<_>>().join(" ")).split(' ') {
            if !line.is_empty() && indent + line.len() + 1 + word.len() > WIDTH - 3 {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    let mut text = lines.join(&format!("\n{margin}"));
    text = text.replace(&format!("\n{margin}\n"), "\n\n").replace('\\', "\\\\");
    if text.ends_with('"') {
        text.push(' ');
    }
    if lines.len() > 1 {
        text.push_str(&format!("\n{margin}"));
    }
    out.push_str(&format!("{margin}\"\"\"{text}\"\"\"\n"));
}

/// Names in the contract's spelling, `` `instance-not-found` ``, in Python's.
fn in_python(text: &str) -> String {
    let mut out = String::new();
    for (number, part) in text.split('`').enumerate() {
        let plain = part
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
        if number > 0 {
            out.push('`');
        }
        if number % 2 == 1 && plain { out.push_str(&snake(part)) } else { out.push_str(part) }
    }
    out
}
