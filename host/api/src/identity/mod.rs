//! The identity service's API, version 3 (Keystone): log-in, catalogue, projects, users, roles, application credentials.
//!
//! Everything is in one domain, `default`. Its data is seeded as a DevStack's is: the projects `admin` and `demo`, a user
//! of each name, and the roles that Nova's policies know.

mod application_credentials;
mod auth;
mod catalog;
pub(crate) mod directory;
mod records;
mod resources;
mod store;

pub(crate) use store::Identity;

use crate::answer::{Answer, Ask};
use crate::world::World;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A request the identity service refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The request you have made requires authentication.")
    }

    fn forbidden(action: &str) -> Self {
        let message = format!("You are not authorized to perform the requested action: {action}.");
        Self::new(StatusCode::FORBIDDEN, message)
    }

    fn not_found(kind: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Could not find {kind}: {id}."))
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    fn into_answer(self) -> Answer {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let code = self.status.as_u16();
        let body = json!({"error": {"code": code, "message": self.message, "title": title}});
        let answer = Answer::json(code, body);
        match self.status {
            StatusCode::UNAUTHORIZED => answer.with("www-authenticate", "Keystone uri=\"/identity\""),
            _ => answer,
        }
    }
}

/// Answers a request.
pub(crate) fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    let answered = match parts.as_slice() {
        [] => Ok(Answer::json(300, json!({"versions": {"values": [version(ask)]}}))),
        ["v3"] => Ok(Answer::json(200, json!({"version": version(ask)}))),
        ["v3", "auth", rest @ ..] => auth::answer(world, ask, rest),
        ["v3", "users", user, "application_credentials", rest @ ..] => {
            application_credentials::answer(world, ask, user, rest)
        }
        ["v3", rest @ ..] => resources::answer(world, ask, rest),
        _ => Err(nothing_here()),
    };
    let answer = answered.unwrap_or_else(Refusal::into_answer);
    answer.with("vary", "X-Auth-Token")
}

fn nothing_here() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "(http://docs.openstack.org/api/openstack-identity/3): The resource could not be found.",
    )
}

fn version(ask: &Ask) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/v3/", ask.base())}],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}
        ],
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of, header_of};
    use serde_json::{Value, json};

    fn log_in(user: &str, password: &str, project: &str) -> Value {
        json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "domain": {"id": "default"}, "password": password,
            }}},
            "scope": {"project": {"name": project, "domain": {"name": "Default"}}},
        }})
    }

    #[test]
    fn a_password_buys_a_token_that_names_project_roles_and_endpoints() {
        Rig::keystone().run(async |rig| {
            let answer = rig.post("/identity/v3/auth/tokens", log_in("demo", "secret", "demo")).await;
            assert_eq!(answer.status(), 201);
            let token = header_of(&answer, "x-subject-token");
            let body = body_of(&answer);
            assert_eq!(body["token"]["project"]["name"], "demo");
            assert_eq!(body["token"]["expires_at"], "2026-01-01T01:00:00.000000Z");
            let roles: Vec<_> = body["token"]["roles"].as_array().into_iter().flatten().collect();
            assert!(roles.iter().any(|role| role["name"] == "member"), "{roles:?}");
            let compute = body["token"]["catalog"].as_array().into_iter().flatten();
            let compute = compute.clone().find(|service| service["type"] == "compute").cloned();
            let url = compute.map(|service| service["endpoints"][0]["url"].clone());
            assert_eq!(url, Some(json!("http://rig/compute/v2.1")));

            let servers = rig.with(&[("x-auth-token", &token)]).get("/compute/v2.1/servers").await;
            assert_eq!((servers.status().as_u16(), body_of(&servers)), (200, json!({"servers": []})));
        });
    }

    #[test]
    fn wrong_passwords_unknown_users_and_old_tokens_are_refused_alike() {
        Rig::keystone().run(async |rig| {
            for body in [
                log_in("demo", "wrong", "demo"),
                log_in("nobody", "secret", "demo"),
                log_in("demo", "secret", "admin"),
            ] {
                let answer = rig.post("/identity/v3/auth/tokens", body).await;
                let message = "The request you have made requires authentication.";
                assert_eq!(answer.status(), 401);
                assert_eq!(body_of(&answer)["error"]["message"], message);
            }
            let answer = rig.post("/identity/v3/auth/tokens", log_in("admin", "secret", "admin")).await;
            let token = header_of(&answer, "x-subject-token");
            let rig = rig.with(&[("x-auth-token", &token)]);
            assert_eq!(rig.get("/identity/v3/users").await.status(), 200);
            rig.sleep(3601).await;
            assert_eq!(rig.get("/identity/v3/users").await.status(), 401);
            assert_eq!(rig.get("/compute/v2.1/servers").await.status(), 401);
        });
    }

    #[test]
    fn administrators_make_projects_and_users_and_give_roles() {
        Rig::keystone().run(async |rig| {
            let answer = rig.post("/identity/v3/auth/tokens", log_in("admin", "secret", "admin")).await;
            let admin = rig.with(&[("x-auth-token", &header_of(&answer, "x-subject-token"))]);
            let project = admin.post("/identity/v3/projects", json!({"project": {"name": "web"}})).await;
            assert_eq!(project.status(), 201);
            let project = body_of(&project)["project"]["id"].as_str().unwrap_or("").to_owned();
            let user = json!({"user": {"name": "eve", "password": "apple"}});
            let user = body_of(&admin.post("/identity/v3/users", user).await);
            let user = user["user"]["id"].as_str().unwrap_or("").to_owned();
            assert!(
                body_of(&admin.get(&format!("/identity/v3/users/{user}")).await)["user"]
                    .get("password")
                    .is_none()
            );
            let refused = rig.post("/identity/v3/auth/tokens", log_in("eve", "apple", "web")).await;
            assert_eq!(refused.status(), 401, "she has no role there yet");
            let roles = body_of(&admin.get("/identity/v3/roles?name=reader").await);
            let role = roles["roles"][0]["id"].as_str().unwrap_or("").to_owned();
            let grant = format!("/identity/v3/projects/{project}/users/{user}/roles/{role}");
            assert_eq!(admin.put(&grant, Value::Null).await.status(), 204);
            let eve = rig.post("/identity/v3/auth/tokens", log_in("eve", "apple", "web")).await;
            assert_eq!(eve.status(), 201);
            let eve = rig.with(&[("x-auth-token", &header_of(&eve, "x-subject-token"))]);
            assert_eq!(
                eve.post("/identity/v3/projects", json!({"project": {"name": "x"}})).await.status(),
                403
            );
        });
    }
}
