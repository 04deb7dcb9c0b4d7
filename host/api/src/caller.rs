//! Who sends a request (`nova/api/auth.py`, `keystonemiddleware`), and what their roles allow.

use crate::answer::Ask;
use crate::world::{AuthMode, World};
use model::{ProjectId, UserId};
use std::collections::BTreeSet;

/// Who sends a request, and in which project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requester {
    /// The user.
    pub(crate) user: UserId,
    /// The project.
    pub(crate) project: ProjectId,
    /// The names of the roles held in it, in lower case, with those that they imply.
    pub(crate) roles: BTreeSet<String>,
    /// Whether records of other projects are this user's to work with.
    pub(crate) is_admin: bool,
}

/// Who may do something by default (`nova/policies/base.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Readers of the project, and administrators.
    Reader,
    /// Members of the project, and administrators.
    Member,
    /// Managers of the project, and administrators.
    Manager,
    /// Administrators.
    Admin,
}

impl Requester {
    /// Who sends this request; none when nobody known does.
    pub(crate) fn of(world: &World, ask: &Ask) -> Option<Self> {
        match world.config.auth {
            AuthMode::Keystone => Self::of_token(world, ask.header("x-auth-token")?),
            AuthMode::None => Self::as_they_say(ask),
        }
    }

    /// Whose token of the identity service this is; none when it is nobody's any more, or for no project.
    pub(crate) fn of_token(world: &World, text: &str) -> Option<Self> {
        let identity = world.identity.borrow();
        let token = identity.token(text, world.now())?;
        let roles = with_implied(token.roles.iter().map(String::as_str));
        Some(Self {
            user: UserId::from(token.user.as_str()),
            project: ProjectId::from(token.project.as_deref()?),
            is_admin: roles.contains("admin"),
            roles,
        })
    }

    /// Taken at their word: the headers of Nova's functional tests, where the administrator is the user named so
    /// (`nova/tests/fixtures/nova.py, OSAPIFixture`), else a token `user:project` as in Nova's noauth2 mode. Nova's old rules
    /// hold there beside the new ones: within a project everybody may do what members may.
    fn as_they_say(ask: &Ask) -> Option<Self> {
        if let Some(user) = ask.header("x-auth-user").or_else(|| ask.header("x-user-id")) {
            let is_admin = user == "admin";
            let roles = ask.header("x-roles").unwrap_or("").split(',').map(str::trim);
            let old =
                if is_admin { ["member", "reader", "admin"].iter() } else { ["member", "reader"].iter() };
            let roles = roles.filter(|role| !role.is_empty()).map(str::to_lowercase);
            return Some(Self {
                user: UserId::from(user),
                project: ProjectId::from(ask.header("x-auth-project-id").unwrap_or(user)),
                roles: roles.chain(old.map(|role| (*role).to_owned())).collect(),
                is_admin,
            });
        }
        let token = ask.header("x-auth-token")?;
        let (user, project) = token.split_once(':').unwrap_or((token, token));
        let is_admin = user == "admin";
        Some(Self {
            user: UserId::from(user),
            project: ProjectId::from(project),
            roles: with_implied([if is_admin { "admin" } else { "member" }].into_iter()),
            is_admin,
        })
    }

    /// Whether the roles allow this. Whose the object is has been seen to before: others' objects are not found.
    pub(crate) fn may(&self, access: Access) -> bool {
        let has = |role: &str| self.roles.contains(role);
        match access {
            Access::Reader => has("reader") || has("admin"),
            Access::Member => has("member") || has("admin"),
            Access::Manager => has("manager") || has("admin"),
            Access::Admin => has("admin"),
        }
    }
}

/// Roles with those that they imply: admin has manager's, manager has member's, member has reader's.
pub(crate) fn with_implied<'r>(roles: impl Iterator<Item = &'r str>) -> BTreeSet<String> {
    const LADDER: [&str; 4] = ["admin", "manager", "member", "reader"];
    let mut all: BTreeSet<String> = roles.map(str::to_lowercase).collect();
    if let Some(highest) = LADDER.iter().position(|role| all.contains(*role)) {
        all.extend(LADDER.iter().skip(highest).map(|role| (*role).to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::with_implied;

    #[test]
    fn a_role_has_those_below_it_and_others_have_none() {
        let all = |roles: &[&str]| with_implied(roles.iter().copied()).into_iter().collect::<Vec<_>>();
        assert_eq!(all(&["Member"]), ["member", "reader"]);
        assert_eq!(all(&["admin"]), ["admin", "manager", "member", "reader"]);
        assert_eq!(all(&["other"]), ["other"]);
    }
}
