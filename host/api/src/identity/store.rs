//! The identity data, and the tokens that are in use.

use super::records::{Password, Project, Role, Token, User};
use crate::caller::with_implied;
use model::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// How long a token lasts, as Keystone has it by default.
const TOKEN_LIFE: Duration = Duration::from_secs(3_600);
/// How many tokens are kept; the oldest go when there are more.
const MAX_TOKENS: usize = 100_000;
/// The password of the seeded users, as a DevStack's are given.
const SEEDED_PASSWORD: &str = "secret";
/// The project id that all clients of Nova's functional tests have.
const FIXTURE_PROJECT: &str = "6f70656e737461636b20342065766572";

/// Users, projects, roles, assignments and tokens.
#[derive(Default)]
pub(crate) struct Identity {
    pub(super) projects: BTreeMap<String, Project>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) roles: BTreeMap<String, Role>,
    /// Project, user, role.
    pub(super) assignments: BTreeSet<(String, String, String)>,
    /// By their text.
    tokens: BTreeMap<String, Token>,
    /// Their texts by when they end.
    ends: BTreeSet<(Timestamp, String)>,
}

/// An id as the identity service makes them.
pub(super) fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Identity {
    /// Whether there is a project of this id.
    pub(crate) fn knows_project(&self, id: &str) -> bool {
        self.projects.contains_key(id)
    }

    /// The data of a new cloud.
    pub(crate) fn seeded() -> Self {
        let mut identity = Self::default();
        for name in ["admin", "manager", "member", "reader", "service"] {
            let role = Role { id: new_id(), name: name.to_owned() };
            identity.roles.insert(role.id.clone(), role);
        }
        for (id, name) in [(new_id(), "admin"), (FIXTURE_PROJECT.to_owned(), "demo")] {
            let project =
                Project { id: id.clone(), name: name.to_owned(), description: String::new(), enabled: true };
            identity.projects.insert(id, project);
        }
        for (user, roles) in [
            ("admin", &[("admin", "admin"), ("demo", "admin")][..]),
            ("demo", &[("demo", "member")][..]),
            ("demo_reader", &[("demo", "reader")][..]),
        ] {
            let id = new_id();
            let default_project = roles.first().and_then(|(project, _)| identity.project_named(project));
            let record = User {
                id: id.clone(),
                name: user.to_owned(),
                description: String::new(),
                enabled: true,
                default_project: default_project.map(|project| project.id.clone()),
                password: Some(Password::new(SEEDED_PASSWORD)),
            };
            for (project, role) in roles {
                let found = (identity.project_named(project), identity.role_named(role));
                if let (Some(project), Some(role)) = found {
                    let given = (project.id.clone(), id.clone(), role.id.clone());
                    identity.assignments.insert(given);
                }
            }
            identity.users.insert(id, record);
        }
        identity
    }

    pub(super) fn project_named(&self, name: &str) -> Option<&Project> {
        self.projects.values().find(|project| project.name == name)
    }

    pub(super) fn role_named(&self, name: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.name == name)
    }

    pub(super) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.values().find(|user| user.name == name)
    }

    /// The roles a user was given in a project, without those that they imply.
    pub(super) fn roles_in<'i>(&'i self, project: &'i str, user: &'i str) -> impl Iterator<Item = &'i Role> {
        let given = self.assignments.iter().filter(move |(p, u, _)| p == project && u == user);
        given.filter_map(|(_, _, role)| self.roles.get(role))
    }

    /// The projects a user has a role in.
    pub(super) fn projects_of(&self, user: &str) -> Vec<Project> {
        let mut projects: Vec<Project> = Vec::new();
        for (project, _, _) in self.assignments.iter().filter(|(_, holder, _)| holder == user) {
            if projects.last().is_none_or(|last| &last.id != project) {
                projects.extend(self.projects.get(project).filter(|project| project.enabled).cloned());
            }
        }
        projects
    }

    /// Makes a token for a user who has proved to be one, and answers its text. None when the user has no role in the
    /// project. A token bought with another one ends with it.
    pub(super) fn issue(
        &mut self,
        user: &str,
        project: Option<&str>,
        methods: Vec<String>,
        now: Timestamp,
        ends: Option<Timestamp>,
    ) -> Option<String> {
        let roles = match project {
            Some(project) => with_implied(self.roles_in(project, user).map(|role| role.name.as_str())),
            None => BTreeSet::new(),
        };
        if project.is_some() && roles.is_empty() {
            return None;
        }
        let token = Token {
            user: user.to_owned(),
            project: project.map(str::to_owned),
            roles,
            methods,
            issued_at: now,
            expires_at: ends.unwrap_or_else(|| now.after(TOKEN_LIFE)),
            audit_id: new_id(),
        };
        self.forget_old_tokens(now);
        // Two version 4 uuids: nobody can guess 244 random bits.
        let text = format!("{}{}", new_id(), new_id());
        self.ends.insert((token.expires_at, text.clone()));
        self.tokens.insert(text.clone(), token);
        Some(text)
    }

    fn forget_old_tokens(&mut self, now: Timestamp) {
        while let Some((end, text)) = self.ends.first().cloned() {
            if end > now && self.tokens.len() < MAX_TOKENS {
                return;
            }
            self.ends.pop_first();
            self.tokens.remove(&text);
        }
    }

    /// A token that is in force: it has not ended, and its user and project are still there and enabled.
    pub(crate) fn token(&self, text: &str, now: Timestamp) -> Option<&Token> {
        let token = self.tokens.get(text).filter(|token| now < token.expires_at)?;
        let project = |id: &String| self.projects.get(id).is_some_and(|project| project.enabled);
        let user = self.users.get(&token.user).is_some_and(|user| user.enabled);
        (user && token.project.as_ref().is_none_or(project)).then_some(token)
    }

    /// How many tokens are kept.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Ends a token.
    pub(super) fn revoke(&mut self, text: &str) {
        if let Some(token) = self.tokens.remove(text) {
            self.ends.remove(&(token.expires_at, text.to_owned()));
        }
    }

    /// Ends the tokens for which this is true.
    pub(super) fn revoke_where(&mut self, ended: impl Fn(&Token) -> bool) {
        self.tokens.retain(|_, token| !ended(token));
        let tokens = &self.tokens;
        self.ends.retain(|(_, text)| tokens.contains_key(text));
    }
}
