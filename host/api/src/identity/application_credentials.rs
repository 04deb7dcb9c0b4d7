//! Application credentials: passwords of programs, that one user made for one project (`/v3/users/{user}/application_credentials`,
//! and the log-in method `application_credential`).
//!
//! A secret is shown once, when it is made; only its hash is kept. What logs in with one has at most the roles that it was
//! made with, and unless it is unrestricted it can neither make nor delete credentials. It goes with its user, with its
//! project, and when its user loses a role in that project.

use super::records::{Credential, DOMAIN_ID, DOMAIN_NAME, Password, Token};
use super::resources::{body_of, list, name_of, require_token, text_of};
use super::store::{new_id, new_secret};
use super::{Identity, Refusal, nothing_here};
use crate::answer::{Answer, Ask};
use crate::world::World;
use axum::http::{Method, StatusCode};
use model::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEY: &str = "application_credential";
/// How many credentials a user may have: they are kept in memory.
const MAX_OF_USER: usize = 100;

/// Answers a request below `/v3/users/{user}/application_credentials`.
pub(super) fn answer(world: &World, ask: &Ask, user: &str, parts: &[&str]) -> Result<Answer, Refusal> {
    let token = require_token(world, ask)?;
    let verb = ask.method.as_str().to_lowercase();
    let forbidden = || Refusal::forbidden(&format!("identity:{verb}_application_credential"));
    let own = token.user == user;
    let makes = ask.method == Method::POST;
    if !own && (makes || !token.roles.contains("admin")) {
        return Err(forbidden());
    }
    let mut identity = world.identity.borrow_mut();
    let now = world.now();
    if ask.method != Method::GET && identity.is_restricted(&token) {
        return Err(Refusal::forbidden(
            "Using method 'application_credential' is not allowed for managing additional application credentials",
        ));
    }
    identity.users.get(user).ok_or_else(|| Refusal::not_found("user", user))?;
    match (parts, &ask.method) {
        ([], &Method::GET) => {
            let name = ask.query.get("name");
            let fitting =
                identity.credentials_of(user).filter(|one| name.is_none_or(|name| one.name == name));
            let shown = fitting.map(|one| show(&identity, ask, one)).collect();
            Ok(Answer::json(200, list(ask, "application_credentials", shown)))
        }
        ([], &Method::POST) => create(&mut identity, ask, &token, now),
        ([id], &Method::GET) => {
            let found = identity.credential(user, id).ok_or_else(|| Refusal::not_found(KEY, id))?;
            Ok(Answer::json(200, json!({KEY: show(&identity, ask, found)})))
        }
        ([id], &Method::DELETE) => {
            identity.credential(user, id).ok_or_else(|| Refusal::not_found(KEY, id))?;
            identity.delete_credentials(|one| one.id == *id);
            Ok(Answer::empty(204))
        }
        _ => Err(nothing_here()),
    }
}

fn show(identity: &Identity, ask: &Ask, credential: &Credential) -> Value {
    let role = |id: &String| {
        let name = identity.roles.get(id).map(|role| &role.name);
        json!({"id": id, "name": name, "domain_id": null})
    };
    json!({
        "id": credential.id, "name": credential.name, "description": credential.description,
        "user_id": credential.user, "project_id": credential.project, "system": null,
        "roles": credential.roles.iter().map(role).collect::<Vec<_>>(),
        "expires_at": credential.expires_at.map(|at| at.to_string()), "unrestricted": credential.unrestricted,
        "links": {"self": format!("{}/v3/users/{}/application_credentials/{}", ask.base(), credential.user, credential.id)},
    })
}

