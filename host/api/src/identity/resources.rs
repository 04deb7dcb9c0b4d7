//! Projects, users, roles and who has which (`/v3/projects`, `/v3/users`, `/v3/roles`, `/v3/role_assignments`), and what
//! never changes: domains, regions, services and endpoints.

use super::records::{DOMAIN_ID, DOMAIN_NAME, Password, Project, Role, Token, User};
use super::store::new_id;
use super::{Identity, Refusal, catalog, nothing_here};
use crate::answer::{Answer, Ask};
use crate::world::{AuthMode, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The token a request comes with.
pub(super) fn require_token(world: &World, ask: &Ask) -> Result<Token, Refusal> {
    let identity = world.identity.borrow();
    let text = ask.header("x-auth-token").ok_or_else(Refusal::unauthorized)?;
    identity.token(text, world.now()).cloned().ok_or_else(Refusal::unauthorized)
}

/// A list, with the links that all have.
pub(super) fn list(ask: &Ask, kind: &str, items: Vec<Value>) -> Value {
    let link = format!("{}{}", ask.base(), ask.path);
    json!({kind: items, "links": {"self": link, "previous": null, "next": null}})
}

pub(super) fn show_project(ask: &Ask, project: &Project) -> Value {
    json!({
        "id": project.id, "name": project.name, "description": project.description, "enabled": project.enabled,
        "domain_id": DOMAIN_ID, "parent_id": DOMAIN_ID, "is_domain": false, "tags": [], "options": {},
        "links": {"self": format!("{}/v3/projects/{}", ask.base(), project.id)},
    })
}

fn show_user(ask: &Ask, user: &User) -> Value {
    let mut shown = json!({
        "id": user.id, "name": user.name, "description": user.description, "enabled": user.enabled,
        "domain_id": DOMAIN_ID, "password_expires_at": null, "options": {},
        "links": {"self": format!("{}/v3/users/{}", ask.base(), user.id)},
    });
    if let Some(project) = &user.default_project {
        shown["default_project_id"] = json!(project);
    }
    shown
}

fn show_role(ask: &Ask, role: &Role) -> Value {
    json!({
        "id": role.id, "name": role.name, "domain_id": null, "description": null, "options": {},
        "links": {"self": format!("{}/v3/roles/{}", ask.base(), role.id)},
    })
}

fn domain() -> Value {
    json!({"id": DOMAIN_ID, "name": DOMAIN_NAME, "description": "", "enabled": true, "tags": [], "options": {}})
}

fn region() -> Value {
    json!({"id": catalog::REGION, "description": "", "parent_region_id": null})
}

pub(super) fn answer(world: &World, ask: &Ask, parts: &[&str]) -> Result<Answer, Refusal> {
    let token = match world.config.auth {
        AuthMode::Keystone => Some(require_token(world, ask)?),
        AuthMode::None => None,
    };
    let is_admin = token.as_ref().is_none_or(|token| token.roles.contains("admin"));
    let own = |user: &str| token.as_ref().is_some_and(|token| token.user == user);
    let reads_own = match parts {
        ["users", user] | ["users", user, "projects"] => own(user),
        ["projects", project] => {
            token.as_ref().is_some_and(|token| token.project.as_deref() == Some(project))
        }
        ["domains", ..] => true,
        _ => false,
    };
    let reads = ask.method == Method::GET;
    if !is_admin && (!reads || !reads_own) {
        let verb = ask.method.as_str().to_lowercase();
        return Err(Refusal::forbidden(&format!("identity:{verb}_{}", parts.first().unwrap_or(&""))));
    }
    let mut identity = world.identity.borrow_mut();
    match parts {
        ["domains"] => Ok(Answer::json(200, list(ask, "domains", only_named(ask, vec![domain()])))),
        ["domains", DOMAIN_ID] => Ok(Answer::json(200, json!({"domain": domain()}))),
        ["domains", id] => Err(Refusal::not_found("domain", id)),
        ["regions"] => Ok(Answer::json(200, list(ask, "regions", vec![region()]))),
        ["regions", catalog::REGION] => Ok(Answer::json(200, json!({"region": region()}))),
        ["services"] => Ok(Answer::json(200, list(ask, "services", only_named(ask, catalog::services())))),
        ["endpoints"] => Ok(Answer::json(200, list(ask, "endpoints", catalog::endpoints(ask)))),
        ["projects", rest @ ..] => projects(&mut identity, ask, rest),
        ["users", rest @ ..] => users(&mut identity, ask, rest),
        ["roles", rest @ ..] => roles(&mut identity, ask, rest),
        ["role_assignments"] => {
            Ok(Answer::json(200, list(ask, "role_assignments", assignments(&identity, ask))))
        }
        _ => Err(nothing_here()),
    }
}

/// Those of the name that is asked for, if one is.
fn only_named(ask: &Ask, mut items: Vec<Value>) -> Vec<Value> {
    for key in ["name", "type", "enabled"] {
        if let Some(wanted) = ask.query.get(key) {
            items.retain(|item| match &item[key] {
                Value::String(text) => text == wanted,
                Value::Bool(enabled) => *enabled == !matches!(wanted, "0" | "false" | "False"),
                _ => true,
            });
        }
    }
    items
}

pub(super) fn body_of(ask: &Ask, kind: &str) -> Result<Value, Refusal> {
    let body = ask.json().unwrap_or_default();
    let found = body.get(kind).filter(|value| value.is_object()).cloned();
    found.ok_or_else(|| Refusal::bad_request(format!("'{kind}' is a required property")))
}

pub(super) fn text_of(body: &Value, key: &str) -> Option<String> {
    body[key].as_str().map(str::to_owned)
}

pub(super) fn name_of(body: &Value) -> Result<String, Refusal> {
    let name = text_of(body, "name").filter(|name| !name.is_empty() && name.len() <= 255);
    name.ok_or_else(|| Refusal::bad_request("'name' is a required property of 1 to 255 characters"))
}

/// The name that a change gives, if it is one and gives one.
fn new_name(ask: &Ask, kind: &str) -> Result<Option<String>, Refusal> {
    if ask.method != Method::PATCH {
        return Ok(None);
    }
    let body = body_of(ask, kind)?;
    if body.get("name").is_none() { Ok(None) } else { name_of(&body).map(Some) }
}

fn taken(kind: &str, name: &str) -> Refusal {
    let message = format!(
        "Conflict occurred attempting to store {kind} - it is not permitted to have two {kind}s with the same name in the \
         same domain: {name}."
    );
    Refusal::new(StatusCode::CONFLICT, message)
}

fn projects(identity: &mut Identity, ask: &Ask, parts: &[&str]) -> Result<Answer, Refusal> {
    match (parts, &ask.method) {
        ([], &Method::GET) => {
            let all = identity.projects.values().map(|project| show_project(ask, project)).collect();
            Ok(Answer::json(200, list(ask, "projects", only_named(ask, all))))
        }
        ([], &Method::POST) => {
            let body = body_of(ask, "project")?;
            let name = name_of(&body)?;
            if identity.project_named(&name).is_some() {
                return Err(taken("project", &name));
            }
            let project = Project {
                id: new_id(),
                name,
                description: text_of(&body, "description").unwrap_or_default(),
                enabled: body["enabled"].as_bool().unwrap_or(true),
            };
            let shown = show_project(ask, &project);
            identity.projects.insert(project.id.clone(), project);
            Ok(Answer::json(201, json!({"project": shown})))
        }
        ([id], method) => {
            let name = new_name(ask, "project")?;
            let other = name.as_ref().and_then(|name| identity.project_named(name));
            if let Some(other) = other.filter(|other| other.id != *id) {
                return Err(taken("project", &other.name));
            }
            let project = identity.projects.get_mut(*id).ok_or_else(|| Refusal::not_found("project", id))?;
            match *method {
                Method::GET => {}
                Method::PATCH => {
                    let body = body_of(ask, "project")?;
                    project.name = name.unwrap_or_else(|| project.name.clone());
                    project.description =
                        text_of(&body, "description").unwrap_or_else(|| project.description.clone());
                    project.enabled = body["enabled"].as_bool().unwrap_or(project.enabled);
                }
                Method::DELETE => {
                    identity.delete_project(id);
                    return Ok(Answer::empty(204));
                }
                _ => return Err(nothing_here()),
            }
            Ok(Answer::json(200, json!({"project": show_project(ask, project)})))
        }
        ([project, "users", user, "roles"], &Method::GET) => {
            let roles = identity.roles_in(project, user).map(|role| show_role(ask, role)).collect();
            Ok(Answer::json(200, list(ask, "roles", roles)))
        }
        ([project, "users", user, "roles", role], method) => grant(identity, method, project, user, role),
        _ => Err(nothing_here()),
    }
}

fn grant(
    identity: &mut Identity,
    method: &Method,
    project: &str,
    user: &str,
    role: &str,
) -> Result<Answer, Refusal> {
    identity.projects.get(project).ok_or_else(|| Refusal::not_found("project", project))?;
    identity.users.get(user).ok_or_else(|| Refusal::not_found("user", user))?;
    identity.roles.get(role).ok_or_else(|| Refusal::not_found("role", role))?;
    let assignment = (project.to_owned(), user.to_owned(), role.to_owned());
    let was_there = identity.assignments.contains(&assignment);
    match *method {
        Method::PUT => {
            identity.assignments.insert(assignment);
        }
        Method::GET | Method::HEAD if was_there => {}
        Method::DELETE if was_there => {
            identity.take_role(project, user, role);
        }
        _ => return Err(Refusal::not_found("role assignment with role", role)),
    }
    Ok(Answer::empty(204))
}

fn users(identity: &mut Identity, ask: &Ask, parts: &[&str]) -> Result<Answer, Refusal> {
    match (parts, &ask.method) {
        ([], &Method::GET) => {
            let all = identity.users.values().map(|user| show_user(ask, user)).collect();
            Ok(Answer::json(200, list(ask, "users", only_named(ask, all))))
        }
        ([], &Method::POST) => {
            let body = body_of(ask, "user")?;
            let name = name_of(&body)?;
            if identity.user_named(&name).is_some() {
                return Err(taken("user", &name));
            }
            let user = User {
                id: new_id(),
                name,
                description: text_of(&body, "description").unwrap_or_default(),
                enabled: body["enabled"].as_bool().unwrap_or(true),
                default_project: text_of(&body, "default_project_id"),
                password: body["password"].as_str().map(Password::new),
                personal: BTreeMap::new(),
            };
            let shown = show_user(ask, &user);
            identity.users.insert(user.id.clone(), user);
            Ok(Answer::json(201, json!({"user": shown})))
        }
        ([id, "projects"], &Method::GET) => {
            let projects = identity.projects_of(id);
            let shown = projects.iter().map(|project| show_project(ask, project)).collect();
            Ok(Answer::json(200, list(ask, "projects", shown)))
        }
        ([id], method) => {
            let name = new_name(ask, "user")?;
            let other = name.as_ref().and_then(|name| identity.user_named(name));
            if let Some(other) = other.filter(|other| other.id != *id) {
                return Err(taken("user", &other.name));
            }
            let user = identity.users.get_mut(*id).ok_or_else(|| Refusal::not_found("user", id))?;
            match *method {
                Method::GET => {}
                Method::PATCH => {
                    let body = body_of(ask, "user")?;
                    user.name = name.unwrap_or_else(|| user.name.clone());
                    user.description =
                        text_of(&body, "description").unwrap_or_else(|| user.description.clone());
                    user.enabled = body["enabled"].as_bool().unwrap_or(user.enabled);
                    if let Some(password) = body["password"].as_str() {
                        user.password = Some(Password::new(password));
                    }
                    if body.get("default_project_id").is_some() {
                        user.default_project = text_of(&body, "default_project_id");
                    }
                }
                Method::DELETE => {
                    identity.delete_user(id);
                    return Ok(Answer::empty(204));
                }
                _ => return Err(nothing_here()),
            }
            Ok(Answer::json(200, json!({"user": show_user(ask, user)})))
        }
        _ => Err(nothing_here()),
    }
}

fn roles(identity: &mut Identity, ask: &Ask, parts: &[&str]) -> Result<Answer, Refusal> {
    match (parts, &ask.method) {
        ([], &Method::GET) => {
            let all = identity.roles.values().map(|role| show_role(ask, role)).collect();
            Ok(Answer::json(200, list(ask, "roles", only_named(ask, all))))
        }
        ([], &Method::POST) => {
            let name = name_of(&body_of(ask, "role")?)?;
            if identity.role_named(&name).is_some() {
                return Err(taken("role", &name));
            }
            let role = Role { id: new_id(), name };
            let shown = show_role(ask, &role);
            identity.roles.insert(role.id.clone(), role);
            Ok(Answer::json(201, json!({"role": shown})))
        }
        ([id], &Method::GET) => {
            let role = identity.roles.get(*id).ok_or_else(|| Refusal::not_found("role", id))?;
            Ok(Answer::json(200, json!({"role": show_role(ask, role)})))
        }
        ([id], &Method::DELETE) => {
            if !identity.delete_role(id) {
                return Err(Refusal::not_found("role", id));
            }
            Ok(Answer::empty(204))
        }
        _ => Err(nothing_here()),
    }
}

fn assignments(identity: &Identity, ask: &Ask) -> Vec<Value> {
    let wanted = |key: &str, id: &String| ask.query.get(key).is_none_or(|wanted| wanted == id);
    let fitting = identity.assignments.iter().filter(|(project, user, role)| {
        wanted("scope.project.id", project) && wanted("user.id", user) && wanted("role.id", role)
    });
    let named = ask.query.get("include_names").is_some_and(|value| !matches!(value, "0" | "false" | "False"));
    let shown = fitting.map(|(project, user, role)| {
        let mut shown = json!({
            "role": {"id": role}, "user": {"id": user}, "scope": {"project": {"id": project}},
        });
        if named {
            let domain = json!({"id": DOMAIN_ID, "name": DOMAIN_NAME});
            shown["role"]["name"] = json!(identity.roles.get(role).map(|role| &role.name));
            shown["user"]["name"] = json!(identity.users.get(user).map(|user| &user.name));
            shown["user"]["domain"] = domain.clone();
            shown["scope"]["project"]["name"] =
                json!(identity.projects.get(project).map(|project| &project.name));
            shown["scope"]["project"]["domain"] = domain;
        }
        shown
    });
    shown.collect()
}
