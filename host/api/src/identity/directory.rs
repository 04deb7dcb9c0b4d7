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

use super::Identity;
use super::records::{Password, Project, Role, User};
use super::store::new_id;
use crate::ldap::{
    Attribute, Change, ChangeKind, Dn, Entry, Filter, Operation, Outcome, Scope, Search, code,
};
use std::collections::BTreeSet;

/// The root.
const SUFFIX: &str = "dc=novarig";
/// The most entries in an answer.
const MAX_ENTRIES: usize = 1_000;
/// The longest value of an attribute, in bytes, and how many values one may have.
const MAX_VALUE: usize = 1_024;
const MAX_VALUES: usize = 16;
/// What is kept of a user beside what the identity service knows: in lower case and as it is shown.
const PERSONAL: [(&str, &str); 5] = [
    ("cn", "cn"),
    ("sn", "sn"),
    ("givenname", "givenName"),
    ("displayname", "displayName"),
    ("mail", "mail"),
];
/// The role of whoever becomes a member of a project.
const MEMBER: &str = "member";

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

fn check_values(attribute: &Attribute) -> Done<()> {
    let Attribute { name, values } = attribute;
    let members = matches!(name.as_str(), "member" | "roleoccupant");
    if values.iter().any(|value| value.len() > MAX_VALUE) || (values.len() > MAX_VALUES && !members) {
        let message =
            format!("{name}: values have {MAX_VALUE} bytes at most, and there are {MAX_VALUES} at most");
        return refuse(code::CONSTRAINT_VIOLATION, message);
    }
    Ok(())
}

/// The only value of an attribute that can have but one; none when it is not said.
fn single<'a>(attributes: &'a [Attribute], name: &str) -> Done<Option<&'a str>> {
    let mut values = attributes.iter().filter(|one| one.name == name).flat_map(|one| &one.values);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(String::as_str)),
        _ => refuse(code::CONSTRAINT_VIOLATION, format!("{name} can have one value only")),
    }
}

fn add(identity: &mut Identity, name: &str, attributes: &[Attribute]) -> Done<Outcome> {
    let (dn, place) = place(name)?;
    attributes.iter().try_for_each(check_values)?;
    let (class, naming, known): (&str, &str, &[&str]) = match &place {
        Place::Root | Place::Container(_) => {
            return refuse(code::ENTRY_ALREADY_EXISTS, format!("{dn} is there"));
        }
        Place::User(_) => (
            "inetorgperson",
            "uid",
            &["cn", "sn", "givenname", "displayname", "mail", "description", "userpassword"],
        ),
        Place::Project(_) => ("groupofnames", "cn", &["description", "member"]),
        Place::RoleIn { .. } => ("organizationalrole", "cn", &["roleoccupant"]),
        Place::Role(_) => ("organizationalrole", "cn", &[]),
    };
    let mut classes = attributes.iter().filter(|one| one.name == "objectclass").flat_map(|one| &one.values);
    if !classes.any(|given| given.to_lowercase() == class) {
        return refuse(code::OBJECT_CLASS_VIOLATION, format!("what is there has the object class {class}"));
    }
    let strange = |one: &&Attribute| {
        one.name != "objectclass" && one.name != naming && !known.contains(&one.name.as_str())
    };
    if let Some(strange) = attributes.iter().find(strange) {
        return refuse(code::UNDEFINED_ATTRIBUTE_TYPE, format!("{} is not known of a {class}", strange.name));
    }
    let own = dn.first().map_or("", |(_, value)| value);
    let named = attributes.iter().filter(|one| one.name == naming).flat_map(|one| &one.values);
    // A user's cn is another's name, which may be anything.
    if named.clone().count() > 0 && !named.clone().any(|value| same(value, own)) {
        return refuse(code::NAMING_VIOLATION, format!("{naming} must be {own}, as the entry's name says"));
    }
    if own.len() > 255 {
        return refuse(code::CONSTRAINT_VIOLATION, "a name has 255 bytes at most");
    }
    let exists = || refuse(code::ENTRY_ALREADY_EXISTS, format!("{dn} is there"));
    let description = single(attributes, "description")?.unwrap_or_default().to_owned();
    match place {
        Place::User(name) => {
            if user_named(identity, &name).is_some() {
                return exists();
            }
            let mut user = User {
                id: new_id(),
                name,
                description,
                enabled: true,
                default_project: None,
                password: single(attributes, "userpassword")?.map(Password::new),
                personal: Default::default(),
            };
            for (key, _) in PERSONAL {
                let given =
                    attributes.iter().filter(|one| one.name == key).flat_map(|one| one.values.clone());
                let values: Vec<String> = given.collect();
                if !values.is_empty() {
                    user.personal.insert(key.to_owned(), values);
                }
            }
            identity.users.insert(user.id.clone(), user);
        }
        Place::Project(name) => {
            if project_named(identity, &name).is_some() {
                return exists();
            }
            let members = occupants(identity, attributes, "member")?;
            let role = member_role(identity)?;
            let project = Project { id: new_id(), name, description, enabled: true };
            let given = members.into_iter().map(|user| (project.id.clone(), user, role.clone()));
            identity.assignments.extend(given);
            identity.projects.insert(project.id.clone(), project);
        }
        Place::RoleIn { project, role } => {
            let (project, role) = role_in(identity, &dn, &project, &role)?;
            if identity.assignments.iter().any(|(within, _, held)| *within == project && *held == role) {
                return exists();
            }
            let holders = occupants(identity, attributes, "roleoccupant")?;
            if holders.is_empty() {
                return refuse(
                    code::OBJECT_CLASS_VIOLATION,
                    "a role in a project is there while somebody has it: say roleOccupant",
                );
            }
            identity
                .assignments
                .extend(holders.into_iter().map(|user| (project.clone(), user, role.clone())));
        }
        Place::Role(name) => {
            if role_named(identity, &name).is_some() {
                return exists();
            }
            let role = Role { id: new_id(), name };
            identity.roles.insert(role.id.clone(), role);
        }
        Place::Root | Place::Container(_) => {}
    }
    Ok(Outcome::default())
}