fn create(identity: &mut Identity, ask: &Ask, token: &Token, now: Timestamp) -> Result<Answer, Refusal> {
    let body = body_of(ask, KEY)?;
    let name = name_of(&body)?;
    let Some(project) = token.project.clone() else {
        return Err(Refusal::forbidden(
            "identity:create_application_credential: the token is for no project",
        ));
    };
    if identity.credentials_of(&token.user).any(|one| one.name == name) {
        let message = format!(
            "Conflict occurred attempting to store application_credential - Duplicate entry found with name {name}."
        );
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    if identity.credentials_of(&token.user).count() >= MAX_OF_USER {
        let message = format!("A user has at most {MAX_OF_USER} application credentials: delete one first.");
        return Err(Refusal::forbidden(&message));
    }
    if body["access_rules"].as_array().is_some_and(|rules| !rules.is_empty()) {
        return Err(Refusal::bad_request("Access rules are not known here: leave access_rules out."));
    }
    let expires_at = match &body["expires_at"] {
        Value::Null => None,
        Value::String(text) => {
            Some(crate::compute::parse_time(text).filter(|at| *at > now).ok_or_else(|| {
                Refusal::bad_request(format!(
                    "Invalid input for field 'expires_at': {text} is no time to come."
                ))
            })?)
        }
        other => {
            return Err(Refusal::bad_request(format!(
                "Invalid input for field 'expires_at': {other} is no time."
            )));
        }
    };
    let secret = text_of(&body, "secret").filter(|text| !text.is_empty()).unwrap_or_else(new_secret);
    let credential = Credential {
        id: new_id(),
        name,
        description: text_of(&body, "description"),
        user: token.user.clone(),
        project,
        roles: wanted_roles(identity, token, &body["roles"])?,
        secret: Password::new(&secret),
        expires_at,
        unrestricted: body["unrestricted"].as_bool().unwrap_or(false),
    };
    let mut shown = show(identity, ask, &credential);
    shown["secret"] = json!(secret);
    identity.credentials.insert(credential.id.clone(), credential);
    Ok(Answer::json(201, json!({KEY: shown})))
}

/// The ids of the roles that are asked for, of which the token must have each; all of the token's when none are.
fn wanted_roles(identity: &Identity, token: &Token, asked: &Value) -> Result<BTreeSet<String>, Refusal> {
    let held = || identity.roles.values().filter(|role| token.roles.contains(&role.name.to_lowercase()));
    let asked = asked.as_array().map(Vec::as_slice).unwrap_or_default();
    if asked.is_empty() {
        return Ok(held().map(|role| role.id.clone()).collect());
    }
    asked
        .iter()
        .map(|wanted| {
            let found = held().find(|role| wanted["id"] == role.id || wanted["name"] == role.name);
            let said = wanted["id"].as_str().or(wanted["name"].as_str()).unwrap_or_default();
            let project = token.project.as_deref().unwrap_or_default();
            found.map(|role| role.id.clone()).ok_or_else(|| {
                Refusal::bad_request(format!(
                    "Invalid application credential: Could not find role assignment with role: {said}, user or group: \
                     {}, project, domain, or system: {project}.",
                    token.user
                ))
            })
        })
        .collect()
}

/// The credential that a log-in proves to have, by its id, or by its name and its user.
pub(super) fn proved<'i>(identity: &'i Identity, given: &Value, now: Timestamp) -> Option<&'i Credential> {
    let credential = match given["id"].as_str() {
        Some(id) => identity.credentials.get(id)?,
        None => {
            let user = &given["user"];
            let in_domain = user["domain"]["id"] == DOMAIN_ID || user["domain"]["name"] == DOMAIN_NAME;
            let user = match user["id"].as_str() {
                Some(id) => identity.users.get(id)?,
                None => identity.user_named(user["name"].as_str().filter(|_| in_domain)?)?,
            };
            let name = given["name"].as_str()?;
            identity.credentials_of(&user.id).find(|one| one.name == name)?
        }
    };
    let in_force = credential.expires_at.is_none_or(|at| now < at);
    let enabled = identity.users.get(&credential.user).is_some_and(|user| user.enabled);
    (in_force && enabled && credential.secret.is(given["secret"].as_str()?)).then_some(credential)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Client, Rig, body_of, header_of};
    use serde_json::{Value, json};

    async fn log_in(rig: &Client, user: &str, project: &str) -> (Client, String) {
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "domain": {"id": "default"}, "password": "secret"}}},
            "scope": {"project": {"name": project, "domain": {"id": "default"}}},
        }});
        let answer = rig.post("/identity/v3/auth/tokens", body).await;
        assert_eq!(answer.status(), 201);
        let id = body_of(&answer)["token"]["user"]["id"].as_str().unwrap_or("").to_owned();
        (rig.with(&[("x-auth-token", &header_of(&answer, "x-subject-token"))]), id)
    }

    async fn make(client: &Client, user: &str, given: Value) -> (u16, Value) {
        let path = format!("/identity/v3/users/{user}/application_credentials");
        let answer = client.post(&path, json!({"application_credential": given})).await;
        (answer.status().as_u16(), body_of(&answer)["application_credential"].clone())
    }

    /// Logs in with a credential; answers the status, the client and the token.
    async fn with_credential(rig: &Client, given: Value) -> (u16, Client, Value) {
        let identity = json!({"methods": ["application_credential"], "application_credential": given});
        let answer = rig.post("/identity/v3/auth/tokens", json!({"auth": {"identity": identity}})).await;
        let client = rig.with(&[("x-auth-token", &header_of(&answer, "x-subject-token"))]);
        (answer.status().as_u16(), client, body_of(&answer)["token"].clone())
    }

    #[test]
    fn a_credential_logs_in_by_id_or_name_with_its_roles_and_its_secret_is_shown_once() {
        Rig::keystone().run(async |rig| {
            let (admin, id) = log_in(&rig, "admin", "demo").await;
            let (status, made) = make(&admin, &id, json!({"name": "ci", "roles": [{"name": "member"}]})).await;
            assert_eq!(status, 201);
            let (secret, credential) = (made["secret"].clone(), made["id"].clone());
            assert_eq!(secret.as_str().map(str::len), Some(64));
            let path = format!("/identity/v3/users/{id}/application_credentials");
            let shown = body_of(&admin.get(&format!("{path}/{}", credential.as_str().unwrap_or(""))).await);
            assert!(shown["application_credential"].get("secret").is_none());
            assert_eq!(shown["application_credential"]["roles"][0]["name"], "member");
            let listed = body_of(&admin.get(&path).await);
            assert_eq!(listed["application_credentials"].as_array().map(Vec::len), Some(1));

            let (status, program, token) =
                with_credential(&rig, json!({"id": credential, "secret": secret})).await;
            assert_eq!(status, 201);
            assert_eq!(token["project"]["name"], "demo");
            assert_eq!(token["application_credential"]["restricted"], true);
            let roles: Vec<_> = token["roles"].as_array().into_iter().flatten().map(|r| &r["name"]).collect();
            assert!(!roles.contains(&&json!("admin")) && roles.contains(&&json!("reader")), "{roles:?}");
            assert_eq!(program.get("/compute/v2.1/servers").await.status(), 200);
            assert_eq!(program.get("/compute/v2.1/os-services").await.status(), 403, "an administrator's");

            let by_name = json!({"name": "ci", "secret": secret, "user": {"name": "admin", "domain": {"id": "default"}}});
            assert_eq!(with_credential(&rig, by_name).await.0, 201);
            let wrong = json!({"id": credential, "secret": "wrong"});
            assert_eq!(with_credential(&rig, wrong).await.0, 401);
        });
    }

    #[test]
    fn a_token_of_a_restricted_credential_makes_no_other_and_gains_no_roles() {
        Rig::keystone().run(async |rig| {
            let (admin, id) = log_in(&rig, "admin", "demo").await;
            let (_, made) = make(&admin, &id, json!({"name": "a", "roles": [{"name": "reader"}]})).await;
            let (_, program, _) =
                with_credential(&rig, json!({"id": made["id"], "secret": made["secret"]})).await;
            assert_eq!(make(&program, &id, json!({"name": "b"})).await.0, 403);
            let text = program.header("x-auth-token");
            let again = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": text}}}});
            let again = body_of(&rig.post("/identity/v3/auth/tokens", again).await);
            let roles = again["token"]["roles"].as_array().cloned().unwrap_or_default();
            assert_eq!(roles.len(), 1, "{roles:?}");
            let elsewhere = json!({"auth": {
                "identity": {"methods": ["token"], "token": {"id": text}},
                "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}});
            assert_eq!(rig.post("/identity/v3/auth/tokens", elsewhere).await.status(), 401);
            let (_, free) = make(&admin, &id, json!({"name": "c", "unrestricted": true})).await;
            let (_, program, _) =
                with_credential(&rig, json!({"id": free["id"], "secret": free["secret"]})).await;
            assert_eq!(make(&program, &id, json!({"name": "d"})).await.0, 201);
        });
    }

    #[test]
    fn credentials_are_refused_for_other_users_roles_one_has_not_taken_names_and_the_past() {
        Rig::keystone().run(async |rig| {
            let (_, admin) = log_in(&rig, "admin", "admin").await;
            let (demo, id) = log_in(&rig, "demo", "demo").await;
            assert_eq!(make(&demo, &admin, json!({"name": "a"})).await.0, 403);
            assert_eq!(make(&demo, &id, json!({"name": "a", "roles": [{"name": "admin"}]})).await.0, 400);
            assert_eq!(
                make(&demo, &id, json!({"name": "a", "expires_at": "2001-01-01T00:00:00Z"})).await.0,
                400
            );
            assert_eq!(make(&demo, &id, json!({"name": "a", "expires_at": 5})).await.0, 400);
            assert_eq!(make(&demo, &id, json!({})).await.0, 400);
            assert_eq!(make(&demo, &id, json!({"name": "a"})).await.0, 201);
            assert_eq!(make(&demo, &id, json!({"name": "a"})).await.0, 409);
        });
    }

    #[test]
    fn a_credential_and_its_tokens_end_with_it_with_its_time_and_with_a_role_of_its_user() {
        Rig::keystone().run(async |rig| {
            let (admin, _) = log_in(&rig, "admin", "admin").await;
            let (demo, id) = log_in(&rig, "demo", "demo").await;
            let given = json!({"name": "a", "expires_at": "2026-01-01T00:10:00Z"});
            let (_, short) = make(&demo, &id, given).await;
            let short = json!({"id": short["id"], "secret": short["secret"]});
            let (_, program, token) = with_credential(&rig, short.clone()).await;
            assert_eq!(token["expires_at"], "2026-01-01T00:10:00.000000Z");
            rig.sleep(601).await;
            assert_eq!(program.get("/compute/v2.1/servers").await.status(), 401);
            assert_eq!(with_credential(&rig, short).await.0, 401);

            for ends in ["deleted", "role"] {
                let (_, made) = make(&demo, &id, json!({"name": ends})).await;
                let given = json!({"id": made["id"], "secret": made["secret"]});
                let (_, program, _) = with_credential(&rig, given.clone()).await;
                assert_eq!(program.get("/compute/v2.1/servers").await.status(), 200);
                let path = format!(
                    "/identity/v3/users/{id}/application_credentials/{}",
                    made["id"].as_str().unwrap_or("")
                );
                let answer = match ends {
                    "deleted" => demo.delete(&path).await,
                    _ => {
                        let project = made["project_id"].as_str().unwrap_or("");
                        let roles = body_of(&admin.get("/identity/v3/roles?name=member").await);
                        let role = roles["roles"][0]["id"].as_str().unwrap_or("").to_owned();
                        admin
                            .delete(&format!("/identity/v3/projects/{project}/users/{id}/roles/{role}"))
                            .await
                    }
                };
                assert_eq!(answer.status(), 204, "{ends}");
                assert_eq!(program.get("/compute/v2.1/servers").await.status(), 401, "{ends}");
                assert_eq!(with_credential(&rig, given).await.0, 401, "{ends}");
            }
        });
    }
}
