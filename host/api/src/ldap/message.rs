//! Messages of LDAPv3 (RFC 4511): requests as they are read, answers as they are written.

use super::ber::{self, built, number, octets};
use super::dn::Dn;
use super::filter::Filter;
use bytes::BytesMut;
use lber::common::TagClass;
use lber::structure::StructureTag;

/// Result codes.
pub(crate) mod code {
    pub(crate) const SUCCESS: u8 = 0;
    pub(crate) const PROTOCOL_ERROR: u8 = 2;
    pub(crate) const SIZE_LIMIT_EXCEEDED: u8 = 4;
    pub(crate) const COMPARE_FALSE: u8 = 5;
    pub(crate) const COMPARE_TRUE: u8 = 6;
    pub(crate) const AUTH_METHOD_NOT_SUPPORTED: u8 = 7;
    pub(crate) const UNAVAILABLE_CRITICAL_EXTENSION: u8 = 12;
    pub(crate) const NO_SUCH_ATTRIBUTE: u8 = 16;
    pub(crate) const UNDEFINED_ATTRIBUTE_TYPE: u8 = 17;
    pub(crate) const CONSTRAINT_VIOLATION: u8 = 19;
    pub(crate) const ATTRIBUTE_OR_VALUE_EXISTS: u8 = 20;
    pub(crate) const NO_SUCH_OBJECT: u8 = 32;
    pub(crate) const INVALID_DN_SYNTAX: u8 = 34;
    pub(crate) const INVALID_CREDENTIALS: u8 = 49;
    pub(crate) const INSUFFICIENT_ACCESS_RIGHTS: u8 = 50;
    pub(crate) const UNWILLING_TO_PERFORM: u8 = 53;
    pub(crate) const NAMING_VIOLATION: u8 = 64;
    pub(crate) const OBJECT_CLASS_VIOLATION: u8 = 65;
    pub(crate) const NOT_ALLOWED_ON_NON_LEAF: u8 = 66;
    pub(crate) const NOT_ALLOWED_ON_RDN: u8 = 67;
    pub(crate) const ENTRY_ALREADY_EXISTS: u8 = 68;
}

/// The operation "who am I" (RFC 4532).
pub(crate) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";

/// An attribute with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Its name, in lower case.
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: Dn,
    /// Names as they are shown, with their values.
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Entry {
    pub(crate) fn new(dn: Dn) -> Self {
        Self { dn, attributes: Vec::new() }
    }

    /// The same with an attribute; one without a value is not there.
    pub(crate) fn with<T: Into<String>>(mut self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> =
            values.into_iter().map(Into::into).filter(|value| !value.is_empty()).collect();
        if !values.is_empty() {
            self.attributes.push((name.to_owned(), values));
        }
        self
    }

    /// The values of an attribute.
    pub(crate) fn values(&self, name: &str) -> &[String] {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(&[], |(_, values)| values.as_slice())
    }
}

/// How far below its base a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Base,
    OneLevel,
    Subtree,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    pub(crate) base: String,
    pub(crate) scope: Scope,
    /// How many entries are wanted at most; 0 for any number.
    pub(crate) size_limit: usize,
    pub(crate) types_only: bool,
    pub(crate) filter: Filter,
    /// Which attributes are wanted, in lower case.
    pub(crate) attributes: Vec<String>,
}

/// What is done to an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Add,
    Delete,
    Replace,
}

/// A change of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: ChangeKind,
    pub(crate) attribute: Attribute,
}

/// What is asked. Names are as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Bind { version: i64, dn: String, password: Option<String> },
    Unbind,
    Search(Search),
    Modify { dn: String, changes: Vec<Change> },
    Add { dn: String, attributes: Vec<Attribute> },
    Delete { dn: String },
    Rename { dn: String, new_rdn: String, new_superior: Option<String> },
    Compare { dn: String, attribute: String, value: String },
    Abandon,
    Extended { name: String },
}

