//! The records of migrations (`nova/objects/migration.py`).

use super::StateOfRecord;
use crate::labels::Asker;
use model::rpc::RequestContext;
use model::{Migration, MigrationId, ServerId};

impl StateOfRecord {
    /// Adds a migration that somebody asked for. Its number is the next one.
    pub fn create_migration(&self, context: &RequestContext, mut migration: Migration) -> Migration {
        {
            let mut tables = self.tables.borrow_mut();
            tables.askers.note(context);
            tables.migration_askers.insert(migration.id, Asker::of(context));
            tables.migrations_made += 1;
            migration.number = tables.migrations_made;
            tables.migration_order.insert(migration.number, migration.id);
            tables.migrations.insert(migration.id, migration.clone());
            tables.trim_migrations(self.retention.migrations);
        }
        self.saved_migration(None, &migration);
        migration
    }

    /// Who asked for a migration.
    pub fn asker_of_migration(&self, id: MigrationId) -> Option<Asker> {
        self.tables.borrow().migration_askers.get(&id).cloned()
    }

    /// All migrations, oldest first.
    pub fn migrations(&self) -> Vec<Migration> {
        self.select_migrations(|_| true)
    }

    /// The migrations of a server, oldest first.
    pub fn migrations_of(&self, server: ServerId) -> Vec<Migration> {
        self.select_migrations(|migration| migration.server == server)
    }

    pub(super) fn select_migrations(&self, wanted: impl Fn(&Migration) -> bool) -> Vec<Migration> {
        let tables = self.tables.borrow();
        let mut migrations: Vec<_> =
            tables.migrations.values().filter(|migration| wanted(migration)).cloned().collect();
        migrations.sort_by_key(|migration| migration.number);
        migrations
    }
}
