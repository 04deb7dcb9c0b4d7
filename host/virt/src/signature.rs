//! Compares a function a component has with the one the contract has, and says where they part.

use wit_parser::{Function, FunctionKind, Handle, Resolve, Type, TypeDefKind};

/// Where two signatures part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// For instance `parameter request, field power-on`.
    pub(crate) place: String,
    pub(crate) has: String,
    pub(crate) expected: String,
}

fn difference(place: &str, has: impl Into<String>, expected: impl Into<String>) -> Option<Difference> {
    Some(Difference { place: place.to_owned(), has: has.into(), expected: expected.into() })
}

/// The first difference of two functions, of names, types and whether they are async.
pub(crate) fn compare(
    has: &Resolve,
    function: &Function,
    expected: &Resolve,
    contract: &Function,
) -> Option<Difference> {
    let kinds = (is_async(&function.kind), is_async(&contract.kind));
    if kinds.0 != kinds.1 || function.params.len() != contract.params.len() {
        return difference("the signature", render(has, function), render(expected, contract));
    }
    let compare = Compare { has, expected };
    for (param, wanted) in function.params.iter().zip(&contract.params) {
        if param.name != wanted.name {
            return difference("a parameter's name", &param.name, &wanted.name);
        }
        let found = compare.types(&param.ty, &wanted.ty, &format!("parameter {}", param.name));
        if found.is_some() {
            return found;
        }
    }
    compare.optional(function.result.as_ref(), contract.result.as_ref(), "the answer")
}

fn is_async(kind: &FunctionKind) -> bool {
    matches!(
        kind,
        FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) | FunctionKind::AsyncStatic(_)
    )
}

struct Compare<'a> {
    has: &'a Resolve,
    expected: &'a Resolve,
}

impl Compare<'_> {
    fn optional(&self, has: Option<&Type>, expected: Option<&Type>, place: &str) -> Option<Difference> {
        match (has, expected) {
            (None, None) => None,
            (Some(has), Some(expected)) => self.types(has, expected, place),
            (has, expected) => {
                let text = |resolve, ty: Option<&Type>| {
                    ty.map_or_else(|| "nothing".to_owned(), |ty| name(resolve, ty))
                };
                difference(place, text(self.has, has), text(self.expected, expected))
            }
        }
    }

    fn types(&self, has: &Type, expected: &Type, place: &str) -> Option<Difference> {
        let (has, expected) = (unaliased(self.has, has), unaliased(self.expected, expected));
        let differ = || difference(place, name(self.has, &has), name(self.expected, &expected));
        let (Type::Id(has_id), Type::Id(expected_id)) = (has, expected) else {
            return if has == expected { None } else { differ() };
        };
        let inside = |part: &str, name: &str| format!("{place}, {part} {name}");
        match (&self.has.types[has_id].kind, &self.expected.types[expected_id].kind) {
            (TypeDefKind::Record(has), TypeDefKind::Record(expected)) => {
                let names = |record: &wit_parser::Record| -> Vec<String> {
                    record.fields.iter().map(|field| field.name.clone()).collect()
                };
                self.names(&names(has), &names(expected), place, "field").or_else(|| {
                    has.fields.iter().zip(&expected.fields).find_map(|(has, wanted)| {
                        self.types(&has.ty, &wanted.ty, &inside("field", &has.name))
                    })
                })
            }
            (TypeDefKind::Variant(has), TypeDefKind::Variant(expected)) => {
                let names = |variant: &wit_parser::Variant| -> Vec<String> {
                    variant.cases.iter().map(|case| case.name.clone()).collect()
                };
                self.names(&names(has), &names(expected), place, "case").or_else(|| {
                    has.cases.iter().zip(&expected.cases).find_map(|(has, wanted)| {
                        self.optional(has.ty.as_ref(), wanted.ty.as_ref(), &inside("case", &has.name))
                    })
                })
            }
            (TypeDefKind::Enum(has), TypeDefKind::Enum(expected)) => {
                let names = |cases: &wit_parser::Enum| -> Vec<String> {
                    cases.cases.iter().map(|case| case.name.clone()).collect()
                };
                self.names(&names(has), &names(expected), place, "case")
            }
            (TypeDefKind::Tuple(has), TypeDefKind::Tuple(expected))
                if has.types.len() == expected.types.len() =>
            {
                has.types.iter().zip(&expected.types).enumerate().find_map(|(n, (has, wanted))| {
                    self.types(has, wanted, &inside("element", &n.to_string()))
                })
            }
            (TypeDefKind::List(has), TypeDefKind::List(expected)) => {
                self.types(has, expected, &inside("each", "element"))
            }
            (TypeDefKind::Option(has), TypeDefKind::Option(expected)) => self.types(has, expected, place),
            (TypeDefKind::Result(has), TypeDefKind::Result(expected)) => self
                .optional(has.ok.as_ref(), expected.ok.as_ref(), place)
                .or_else(|| self.optional(has.err.as_ref(), expected.err.as_ref(), &inside("its", "error"))),
            (TypeDefKind::Resource, TypeDefKind::Resource) => None,
            (
                TypeDefKind::Handle(Handle::Own(has) | Handle::Borrow(has)),
                TypeDefKind::Handle(Handle::Own(expected) | Handle::Borrow(expected)),
            ) => self.types(&Type::Id(*has), &Type::Id(*expected), place),
            _ => differ(),
        }
    }

    /// The first name that is in one list and not, or elsewhere, in the other.
    fn names(&self, has: &[String], expected: &[String], place: &str, what: &str) -> Option<Difference> {
        let text = |name: Option<&String>| {
            name.map_or_else(|| "nothing".to_owned(), |name| format!("{what} {name}"))
        };
        let longest = has.len().max(expected.len());
        (0..longest)
            .map(|at| (has.get(at), expected.get(at)))
            .find(|(has, expected)| has != expected)
            .and_then(|(has, expected)| difference(place, text(has), text(expected)))
    }
}