impl Operation {
    /// The tag of the answer's result; none for what is not answered.
    pub(super) fn reply_tag(&self) -> Option<u64> {
        match self {
            Self::Bind { .. } => Some(1),
            Self::Unbind | Self::Abandon => None,
            Self::Search(_) => Some(5),
            Self::Modify { .. } => Some(7),
            Self::Add { .. } => Some(9),
            Self::Delete { .. } => Some(11),
            Self::Rename { .. } => Some(13),
            Self::Compare { .. } => Some(15),
            Self::Extended { .. } => Some(EXTENDED),
        }
    }
}

/// The tag of the answer to an extended operation.
const EXTENDED: u64 = 24;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) id: i32,
    pub(super) operation: Operation,
    /// Whether it must not be done without a control that is not known here.
    pub(super) unknown_control: bool,
}

impl Request {
    /// Reads one. The error says what about it cannot be understood.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let tag = ber::read(bytes).ok_or("the message is no BER, or too deep")?;
        let mut parts = ber::parts(tag).ok_or("the message is no sequence")?.into_iter();
        let id = parts.next().and_then(ber::whole).and_then(|id| i32::try_from(id).ok());
        let id = id.filter(|id| *id > 0).ok_or("the message has no id")?;
        let operation = parts.next().ok_or("the message has no operation")?;
        let operation = read_operation(operation).ok_or("the operation is unknown or malformed")?;
        let unknown_control = match parts.next() {
            None => false,
            Some(controls) => has_critical(controls).ok_or("the controls are malformed")?,
        };
        Ok(Self { id, operation, unknown_control })
    }
}

fn has_critical(controls: StructureTag) -> Option<bool> {
    let mut critical = false;
    for control in ber::parts(controls)? {
        let flag = ber::parts(control)?.into_iter().nth(1);
        let flag = flag.filter(|flag| flag.class == TagClass::Universal && flag.id == 1);
        critical |= flag.and_then(StructureTag::expect_primitive).is_some_and(|bytes| bytes != [0]);
    }
    Some(critical)
}

fn fixed<const N: usize>(tag: StructureTag) -> Option<[StructureTag; N]> {
    ber::parts(tag)?.try_into().ok()
}

fn read_operation(tag: StructureTag) -> Option<Operation> {
    if tag.class != TagClass::Application {
        return None;
    }
    match tag.id {
        0 => {
            let [version, dn, auth] = fixed(tag)?;
            let simple = auth.class == TagClass::Context && auth.id == 0;
            let password = if simple { Some(ber::text(auth)?) } else { None };
            Some(Operation::Bind { version: ber::whole(version)?, dn: ber::text(dn)?, password })
        }
        2 => Some(Operation::Unbind),
        3 => read_search(tag),
        6 => {
            let [dn, changes] = fixed(tag)?;
            let changes = ber::parts(changes)?.into_iter().map(read_change).collect::<Option<_>>()?;
            Some(Operation::Modify { dn: ber::text(dn)?, changes })
        }
        8 => {
            let [dn, attributes] = fixed(tag)?;
            let attributes =
                ber::parts(attributes)?.into_iter().map(read_attribute).collect::<Option<_>>()?;
            Some(Operation::Add { dn: ber::text(dn)?, attributes })
        }
        10 => Some(Operation::Delete { dn: ber::text(tag)? }),
        12 => {
            let mut parts = ber::parts(tag)?.into_iter();
            // Whether the old name stays as a value: it does not, for each entry here has one name.
            let (dn, new_rdn, _) = (parts.next()?, parts.next()?, parts.next()?);
            let new_superior = parts.next().map(ber::text);
            let new_superior = if let Some(superior) = new_superior { Some(superior?) } else { None };
            Some(Operation::Rename { dn: ber::text(dn)?, new_rdn: ber::text(new_rdn)?, new_superior })
        }
        14 => {
            let [dn, assertion] = fixed(tag)?;
            let [attribute, value] = fixed(assertion)?;
            let (attribute, value) = (ber::text(attribute)?.to_lowercase(), ber::text(value)?);
            Some(Operation::Compare { dn: ber::text(dn)?, attribute, value })
        }
        16 => Some(Operation::Abandon),
        23 => Some(Operation::Extended { name: ber::text(ber::parts(tag)?.into_iter().next()?)? }),
        _ => None,
    }
}