/// The ids of the users whose names an attribute has.
fn occupants(identity: &Identity, attributes: &[Attribute], name: &str) -> Done<Vec<String>> {
    let values = attributes.iter().filter(|one| one.name == name).flat_map(|one| &one.values);
    values.map(|value| occupant(identity, value)).collect()
}

fn occupant(identity: &Identity, name: &str) -> Done<String> {
    let user = match Place::of(&dn(name)?) {
        Some(Place::User(user)) => user_named(identity, &user),
        _ => None,
    };
    user.map(|user| user.id.clone())
        .ok_or_else(|| Outcome::of(code::CONSTRAINT_VIOLATION, format!("{name} is no user")))
}

fn member_role(identity: &Identity) -> Done<String> {
    let role = role_named(identity, MEMBER).map(|role| role.id.clone());
    role.ok_or_else(|| {
        Outcome::of(code::UNWILLING_TO_PERFORM, "there is no role that new members could be given")
    })
}

fn role_in(identity: &Identity, dn: &Dn, project: &str, role: &str) -> Done<(String, String)> {
    match (project_named(identity, project), role_named(identity, role)) {
        (Some(project), Some(role)) => Ok((project.id.clone(), role.id.clone())),
        _ => absent(dn),
    }
}

fn delete(identity: &mut Identity, name: &str) -> Done<Outcome> {
    let (dn, place) = place(name)?;
    let done = match place {
        Place::Root | Place::Container(_) => {
            return refuse(code::NOT_ALLOWED_ON_NON_LEAF, format!("{dn} stays"));
        }
        Place::User(name) => {
            let id = user_named(identity, &name).map(|user| user.id.clone());
            id.is_some_and(|id| identity.delete_user(&id))
        }
        Place::Project(name) => {
            let id = project_named(identity, &name).map(|project| project.id.clone());
            if let Some(id) = &id
                && identity.assignments.iter().any(|(within, _, _)| within == id)
            {
                let message = format!("users have roles in {dn}: delete what is below it first");
                return refuse(code::NOT_ALLOWED_ON_NON_LEAF, message);
            }
            id.is_some_and(|id| identity.delete_project(&id))
        }
        Place::Role(name) => {
            let id = role_named(identity, &name).map(|role| role.id.clone());
            id.is_some_and(|id| identity.delete_role(&id))
        }
        Place::RoleIn { project, role } => {
            let (project, role) = role_in(identity, &dn, &project, &role)?;
            let holders = holders(identity, &project, Some(&role));
            for user in &holders {
                identity.take_role(&project, user, &role);
            }
            !holders.is_empty()
        }
    };
    if done { Ok(Outcome::default()) } else { absent(&dn) }
}