/// A type without the names that only stand for it.
fn unaliased(resolve: &Resolve, ty: &Type) -> Type {
    let mut ty = *ty;
    while let Type::Id(id) = ty {
        match &resolve.types[id].kind {
            TypeDefKind::Type(other) => ty = *other,
            _ => break,
        }
    }
    ty
}

/// A function as it is written.
pub(crate) fn render(resolve: &Resolve, function: &Function) -> String {
    let params: Vec<String> =
        function.params.iter().map(|param| format!("{}: {}", param.name, name(resolve, &param.ty))).collect();
    let result = function.result.as_ref().map(|ty| format!(" -> {}", name(resolve, ty))).unwrap_or_default();
    let keyword = if is_async(&function.kind) { "async " } else { "" };
    format!("{keyword}func({}){result}", params.join(", "))
}

/// A type as it is written where it is used.
fn name(resolve: &Resolve, ty: &Type) -> String {
    let id = match ty {
        Type::Bool => return "bool".to_owned(),
        Type::U8 => return "u8".to_owned(),
        Type::U16 => return "u16".to_owned(),
        Type::U32 => return "u32".to_owned(),
        Type::U64 => return "u64".to_owned(),
        Type::S8 => return "s8".to_owned(),
        Type::S16 => return "s16".to_owned(),
        Type::S32 => return "s32".to_owned(),
        Type::S64 => return "s64".to_owned(),
        Type::F32 => return "f32".to_owned(),
        Type::F64 => return "f64".to_owned(),
        Type::Char => return "char".to_owned(),
        Type::String => return "string".to_owned(),
        Type::ErrorContext => return "error-context".to_owned(),
        Type::Id(id) => *id,
    };
    let definition = &resolve.types[id];
    if let Some(name) = &definition.name {
        return name.clone();
    }
    let part = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), |ty| name(resolve, ty));
    match &definition.kind {
        TypeDefKind::Option(ty) => format!("option<{}>", name(resolve, ty)),
        TypeDefKind::List(ty) => format!("list<{}>", name(resolve, ty)),
        TypeDefKind::Tuple(tuple) => {
            let types: Vec<String> = tuple.types.iter().map(|ty| name(resolve, ty)).collect();
            format!("tuple<{}>", types.join(", "))
        }
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "result".to_owned(),
            (ok, None) => format!("result<{}>", part(ok)),
            (ok, err) => format!("result<{}, {}>", part(ok), part(err)),
        },
        TypeDefKind::Type(ty) => name(resolve, ty),
        TypeDefKind::Handle(Handle::Own(id)) => name(resolve, &Type::Id(*id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", name(resolve, &Type::Id(*id))),
        other => other.as_str().to_owned(),
    }
}
