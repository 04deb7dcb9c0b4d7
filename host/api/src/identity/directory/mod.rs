//! The identity data as entries of a directory, read and written by LDAP.
//!
//! | entry | is | attributes |
//! |---|---|---|
//! | `dc=novarig` and `ou=users`, `ou=projects`, `ou=roles` below it | where the others are | |
//! | `uid=NAME,ou=users,…` | a user (`inetOrgPerson`) | `cn`, `sn`, `givenName`, `displayName`, `mail`, `description`; `userPassword` is only written |
//! | `cn=NAME,ou=projects,…` | a project (`groupOfNames`) | `description`; `member`: who has a role in it; a new member is given the role `member` |
//! | `cn=ROLE,cn=PROJECT,ou=projects,…` | a role in a project (`organizationalRole`) | `roleOccupant`: who has it |
//! | `cn=NAME,ou=roles,…` | a role (`organizationalRole`) | |
//!
//! The ids that the identity service gives are in `entryUUID`, which is told when it is asked for. Whoever has the role `admin`
//! in any project reads and writes all of it; others read their own entry and change their own password; nobody else learns
//! anything but what kind of server this is.

mod changes;

use super::Identity;
use super::records::{Project, Role, User};
use crate::ldap::{Dn, Entry, Filter, Operation, Outcome, Scope, Search, code};
use changes::{add, delete, modify, rename};
use std::collections::BTreeSet;

/// The root.
const SUFFIX: &str = "dc=novarig";
/// The most entries in an answer.
const MAX_ENTRIES: usize = 1_000;
/// What is kept of a user beside what the identity service knows: in lower case and as it is shown.
const PERSONAL: [(&str, &str); 5] = [
    ("cn", "cn"),
    ("sn", "sn"),
    ("givenname", "givenName"),
    ("displayname", "displayName"),
    ("mail", "mail"),
];

type Done<T> = Result<T, Outcome>;

fn refuse<T>(code: u8, message: impl Into<String>) -> Done<T> {
    Err(Outcome::of(code, message))
}

/// What a name is the name of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Root,
    Container(&'static str),
    User(String),
    Project(String),
    RoleIn { project: String, role: String },
    Role(String),
}

fn suffix() -> Dn {
    SUFFIX.parse().unwrap_or_default()
}

fn container(name: &str) -> Dn {
    suffix().child("ou", name)
}

impl Place {
    fn of(dn: &Dn) -> Option<Self> {
        let (attribute, value) = dn.first()?;
        let (parent, value) = (dn.parent()?, value.to_owned());
        if *dn == suffix() {
            return Some(Self::Root);
        }
        if let Some(name) = ["users", "projects", "roles"].into_iter().find(|name| *dn == container(name)) {
            return Some(Self::Container(name));
        }
        match attribute {
            "uid" if parent == container("users") => Some(Self::User(value)),
            "cn" if parent == container("projects") => Some(Self::Project(value)),
            "cn" if parent == container("roles") => Some(Self::Role(value)),
            "cn" => match Self::of(&parent)? {
                Self::Project(project) => Some(Self::RoleIn { project, role: value }),
                _ => None,
            },
            _ => None,
        }
    }
}

fn dn(text: &str) -> Done<Dn> {
    text.parse().or_else(|_| refuse(code::INVALID_DN_SYNTAX, format!("{text:?} is no name of an entry")))
}

fn place(text: &str) -> Done<(Dn, Place)> {
    let dn = dn(text)?;
    let place = Place::of(&dn);
    place.map_or_else(|| refuse(code::NO_SUCH_OBJECT, format!("there is no {text}")), |place| Ok((dn, place)))
}

