//! Changes of the directory: what they ask is checked against what entries are, and done to the identity data whole or not at
//! all.

use super::{
    Done, PERSONAL, Place, absent, dn, place, project_named, refuse, require_admin, role_named, same,
    user_named,
};
use crate::identity::Identity;
use crate::identity::records::{Password, Project, Role, User};
use crate::identity::store::new_id;
use crate::ldap::{Attribute, Change, ChangeKind, Dn, Outcome, code};
use std::collections::BTreeSet;

/// The longest value of an attribute, in bytes, and how many values one may have.
const MAX_VALUE: usize = 1_024;
const MAX_VALUES: usize = 16;
/// The role of whoever becomes a member of a project.
const MEMBER: &str = "member";

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

pub(super) fn add(identity: &mut Identity, name: &str, attributes: &[Attribute]) -> Done<Outcome> {
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

pub(super) fn delete(identity: &mut Identity, name: &str) -> Done<Outcome> {
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

pub(super) fn rename(
    identity: &mut Identity,
    name: &str,
    new_rdn: &str,
    new_superior: Option<&str>,
) -> Done<Outcome> {
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

pub(super) fn modify(
    identity: &mut Identity,
    name: &str,
    changes: Vec<Change>,
    bound: Option<&str>,
) -> Done<Outcome> {
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
