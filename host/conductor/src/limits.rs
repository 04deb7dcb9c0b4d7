//! Quotas: what projects and users may have (`nova/quota.py, DbQuotaDriver`).
//!
//! A limit is the user's if one was set for the user, else the project's, else that of the default class, else the option's.
//! A user's usage is looked at only when a limit was set for that user. Negative limits limit nothing.

use model::{Options, ProjectId, UserId};
use std::collections::BTreeMap;

/// What can be limited, by Nova's names, in alphabetical order.
pub const LIMITED_RESOURCES: [&str; 14] = [
    "cores",
    "fixed_ips",
    "floating_ips",
    "injected_file_content_bytes",
    "injected_file_path_bytes",
    "injected_files",
    "instances",
    "key_pairs",
    "metadata_items",
    "ram",
    "security_group_rules",
    "security_groups",
    "server_group_members",
    "server_groups",
];

/// Limits that operators set.
#[derive(Debug, Default)]
pub struct Limits {
    class: BTreeMap<&'static str, i64>,
    projects: BTreeMap<ProjectId, BTreeMap<&'static str, i64>>,
    users: BTreeMap<(ProjectId, UserId), BTreeMap<&'static str, i64>>,
}

/// The limited resource of this name.
pub fn limited_resource(name: &str) -> Option<&'static str> {
    LIMITED_RESOURCES.into_iter().find(|known| *known == name)
}

fn option(options: &Options, resource: &str) -> i64 {
    match resource {
        "instances" => options.instances,
        "cores" => options.cores,
        "ram" => options.ram,
        "metadata_items" => options.metadata_items,
        "injected_files" => options.injected_files,
        "injected_file_content_bytes" => options.injected_file_content_bytes,
        "injected_file_path_bytes" => options.injected_file_path_length,
        "key_pairs" => options.key_pairs,
        "server_groups" => options.server_groups,
        "server_group_members" => options.server_group_members,
        // The network service's own; Nova limits none of them.
        _ => -1,
    }
}

impl Limits {
    /// The limit of everybody for whom none was set.
    pub fn default_of(&self, options: &Options, resource: &'static str) -> i64 {
        self.class.get(resource).copied().unwrap_or_else(|| option(options, resource))
    }

    /// The limit of a project.
    pub fn of_project(&self, options: &Options, project: &ProjectId, resource: &'static str) -> i64 {
        let own = self.projects.get(project).and_then(|limits| limits.get(resource));
        own.copied().unwrap_or_else(|| self.default_of(options, resource))
    }

    /// The limit of a user in a project.
    pub fn of_user(
        &self,
        options: &Options,
        project: &ProjectId,
        user: &UserId,
        resource: &'static str,
    ) -> i64 {
        self.set_for_user(project, user, resource)
            .unwrap_or_else(|| self.of_project(options, project, resource))
    }

    /// The limit that was set for a user.
    pub fn set_for_user(&self, project: &ProjectId, user: &UserId, resource: &str) -> Option<i64> {
        self.users.get(&(project.clone(), user.clone()))?.get(resource).copied()
    }

    /// What the limits of a project's users add up to.
    pub fn given_to_users(&self, project: &ProjectId, resource: &str) -> i64 {
        let of_project = self.users.iter().filter(|((of, _), _)| of == project);
        of_project.filter_map(|(_, limits)| limits.get(resource)).sum()
    }

    /// Sets a limit of the default class.
    pub fn set_class(&mut self, resource: &'static str, limit: i64) {
        self.class.insert(resource, limit);
    }

    /// Sets a limit of a project, or of a user in it.
    pub fn set(&mut self, project: ProjectId, user: Option<UserId>, resource: &'static str, limit: i64) {
        let limits = match user {
            Some(user) => self.users.entry((project, user)).or_default(),
            None => self.projects.entry(project).or_default(),
        };
        limits.insert(resource, limit);
    }

    /// Forgets what was set for a user, or for a project and all its users.
    pub fn forget(&mut self, project: &ProjectId, user: Option<&UserId>) {
        match user {
            Some(user) => {
                self.users.remove(&(project.clone(), user.clone()));
            }
            None => {
                self.projects.remove(project);
                self.users.retain(|(of, _), _| of != project);
            }
        }
    }
}