/// The ids of those who have a role, or any, in a project.
fn holders(identity: &Identity, project: &str, role: Option<&str>) -> BTreeSet<String> {
    let within = identity
        .assignments
        .iter()
        .filter(|(within, _, held)| within == project && role.is_none_or(|role| held == role));
    within.map(|(_, user, _)| user.clone()).collect()
}

fn rename(identity: &mut Identity, name: &str, new_rdn: &str, new_superior: Option<&str>) -> Done<Outcome> {
    let (old, place) = place(name)?;
    let rdn = dn(new_rdn)?;
    let parent = old.parent().unwrap_or_default();
    if let Some(superior) = new_superior
        && dn(superior)? != parent
    {
        return refuse(code::UNWILLING_TO_PERFORM, "an entry stays where it is, for that is what it is");
    }
    let (Some((naming, new)), 1) = (rdn.first(), rdn.depth()) else {
        return refuse(code::INVALID_DN_SYNTAX, format!("{new_rdn:?} is no name for one entry"));
    };
    if old.first().map(|(naming, _)| naming) != Some(naming) || new.len() > 255 {
        return refuse(code::NAMING_VIOLATION, format!("{new_rdn:?} cannot be the name of {old}"));
    }
    let new = new.to_owned();
    let other = |old: &str, taken: bool| {
        if taken && !same(old, &new) {
            return refuse(code::ENTRY_ALREADY_EXISTS, format!("{} is there", parent.child(naming, &new)));
        }
        Ok(())
    };
    let renamed = match place {
        Place::User(name) => {
            other(&name, user_named(identity, &new).is_some())?;
            let found = identity.users.values_mut().find(|user| same(&user.name, &name));
            found.map(|user| user.name.clone_from(&new))
        }
        Place::Project(name) => {
            other(&name, project_named(identity, &new).is_some())?;
            let found = identity.projects.values_mut().find(|project| same(&project.name, &name));
            found.map(|project| project.name.clone_from(&new))
        }
        Place::Role(name) => {
            other(&name, role_named(identity, &new).is_some())?;
            let found = identity.roles.values_mut().find(|role| same(&role.name, &name));
            found.map(|role| role.name.clone_from(&new))
        }
        _ => return refuse(code::UNWILLING_TO_PERFORM, format!("{old} keeps its name")),
    };
    if renamed.is_some() { Ok(Outcome::default()) } else { absent(&old) }
}

fn modify(identity: &mut Identity, name: &str, changes: Vec<Change>, bound: Option<&str>) -> Done<Outcome> {
    let (dn, place) = place(name)?;
    let own = match &place {
        Place::User(name) => user_named(identity, name).is_some_and(|user| bound == Some(user.id.as_str())),
        _ => false,
    };
    let password_only = changes.iter().all(|change| change.attribute.name == "userpassword");
    if !(own && password_only) {
        require_admin(identity, bound)?;
    }
    changes.iter().try_for_each(|change| check_values(&change.attribute))?;
    match place {
        Place::User(name) => {
            let Some(mut user) = user_named(identity, &name).cloned() else { return absent(&dn) };
            // All changes are made, or none.
            changes.into_iter().try_for_each(|change| change_user(&mut user, change))?;
            let id = user.id.clone();
            identity.users.insert(id, user);
        }
        Place::Project(name) => {
            let Some(project) = project_named(identity, &name) else { return absent(&dn) };
            let (id, mut description) = (project.id.clone(), vec![project.description.clone()]);
            description.retain(|text| !text.is_empty());
            let before = holders(identity, &id, None);
            let mut after: Vec<String> = before.iter().cloned().collect();
            for change in changes {
                match change.attribute.name.as_str() {
                    "description" => apply(&mut description, change, same)?,
                    "member" => apply_occupants(identity, &mut after, &change)?,
                    other => {
                        return refuse(code::UNDEFINED_ATTRIBUTE_TYPE, format!("{other} cannot be changed"));
                    }
                }
            }
            let role = member_role(identity)?;
            if let Some(project) = identity.projects.get_mut(&id) {
                project.description = description.pop().unwrap_or_default();
            }
            for user in after.iter().filter(|user| !before.contains(*user)) {
                identity.assignments.insert((id.clone(), user.clone(), role.clone()));
            }
            for user in before.iter().filter(|user| !after.contains(user)) {
                let held: Vec<String> = identity.roles.keys().cloned().collect();
                for role in &held {
                    identity.take_role(&id, user, role);
                }
            }
        }
        Place::RoleIn { project, role } => {
            let (project, role) = role_in(identity, &dn, &project, &role)?;
            let before = holders(identity, &project, Some(&role));
            if before.is_empty() {
                return absent(&dn);
            }
            let mut after: Vec<String> = before.iter().cloned().collect();
            for change in changes {
                match change.attribute.name.as_str() {
                    "roleoccupant" => apply_occupants(identity, &mut after, &change)?,
                    other => {
                        return refuse(code::UNDEFINED_ATTRIBUTE_TYPE, format!("{other} cannot be changed"));
                    }
                }
            }
            identity
                .assignments
                .extend(after.iter().map(|user| (project.clone(), user.clone(), role.clone())));
            for user in before.iter().filter(|user| !after.contains(user)) {
                identity.take_role(&project, user, &role);
            }
        }
        Place::Root | Place::Container(_) | Place::Role(_) => {
            return refuse(code::UNWILLING_TO_PERFORM, format!("nothing of {dn} can be changed"));
        }
    }
    Ok(Outcome::default())
}