fn absent<T>(dn: &Dn) -> Done<T> {
    refuse(code::NO_SUCH_OBJECT, format!("there is no {dn}"))
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

/// What one who is bound as this user, if as anybody, is answered; and, for a bind, the user they are bound as from now on.
pub(crate) fn perform(
    identity: &mut Identity,
    operation: Operation,
    bound: Option<&str>,
) -> (Outcome, Option<String>) {
    // A user who was deleted or disabled since is nobody.
    let bound = bound.filter(|id| identity.users.get(*id).is_some_and(|user| user.enabled));
    if let Operation::Bind { version, dn, password } = operation {
        return match bind(identity, version, &dn, password.as_deref()) {
            Ok(user) => (Outcome::default(), user),
            Err(refused) => (refused, None),
        };
    }
    let done = match operation {
        Operation::Search(search) => find(identity, &search, bound),
        Operation::Compare { dn, attribute, value } => compare(identity, &dn, &attribute, &value, bound),
        Operation::Extended { name } => extended(identity, &name, bound),
        Operation::Modify { dn, changes } => modify(identity, &dn, changes, bound),
        Operation::Add { dn, attributes } => {
            require_admin(identity, bound).and_then(|()| add(identity, &dn, &attributes))
        }
        Operation::Delete { dn } => require_admin(identity, bound).and_then(|()| delete(identity, &dn)),
        Operation::Rename { dn, new_rdn, new_superior } => require_admin(identity, bound)
            .and_then(|()| rename(identity, &dn, &new_rdn, new_superior.as_deref())),
        Operation::Bind { .. } | Operation::Unbind | Operation::Abandon => Ok(Outcome::default()),
    };
    (done.unwrap_or_else(|refused| refused), None)
}

fn bind(identity: &Identity, version: i64, name: &str, password: Option<&str>) -> Done<Option<String>> {
    if version != 3 {
        return refuse(code::PROTOCOL_ERROR, "only version 3 of LDAP is spoken here");
    }
    let Some(password) = password else {
        return refuse(code::AUTH_METHOD_NOT_SUPPORTED, "only simple binds are known here (-x)");
    };
    if name.is_empty() && password.is_empty() {
        return Ok(None);
    }
    if password.is_empty() {
        return refuse(code::UNWILLING_TO_PERFORM, "a name without a password proves nothing");
    }
    let user = match Place::of(&dn(name)?) {
        Some(Place::User(user)) => user_named(identity, &user),
        _ => None,
    };
    let proved =
        user.filter(|user| user.enabled && user.password.as_ref().is_some_and(|kept| kept.is(password)));
    proved.map(|user| Some(user.id.clone())).ok_or_else(|| Outcome::of(code::INVALID_CREDENTIALS, ""))
}

fn is_admin(identity: &Identity, user: &str) -> bool {
    let held = identity.assignments.iter().filter(|(_, holder, _)| holder == user);
    held.filter_map(|(_, _, role)| identity.roles.get(role)).any(|role| role.name == "admin")
}

fn require_admin(identity: &Identity, bound: Option<&str>) -> Done<()> {
    if bound.is_some_and(|user| is_admin(identity, user)) {
        return Ok(());
    }
    refuse(code::INSUFFICIENT_ACCESS_RIGHTS, "only administrators do this")
}

fn user_named<'i>(identity: &'i Identity, name: &str) -> Option<&'i User> {
    identity.users.values().find(|user| same(&user.name, name))
}

fn project_named<'i>(identity: &'i Identity, name: &str) -> Option<&'i Project> {
    identity.projects.values().find(|project| same(&project.name, name))
}

fn role_named<'i>(identity: &'i Identity, name: &str) -> Option<&'i Role> {
    identity.roles.values().find(|role| same(&role.name, name))
}

fn user_dn(user: &User) -> Dn {
    container("users").child("uid", &user.name)
}

fn user_entry(user: &User) -> Entry {
    let classes = ["top", "person", "organizationalPerson", "inetOrgPerson"];
    let mut entry = Entry::new(user_dn(user)).with("objectClass", classes).with("uid", [user.name.as_str()]);
    for (key, shown) in PERSONAL {
        // Everybody has a name, if only that by which they log in.
        let own = user.personal.get(key).cloned();
        let values = own.or_else(|| matches!(key, "cn" | "sn").then(|| vec![user.name.clone()]));
        entry = entry.with(shown, values.unwrap_or_default());
    }
    entry.with("description", [user.description.as_str()]).with("entryUUID", [user.id.as_str()])
}

/// All entries, those above others first.
fn entries(identity: &Identity) -> Vec<Entry> {
    let mut all = vec![Entry::new(suffix()).with("objectClass", ["top", "domain"]).with("dc", ["novarig"])];
    for name in ["users", "projects", "roles"] {
        let unit = Entry::new(container(name)).with("objectClass", ["top", "organizationalUnit"]);
        all.push(unit.with("ou", [name]));
    }
    all.extend(identity.users.values().map(user_entry));
    let names = |ids: BTreeSet<&String>| -> Vec<String> {
        ids.into_iter()
            .filter_map(|id| identity.users.get(id))
            .map(|user| user_dn(user).to_string())
            .collect()
    };
    for project in identity.projects.values() {
        let dn = container("projects").child("cn", &project.name);
        let within = || identity.assignments.iter().filter(|(within, _, _)| *within == project.id);
        let entry = Entry::new(dn.clone())
            .with("objectClass", ["top", "groupOfNames"])
            .with("cn", [project.name.as_str()]);
        let entry = entry.with("description", [project.description.as_str()]);
        let members = names(within().map(|(_, user, _)| user).collect());
        all.push(entry.with("member", members).with("entryUUID", [project.id.as_str()]));
        for role in identity.roles.values() {
            let holders: BTreeSet<_> =
                within().filter(|(_, _, held)| *held == role.id).map(|(_, user, _)| user).collect();
            if !holders.is_empty() {
                let entry =
                    Entry::new(dn.child("cn", &role.name)).with("objectClass", ["top", "organizationalRole"]);
                all.push(entry.with("cn", [role.name.as_str()]).with("roleOccupant", names(holders)));
            }
        }
    }
    for role in identity.roles.values() {
        let entry = Entry::new(container("roles").child("cn", &role.name));
        let entry = entry.with("objectClass", ["top", "organizationalRole"]).with("cn", [role.name.as_str()]);
        all.push(entry.with("entryUUID", [role.id.as_str()]));
    }
    all
}

