//! Log-in (`/v3/auth`).

use super::records::{DOMAIN_ID, DOMAIN_NAME, Project, Token, User};
use super::store::Order;
use super::{Identity, Refusal, application_credentials, catalog, nothing_here, resources};
use crate::answer::{Answer, Ask};
use crate::world::World;
use axum::http::Method;
use model::Timestamp;
use serde_json::{Value, json};

/// The header a new token is in, and one that is asked about.
const SUBJECT: &str = "x-subject-token";

pub(super) fn answer(world: &World, ask: &Ask, parts: &[&str]) -> Result<Answer, Refusal> {
    match (parts, &ask.method) {
        (["tokens"], &Method::POST) => log_in(world, ask),
        (["tokens"], &Method::GET | &Method::HEAD) => {
            resources::require_token(world, ask)?;
            let text = ask.header(SUBJECT).ok_or_else(Refusal::unauthorized)?;
            let identity = world.identity.borrow();
            let token = identity.token(text, world.now()).ok_or_else(|| unknown_token(text))?;
            Ok(Answer::json(200, show(&identity, token, ask)).with(SUBJECT, text))
        }
        (["tokens"], &Method::DELETE) => {
            resources::require_token(world, ask)?;
            let text = ask.header(SUBJECT).ok_or_else(Refusal::unauthorized)?;
            world.identity.borrow_mut().revoke(text);
            Ok(Answer::empty(204))
        }
        (["catalog"], &Method::GET) => {
            resources::require_token(world, ask)?;
            let links = json!({"self": format!("{}/v3/auth/catalog", ask.base())});
            Ok(Answer::json(200, json!({"catalog": catalog::catalog(ask), "links": links})))
        }
        (["projects"], &Method::GET) => {
            let token = resources::require_token(world, ask)?;
            let projects = world.identity.borrow().projects_of(&token.user);
            let projects: Vec<_> =
                projects.iter().map(|project| resources::show_project(ask, project)).collect();
            Ok(Answer::json(200, resources::list(ask, "projects", projects)))
        }
        _ => Err(nothing_here()),
    }
}

fn unknown_token(_text: &str) -> Refusal {
    // Its text is a secret and is not said back.
    Refusal::new(axum::http::StatusCode::NOT_FOUND, "Could not find token.")
}

fn log_in(world: &World, ask: &Ask) -> Result<Answer, Refusal> {
    let body = ask.json().map_err(|_| {
        Refusal::bad_request(
            "Expecting to find valid JSON - the server could not comply with the request since it is \
                              either malformed or otherwise incorrect. The client is assumed to be in error.",
        )
    })?;
    let auth = &body["auth"];
    let methods: Vec<String> = auth["identity"]["methods"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|method| method.as_str().map(str::to_owned))
        .collect();
    if methods.is_empty() {
        return Err(Refusal::bad_request("'identity' is a required property with one method at least"));
    }
    let (now, mut user, mut ends, mut project, mut credential) = (world.now(), None, None, None, None);
    let mut identity = world.identity.borrow_mut();
    for method in &methods {
        let found = match method.as_str() {
            "password" => by_password(&identity, &auth["identity"]["password"]["user"]),
            "token" => {
                let text = auth["identity"]["token"]["id"].as_str().unwrap_or("");
                let token = identity.token(text, now).cloned().ok_or_else(Refusal::unauthorized)?;
                ends = Some(token.expires_at);
                project = token.project;
                credential = token.credential;
                Some(token.user)
            }
            "application_credential" => {
                // It is for one project, so that no other can be asked for.
                let given = &auth["identity"]["application_credential"];
                let proved = application_credentials::proved(&identity, given, now);
                let proved = proved.filter(|_| auth["scope"].is_null()).ok_or_else(Refusal::unauthorized)?;
                ends = proved.expires_at;
                project = Some(proved.project.clone());
                credential = Some(proved.id.clone());
                Some(proved.user.clone())
            }
            _ => None,
        };
        let found = found.ok_or_else(Refusal::unauthorized)?;
        if user.as_ref().is_some_and(|known| known != &found) {
            return Err(Refusal::unauthorized());
        }
        user = Some(found);
    }
    let user = user.ok_or_else(Refusal::unauthorized)?;
    let scope = match &auth["scope"] {
        Value::Null => {
            let default = || identity.users.get(&user).and_then(|user| user.default_project.clone());
            project.or_else(default)
        }
        Value::String(word) if word == "unscoped" => None,
        scope => {
            let named = find_project(&identity, &scope["project"]).filter(|project| project.enabled);
            Some(named.ok_or_else(Refusal::unauthorized)?.id.clone())
        }
    };
    let order = Order { user, project: scope, methods, ends, credential };
    let text = identity.issue(order, now).ok_or_else(Refusal::unauthorized)?;
    let token = identity.token(&text, now).ok_or_else(Refusal::unauthorized)?;
    Ok(Answer::json(201, show(&identity, token, ask)).with(SUBJECT, &text))
}

fn in_domain(domain: &Value) -> bool {
    domain["id"] == DOMAIN_ID || domain["name"] == DOMAIN_NAME
}

/// The user with this password, by id, or by name within the domain.
fn by_password(identity: &Identity, given: &Value) -> Option<String> {
    let user: &User = match given["id"].as_str() {
        Some(id) => identity.users.get(id)?,
        None => identity.user_named(given["name"].as_str().filter(|_| in_domain(&given["domain"]))?)?,
    };
    let password = given["password"].as_str()?;
    let right = user.password.as_ref().is_some_and(|kept| kept.is(password));
    (user.enabled && right).then(|| user.id.clone())
}

fn find_project<'i>(identity: &'i Identity, given: &Value) -> Option<&'i Project> {
    match given["id"].as_str() {
        Some(id) => identity.projects.get(id),
        None => identity.project_named(given["name"].as_str().filter(|_| in_domain(&given["domain"]))?),
    }
}

/// As the identity service writes times.
fn time(at: Timestamp) -> String {
    format!("{at}Z")
}

fn show(identity: &Identity, token: &Token, ask: &Ask) -> Value {
    let domain = json!({"id": DOMAIN_ID, "name": DOMAIN_NAME});
    let user = identity.users.get(&token.user);
    let mut shown = json!({
        "methods": token.methods,
        "user": {
            "id": token.user,
            "name": user.map(|user| user.name.as_str()),
            "domain": domain,
            "password_expires_at": null,
        },
        "audit_ids": [token.audit_id],
        "issued_at": time(token.issued_at),
        "expires_at": time(token.expires_at),
    });
    if let Some(project) = token.project.as_ref().and_then(|id| identity.projects.get(id)) {
        shown["project"] = json!({"id": project.id, "name": project.name, "domain": domain});
        shown["is_domain"] = json!(false);
        let roles = identity.roles.values().filter(|role| token.roles.contains(&role.name));
        shown["roles"] = roles.map(|role| json!({"id": role.id, "name": role.name})).collect();
        if ask.query.get("nocatalog").is_none() {
            shown["catalog"] = catalog::catalog(ask);
        }
    }
    if let Some(credential) = token.credential.as_ref().and_then(|id| identity.credentials.get(id)) {
        shown["application_credential"] =
            json!({"id": credential.id, "name": credential.name, "restricted": !credential.unrestricted});
    }
    json!({"token": shown})
}
