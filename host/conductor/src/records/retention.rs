//! How much is kept of what is over. Nova keeps it in its database until an operator archives and purges it (`nova-manage db
//! archive_deleted_rows`, `nova/db/main/api.py`); a cloud that is left running does that by itself, by numbers and not by time,
//! so that its memory has a bound and a run repeats. What is in use is never forgotten.

use super::{Started, StateOfRecord, Tables};
use crate::labels::Asker;
use model::rpc::RequestContext;
use model::{Migration, MigrationId, MigrationStatus, RequestId, Server, ServerId};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How many of each are kept; the oldest go when there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Deleted servers, with all that is known of them: what was asked for, actions, labels, migrations.
    pub deleted_servers: usize,
    /// Migrations, of servers that are there, that nobody waits for any more; the newest of each server stays in any case.
    pub migrations: usize,
    /// Actions of one server.
    pub actions: usize,
    /// Faults of one server.
    pub faults: usize,
    /// Notifications.
    pub notifications: usize,
    /// Records of the trace, where one is kept.
    pub trace_records: usize,
}

impl Retention {
    /// All of it, for what has an end: scenarios and tests.
    pub const EVERYTHING: Self = Self {
        deleted_servers: usize::MAX,
        migrations: usize::MAX,
        actions: usize::MAX,
        faults: usize::MAX,
        notifications: usize::MAX,
        trace_records: usize::MAX,
    };

    /// What a cloud keeps that may be left running: more than anybody reads, and some ten megabytes.
    pub const SERVED: Self = Self {
        deleted_servers: 2_000,
        migrations: 2_000,
        actions: 500,
        faults: 100,
        notifications: 5_000,
        trace_records: 50_000,
    };
}

impl Default for Retention {
    fn default() -> Self {
        Self::EVERYTHING
    }
}

/// Hears which servers the records have forgotten.
pub(crate) type Forgets = dyn Fn(ServerId);

/// Who sent the newest requests, for what is begun on their behalf: an action and a migration remember it themselves.
#[derive(Debug, Default)]
pub(super) struct Askers {
    by_request: BTreeMap<RequestId, Asker>,
    oldest_first: VecDeque<RequestId>,
}

/// Requests whose sender is known: far more than can be under way.
const MAX_ASKERS: usize = 2_000;

impl Askers {
    pub(super) fn note(&mut self, context: &RequestContext) {
        if self.by_request.insert(context.request.clone(), Asker::of(context)).is_none() {
            self.oldest_first.push_back(context.request.clone());
        }
        if self.oldest_first.len() > MAX_ASKERS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_request.remove(&oldest);
        }
    }

    pub(super) fn get(&self, request: &RequestId) -> Option<Asker> {
        self.by_request.get(request).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.by_request.len()
    }
}

impl Tables {
    /// Forgets deleted servers, oldest deletion first, until there are no more than `most`; answers which.
    pub(super) fn archive(&mut self, most: usize) -> Vec<ServerId> {
        let surplus = self.deleted.len().saturating_sub(most);
        let gone: Vec<ServerId> = self.deleted.drain(..surplus).collect();
        for id in &gone {
            self.servers.remove(id);
            self.request_specs.remove(id);
            self.actions.remove(id);
            self.server_labels.remove(id);
            let migrations = self.migrations.values().filter(|migration| migration.server == *id);
            for migration in migrations.map(|migration| migration.id).collect::<Vec<_>>() {
                self.forget_migration(migration);
            }
        }
        gone
    }

    fn forget_migration(&mut self, id: MigrationId) {
        if let Some(migration) = self.migrations.remove(&id) {
            self.migration_order.remove(&migration.number);
            self.migration_askers.remove(&id);
        }
    }

    /// Forgets the oldest migration that may be forgotten, if there are more than `most`.
    pub(super) fn trim_migrations(&mut self, most: usize) {
        if self.migrations.len() <= most {
            return;
        }
        let newest_of_its_server = |migration: &Migration| {
            let mut newer = self.migrations.values().filter(|other| other.number > migration.number);
            !newer.any(|other| other.server == migration.server)
        };
        let oldest = self.migration_order.values().filter_map(|id| self.migrations.get(id));
        let mut over = oldest.filter(|migration| is_over(migration.status));
        if let Some(id) =
            over.find(|migration| !newest_of_its_server(migration)).map(|migration| migration.id)
        {
            self.forget_migration(id);
        }
    }

    /// Forgets the oldest action of a server, if there are more than `most`.
    pub(super) fn trim_actions(started: &mut Vec<Started>, most: usize) {
        if started.len() > most {
            started.remove(0);
        }
    }
}

/// Forgets the oldest fault of a server, if there are more than `most`.
pub(super) fn trim_faults(server: &mut Server, most: usize) {
    if server.faults.len() > most {
        server.faults.remove(0);
    }
}

/// Whether nothing follows on this status.
fn is_over(status: MigrationStatus) -> bool {
    use MigrationStatus::*;
    match status {
        Completed | Confirmed | Reverted | Failed | Cancelled | Error => true,
        Accepted | PreMigrating | Queued | Preparing | Running | Migrating | PostMigrating | Finished
        | Confirming | Reverting | Done => false,
    }
}

impl StateOfRecord {
    /// From now on tells `forgets` of every server that is forgotten, so that others forget it too.
    pub(crate) fn on_archive(&self, forgets: Rc<Forgets>) {
        self.forgets.replace(Some(forgets));
    }

    /// How many records of each kind there are.
    pub(crate) fn census(&self) -> Vec<(&'static str, usize)> {
        let tables = self.tables.borrow();
        vec![
            ("servers", tables.servers.len() - tables.deleted.len()),
            ("deleted servers", tables.deleted.len()),
            ("servers by host", tables.by_host.values().map(BTreeMap::len).sum()),
            ("request specs", tables.request_specs.len()),
            ("server labels", tables.server_labels.len()),
            ("actions", tables.actions.values().map(Vec::len).sum()),
            (
                "events of actions",
                tables.actions.values().flatten().map(|kept| kept.action.events.len()).sum(),
            ),
            ("faults", tables.servers.values().map(|server| server.faults.len()).sum()),
            ("migrations", tables.migrations.len()),
            ("askers", tables.askers.len()),
            ("members of groups", tables.server_groups.iter().map(|group| group.members.len()).sum()),
            ("images", tables.images.len()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Askers, MAX_ASKERS, RequestContext, RequestId};

    #[test]
    fn of_who_asked_the_oldest_are_forgotten_and_one_who_asks_again_is_counted_once() {
        let context = |number: usize| RequestContext {
            request: RequestId::from(format!("req-{number}").as_str()),
            project_id: "demo".into(),
            user_id: "admin".into(),
            is_admin: true,
        };
        let mut askers = Askers::default();
        for number in [0, 0].into_iter().chain(1..=MAX_ASKERS) {
            askers.note(&context(number));
        }
        assert_eq!(askers.len(), MAX_ASKERS);
        assert!(askers.get(&context(0).request).is_none());
        assert!(
            askers.get(&context(1).request).is_some() && askers.get(&context(MAX_ASKERS).request).is_some()
        );
    }
}