fn read_search(tag: StructureTag) -> Option<Operation> {
    // Aliases there are none, so that it does not matter whether they are followed; answers take no time to find.
    let [base, scope, _aliases, size, _time, types_only, filter, attributes] = fixed(tag)?;
    let scope = match ber::whole(scope)? {
        0 => Scope::Base,
        1 => Scope::OneLevel,
        2 => Scope::Subtree,
        _ => return None,
    };
    let attributes = ber::parts(attributes)?.into_iter().map(ber::text).collect::<Option<Vec<_>>>()?;
    Some(Operation::Search(Search {
        base: ber::text(base)?,
        scope,
        size_limit: usize::try_from(ber::whole(size)?).ok()?,
        types_only: types_only.expect_primitive()? != [0],
        filter: Filter::read(filter)?,
        attributes: attributes.iter().map(|name| name.to_lowercase()).collect(),
    }))
}

fn read_attribute(tag: StructureTag) -> Option<Attribute> {
    let [name, values] = fixed(tag)?;
    let values = ber::parts(values)?.into_iter().map(ber::text).collect::<Option<_>>()?;
    Some(Attribute { name: ber::text(name)?.to_lowercase(), values })
}

fn read_change(tag: StructureTag) -> Option<Change> {
    let [kind, attribute] = fixed(tag)?;
    let kind = match ber::whole(kind)? {
        0 => ChangeKind::Add,
        1 => ChangeKind::Delete,
        2 => ChangeKind::Replace,
        _ => return None,
    };
    Some(Change { kind, attribute: read_attribute(attribute)? })
}

/// A message to a client.
pub(super) struct Reply {
    id: i32,
    operation: StructureTag,
}

fn application(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    built(TagClass::Application, id, parts)
}

impl Reply {
    /// An entry that was found.
    pub(super) fn entry(id: i32, entry: Entry) -> Self {
        let sequence = |parts| built(TagClass::Universal, 16, parts);
        let attribute = |(name, values): (String, Vec<String>)| {
            let values = values.iter().map(|value| octets(value.as_bytes())).collect();
            sequence(vec![octets(name.as_bytes()), built(TagClass::Universal, 17, values)])
        };
        let attributes = entry.attributes.into_iter().map(attribute).collect();
        let parts = vec![octets(entry.dn.to_string().as_bytes()), sequence(attributes)];
        Self { id, operation: application(4, parts) }
    }

    /// How it ended. What "who am I" answers is its message.
    pub(super) fn result(id: i32, tag: u64, code: u8, message: &str) -> Self {
        let said = if tag == EXTENDED && code == code::SUCCESS { "" } else { message };
        let mut parts = vec![number(10, i32::from(code)), octets(b""), octets(said.as_bytes())];
        if tag == EXTENDED && code == code::SUCCESS {
            parts.push(StructureTag { class: TagClass::Context, id: 11, ..octets(message.as_bytes()) });
        }
        Self { id, operation: application(tag, parts) }
    }

    /// That the connection ends, for it cannot be understood.
    pub(super) fn disconnection(problem: &str) -> Self {
        let name = StructureTag { class: TagClass::Context, id: 10, ..octets(b"1.3.6.1.4.1.1466.20036") };
        let code = number(10, i32::from(code::PROTOCOL_ERROR));
        let parts = vec![code, octets(b""), octets(problem.as_bytes()), name];
        Self { id: 0, operation: application(EXTENDED, parts) }
    }

    /// As it goes over the wire.
    pub(super) fn encode(self) -> Vec<u8> {
        let message = built(TagClass::Universal, 16, vec![number(2, self.id), self.operation]);
        let mut bytes = BytesMut::new();
        // Writing into memory does not fail.
        drop(lber::write::encode_into(&mut bytes, message));
        bytes.to_vec()
    }
}