/// What anybody is told of this server.
fn root_dse() -> Entry {
    Entry::new(Dn::default())
        .with("objectClass", ["top"])
        .with("namingContexts", [SUFFIX])
        .with("supportedLDAPVersion", ["3"])
        .with("supportedExtension", [crate::ldap::WHO_AM_I])
        .with("vendorName", ["novarig"])
}

/// The entries a user may read.
fn readable(identity: &Identity, bound: Option<&str>) -> Vec<Entry> {
    match bound.and_then(|id| identity.users.get(id)) {
        None => Vec::new(),
        Some(user) if is_admin(identity, &user.id) => entries(identity),
        Some(user) => vec![user_entry(user)],
    }
}

fn find(identity: &Identity, search: &Search, bound: Option<&str>) -> Done<Outcome> {
    let base = dn(&search.base)?;
    if base.depth() == 0 && search.scope == Scope::Base {
        let found =
            if search.filter.matches(&root_dse()) { vec![wanted(root_dse(), search)] } else { Vec::new() };
        return Ok(Outcome { entries: found, ..Outcome::default() });
    }
    if bound.is_none() {
        return refuse(code::INSUFFICIENT_ACCESS_RIGHTS, "bind with a user's name and password first");
    }
    let all = readable(identity, bound);
    let own_only = !bound.is_some_and(|user| is_admin(identity, user));
    if !own_only && base.depth() > 0 && !all.iter().any(|entry| entry.dn == base) {
        return absent(&base);
    }
    let reached = |entry: &&Entry| match search.scope {
        Scope::Base => entry.dn == base,
        Scope::OneLevel => entry.dn.parent().is_some_and(|parent| parent == base),
        Scope::Subtree => entry.dn.is_within(&base),
    };
    let found: Vec<&Entry> =
        all.iter().filter(reached).filter(|entry| search.filter.matches(entry)).collect();
    let most = if search.size_limit == 0 { MAX_ENTRIES } else { search.size_limit.min(MAX_ENTRIES) };
    let too_many = found.len() > most;
    let entries = found.into_iter().take(most).map(|entry| wanted(entry.clone(), search)).collect();
    let (code, message) = match too_many {
        true => (code::SIZE_LIMIT_EXCEEDED, format!("there are more than {most}")),
        false => (code::SUCCESS, String::new()),
    };
    Ok(Outcome { entries, code, message })
}

/// The entry with what is asked for: everything if nothing is, but for what is only told when it is asked for.
fn wanted(mut entry: Entry, search: &Search) -> Entry {
    let asked = |word: &str| search.attributes.iter().any(|name| name == word);
    let operational = |name: &str| {
        matches!(
            name,
            "entryuuid" | "namingcontexts" | "supportedldapversion" | "supportedextension" | "vendorname"
        )
    };
    entry.attributes.retain(|(name, _)| {
        let name = name.to_lowercase();
        let by_kind =
            if operational(&name) { asked("+") } else { search.attributes.is_empty() || asked("*") };
        by_kind || asked(&name)
    });
    if search.types_only {
        entry.attributes.iter_mut().for_each(|(_, values)| values.clear());
    }
    entry
}

fn compare(
    identity: &Identity,
    name: &str,
    attribute: &str,
    value: &str,
    bound: Option<&str>,
) -> Done<Outcome> {
    let dn = dn(name)?;
    let all = readable(identity, bound);
    let Some(entry) = all.iter().find(|entry| entry.dn == dn) else { return absent(&dn) };
    if entry.values(attribute).is_empty() {
        return refuse(code::NO_SUCH_ATTRIBUTE, format!("{dn} has no {attribute}"));
    }
    let equal = Filter::Equal(attribute.to_owned(), value.to_owned()).matches(entry);
    Ok(Outcome::of(if equal { code::COMPARE_TRUE } else { code::COMPARE_FALSE }, ""))
}

fn extended(identity: &Identity, name: &str, bound: Option<&str>) -> Done<Outcome> {
    if name != crate::ldap::WHO_AM_I {
        return refuse(code::PROTOCOL_ERROR, format!("the operation {name} is not known here"));
    }
    let user = bound.and_then(|id| identity.users.get(id));
    Ok(Outcome::of(code::SUCCESS, user.map_or_else(String::new, |user| format!("dn:{}", user_dn(user)))))
}
