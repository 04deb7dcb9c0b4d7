//! The identity data, and the tokens that are in use.

use super::records::{Credential, Password, Project, Role, Token, User};
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
    /// Application credentials, by id.
    pub(super) credentials: BTreeMap<String, Credential>,
    /// By their text.
    tokens: BTreeMap<String, Token>,
    /// Their texts by when they end.
    ends: BTreeSet<(Timestamp, String)>,
}

/// An id as the identity service makes them.
pub(super) fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A text nobody can guess: two version 4 uuids have 244 random bits.
pub(super) fn new_secret() -> String {
    format!("{}{}", new_id(), new_id())
}

/// A token that is to be made for a user who has proved to be one.
pub(super) struct Order {
    pub(super) user: String,
    pub(super) project: Option<String>,
    pub(super) methods: Vec<String>,
    /// When it ends at the latest: with the token or credential it is bought with.
    pub(super) ends: Option<Timestamp>,
    /// The application credential whose roles it has at most.
    pub(super) credential: Option<String>,
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
                personal: BTreeMap::new(),
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

    /// Makes a token, and answers its text. None when the user has no role in the project, or when the application
    /// credential is gone or is for another project.
    pub(super) fn issue(&mut self, order: Order, now: Timestamp) -> Option<String> {
        let Order { user, project, methods, ends, credential } = order;
        let mut roles = match &project {
            Some(project) => with_implied(self.roles_in(project, &user).map(|role| role.name.as_str())),
            None => BTreeSet::new(),
        };
        if let Some(id) = &credential {
            let credential = self.credentials.get(id).filter(|one| Some(&one.project) == project.as_ref())?;
            let named = credential.roles.iter().filter_map(|id| self.roles.get(id));
            let most = with_implied(named.map(|role| role.name.as_str()));
            roles.retain(|role| most.contains(role));
        }
        if project.is_some() && roles.is_empty() {
            return None;
        }
        let end = now.after(TOKEN_LIFE);
        let token = Token {
            user,
            project,
            roles,
            methods,
            issued_at: now,
            expires_at: ends.map_or(end, |ends| ends.min(end)),
            audit_id: new_id(),
            credential,
        };
        self.forget_old_tokens(now);
        let text = new_secret();
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

    /// A user's application credentials.
    pub(super) fn credentials_of(&self, user: &str) -> impl Iterator<Item = &Credential> {
        self.credentials.values().filter(move |credential| credential.user == user)
    }

    /// One of a user's application credentials.
    pub(super) fn credential(&self, user: &str, id: &str) -> Option<&Credential> {
        self.credentials.get(id).filter(|credential| credential.user == user)
    }

    /// Whether a token came from an application credential that may not make or delete others.
    pub(super) fn is_restricted(&self, token: &Token) -> bool {
        let credential = token.credential.as_ref().map(|id| self.credentials.get(id));
        credential.is_some_and(|credential| credential.is_none_or(|credential| !credential.unrestricted))
    }

    /// Deletes the application credentials for which this is true, with the tokens that were bought with them.
    pub(super) fn delete_credentials(&mut self, ended: impl Fn(&Credential) -> bool) {
        self.credentials.retain(|_, credential| !ended(credential));
        let left: BTreeSet<String> = self.credentials.keys().cloned().collect();
        self.revoke_where(|token| token.credential.as_ref().is_some_and(|id| !left.contains(id)));
    }

    /// Removes what a user was given in a project, with what the user made of it. Answers whether it was there.
    pub(super) fn take_role(&mut self, project: &str, user: &str, role: &str) -> bool {
        let there = self.assignments.remove(&(project.to_owned(), user.to_owned(), role.to_owned()));
        if there {
            self.delete_credentials(|one| one.user == user && one.project == project);
            self.revoke_where(|token| token.user == user && token.project.as_deref() == Some(project));
        }
        there
    }

    /// Deletes a user with everything that was given to them. Answers whether there was one.
    pub(super) fn delete_user(&mut self, id: &str) -> bool {
        let there = self.users.remove(id).is_some();
        self.assignments.retain(|(_, user, _)| user != id);
        self.delete_credentials(|one| one.user == id);
        self.revoke_where(|token| token.user == id);
        there
    }

    /// Deletes a project with everything that was given in it. Answers whether there was one.
    pub(super) fn delete_project(&mut self, id: &str) -> bool {
        let there = self.projects.remove(id).is_some();
        self.assignments.retain(|(project, _, _)| project != id);
        self.delete_credentials(|one| one.project == id);
        self.revoke_where(|token| token.project.as_deref() == Some(id));
        there
    }

    /// Deletes a role wherever it was given. Answers whether there was one.
    pub(super) fn delete_role(&mut self, id: &str) -> bool {
        let there = self.roles.remove(id).is_some();
        let given: Vec<_> = self.assignments.iter().filter(|(_, _, role)| role == id).cloned().collect();
        for (project, user, role) in given {
            self.take_role(&project, &user, &role);
        }
        there
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

#[cfg(test)]
mod tests {
    use super::{Identity, Order};
    use model::Timestamp;
    use std::time::Duration;

    #[test]
    fn tokens_that_have_ended_are_not_kept() {
        let mut identity = Identity::seeded();
        let start = Timestamp::SIMULATION_START;
        let user = identity.user_named("demo").map(|user| user.id.clone()).expect("a user");
        let mut buy = |minutes: u64| {
            let order = Order {
                user: user.clone(),
                project: None,
                methods: Vec::new(),
                ends: None,
                credential: None,
            };
            identity.issue(order, start.after(Duration::from_secs(60 * minutes))).expect("a token");
            identity.tokens.len()
        };
        assert_eq!([buy(0), buy(30), buy(59)], [1, 2, 3]);
        assert_eq!([buy(61), buy(91)], [3, 3], "the first and the second have ended by now");
        assert_eq!(identity.tokens.len(), identity.ends.len());
    }
}