/// Changes the values of an attribute.
fn apply(values: &mut Vec<String>, change: Change, equal: impl Fn(&str, &str) -> bool) -> Done<()> {
    let Change { kind, attribute: Attribute { name, values: given } } = change;
    match kind {
        ChangeKind::Replace => *values = given,
        ChangeKind::Add => {
            if let Some(there) = given.iter().find(|one| values.iter().any(|known| equal(known, one))) {
                return refuse(code::ATTRIBUTE_OR_VALUE_EXISTS, format!("{name} has the value {there:?}"));
            }
            values.extend(given);
        }
        ChangeKind::Delete if given.is_empty() && values.is_empty() => {
            return refuse(code::NO_SUCH_ATTRIBUTE, format!("there is no {name}"));
        }
        ChangeKind::Delete if given.is_empty() => values.clear(),
        ChangeKind::Delete => {
            for one in given {
                let Some(at) = values.iter().position(|known| equal(known, &one)) else {
                    return refuse(code::NO_SUCH_ATTRIBUTE, format!("{name} has no value {one:?}"));
                };
                values.remove(at);
            }
        }
    }
    let most = if matches!(name.as_str(), "description" | "userpassword") { 1 } else { usize::MAX };
    if values.len() > most.min(MAX_VALUES) && !matches!(name.as_str(), "member" | "roleoccupant") {
        return refuse(code::CONSTRAINT_VIOLATION, format!("{name} has too many values"));
    }
    Ok(())
}

/// Changes who is a member, or has a role: names come, ids are kept.
fn apply_occupants(identity: &Identity, ids: &mut Vec<String>, change: &Change) -> Done<()> {
    let name = change.attribute.name.clone();
    let values =
        change.attribute.values.iter().map(|value| occupant(identity, value)).collect::<Done<_>>()?;
    let change = Change { kind: change.kind, attribute: Attribute { name, values } };
    apply(ids, change, |left, right| left == right)
}

fn change_user(user: &mut User, change: Change) -> Done<()> {
    let name = change.attribute.name.clone();
    match name.as_str() {
        "userpassword" => {
            // The one there is cannot be told, so that it is deleted by being said.
            let right = |kept: &Password| change.attribute.values.iter().all(|text| kept.is(text));
            match change.kind {
                ChangeKind::Delete if !user.password.as_ref().is_some_and(right) => {
                    return refuse(code::NO_SUCH_ATTRIBUTE, "userPassword has no such value");
                }
                ChangeKind::Delete => user.password = None,
                ChangeKind::Add if user.password.is_some() => {
                    return refuse(
                        code::CONSTRAINT_VIOLATION,
                        "userPassword can have one value only: replace it",
                    );
                }
                ChangeKind::Add | ChangeKind::Replace => {
                    user.password = single(&[change.attribute], "userpassword")?.map(Password::new);
                }
            }
        }
        "description" => {
            let mut values = vec![user.description.clone()];
            values.retain(|text| !text.is_empty());
            apply(&mut values, change, same)?;
            user.description = values.pop().unwrap_or_default();
        }
        "uid" => return refuse(code::NOT_ALLOWED_ON_RDN, "uid is the entry's name: rename it"),
        name if PERSONAL.iter().any(|(key, _)| *key == name) => {
            let mut values = user.personal.remove(name).unwrap_or_default();
            apply(&mut values, change, same)?;
            if !values.is_empty() {
                user.personal.insert(name.to_owned(), values);
            }
        }
        other => return refuse(code::UNDEFINED_ATTRIBUTE_TYPE, format!("{other} cannot be changed")),
    }
    Ok(())
}
