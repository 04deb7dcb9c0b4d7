//! Who asks, and whether they may (`placement/auth.py` in its `noauth2` mode, `placement/policies/`).

use axum::http::HeaderMap;

/// Who sends a request, as its headers say. Nothing is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requester {
    project: String,
    roles: Vec<String>,
    system_scoped: bool,
}

impl Requester {
    /// `X-Auth-Token: user[:project]`; the project is that of `X-Project-Id`, else the token's, else the user's own.
    /// `X-Roles` lists the roles; without it the user `admin` has the role admin. None without a token.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text("x-auth-token")?;
        let (user, project) = token.split_once(':').unwrap_or((token, ""));
        let project = text("x-project-id").unwrap_or(project);
        let roles = match text("x-roles") {
            Some(roles) => roles.split(',').map(|role| role.trim().to_lowercase()).collect(),
            None if user == "admin" => vec!["admin".to_string()],
            None => Vec::new(),
        };
        Some(Self {
            project: if project.is_empty() { user } else { project }.to_string(),
            roles,
            system_scoped: headers.contains_key("openstack-system-scope"),
        })
    }

    fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}

/// Which rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The default rules, and what the deprecated ones still allow.
    #[default]
    Default,
    /// The default rules alone.
    NewDefaults,
    /// Everybody may do everything.
    Open,
}

/// Who may do an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without a token even.
    Anyone,
    /// Administrators and services.
    AdminOrService,
    /// Services; administrators as well while the deprecated rules count.
    Service,
    /// Administrators, services, and readers of the project asked for.
    AdminServiceOrProjectReader,
}

impl Policy {
    /// Whether the requester may do this, in the project given where that matters.
    pub(crate) fn allows(self, access: Access, who: &Requester, project: Option<&str>) -> bool {
        if access == Access::Anyone {
            return true;
        }
        if who.system_scoped {
            // Every rule is for tokens of a project.
            return false;
        }
        let privileged = who.is("admin") || who.is("service");
        match (self, access) {
            (Self::Open, _) | (_, Access::Anyone) => true,
            (Self::Default, Access::Service) | (_, Access::AdminOrService) => privileged,
            (Self::NewDefaults, Access::Service) => who.is("service"),
            (_, Access::AdminServiceOrProjectReader) => {
                privileged || who.is("reader") && project == Some(who.project.as_str())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Policy, Requester};
    use axum::http::{HeaderMap, HeaderValue};

    fn requester(headers: &[(&'static str, &'static str)]) -> Option<Requester> {
        let pairs = headers.iter().map(|(n, v)| (n.parse().expect("a name"), HeaderValue::from_static(v)));
        Requester::from_headers(&pairs.collect::<HeaderMap>())
    }

    #[test]
    fn the_token_names_user_and_project_and_admin_needs_no_roles() {
        assert_eq!(requester(&[]), None);
        let admin = requester(&[("x-auth-token", "admin")]).expect("a requester");
        assert!(admin.is("admin") && admin.project == "admin");
        let other =
            requester(&[("x-auth-token", "bob:demo"), ("x-roles", "reader,Member")]).expect("a requester");
        assert!(other.is("reader") && other.is("member") && !other.is("admin") && other.project == "demo");
        let named =
            requester(&[("x-auth-token", "bob:demo"), ("x-project-id", "other")]).expect("a requester");
        assert_eq!(named.project, "other");
    }

    #[test]
    fn policies_differ_in_who_may_reshape_and_a_reader_sees_the_own_project() {
        let admin = requester(&[("x-auth-token", "admin")]).expect("a requester");
        assert!(Policy::Default.allows(Access::Service, &admin, None));
        assert!(!Policy::NewDefaults.allows(Access::Service, &admin, None));
        let reader = requester(&[("x-auth-token", "bob:demo"), ("x-roles", "reader")]).expect("a requester");
        assert!(Policy::Default.allows(Access::AdminServiceOrProjectReader, &reader, Some("demo")));
        assert!(!Policy::Default.allows(Access::AdminServiceOrProjectReader, &reader, Some("other")));
        assert!(!Policy::Default.allows(Access::AdminOrService, &reader, None));
        assert!(Policy::Open.allows(Access::AdminOrService, &reader, None));
    }
}
