//! A live migration takes its time: it waits until it is aborted, made to complete, or five seconds have passed.
//!
//! In Nova's tests this is `FakeLiveMigrateDriver` (`nova/virt/fake.py`), with which they abort and force live migrations. An
//! aborted one rolls back as `cancelled`. When the guest has arrived, `post_live_migration` destroys what is left of it on the
//! source, which Nova's own fake driver forgets.

use novarig_driver_sdk::{
    DestroyRequest, Driver, Instance, Layer, LiveMigrationOutcome, LiveMigrationRequest,
    PostLiveMigrationRequest, RollbackStatus, VirtError, below, clock, export_driver, layer, settings,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a live migration is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Forced,
    Aborted,
}

/// The live migrations under way, by server. Forgotten with the agent, as they are when it dies.
#[derive(Default)]
struct LiveMigrate {
    under_way: RefCell<BTreeMap<String, End>>,
}

impl LiveMigrate {
    /// Says how a live migration is to end; nothing if there is none.
    fn end(&self, instance: &Instance, end: End) {
        if let Some(state) = self.under_way.borrow_mut().get_mut(&instance.uuid) {
            *state = end;
        }
    }

    fn state(&self, uuid: &str) -> End {
        self.under_way.borrow().get(uuid).copied().unwrap_or(End::Open)
    }
}

#[layer]
impl Driver<Layer> for LiveMigrate {
    async fn live_migration(&self, request: LiveMigrationRequest) -> Result<LiveMigrationOutcome, VirtError> {
        let steps: u64 = settings::get("steps")?;
        let step = Duration::from_millis(settings::get("step_ms")?);
        let uuid = request.instance.uuid.clone();
        self.under_way.borrow_mut().insert(uuid.clone(), End::Open);
        for _ in 0..steps {
            if self.state(&uuid) != End::Open {
                break;
            }
            clock::sleep(step).await;
        }
        let end = self.state(&uuid);
        self.under_way.borrow_mut().remove(&uuid);
        match end {
            End::Aborted => Ok(LiveMigrationOutcome::RolledBack(RollbackStatus::Cancelled)),
            End::Open | End::Forced => below::live_migration(request).await,
        }
    }

    async fn live_migration_force_complete(&self, instance: Instance) -> Result<(), VirtError> {
        self.end(&instance, End::Forced);
        Ok(())
    }

    async fn live_migration_abort(&self, instance: Instance) -> Result<(), VirtError> {
        self.end(&instance, End::Aborted);
        Ok(())
    }

    async fn post_live_migration(&self, request: PostLiveMigrationRequest) -> Result<(), VirtError> {
        let instance = request.instance.clone();
        let block_device_info = request.block_device_info.clone();
        below::post_live_migration(request).await?;
        if below::instance_exists(instance.clone()).await? {
            below::destroy(DestroyRequest {
                instance,
                network_info: vec![],
                block_device_info,
                destroy_disks: false,
                destroy_secrets: false,
            })
            .await?;
        }
        Ok(())
    }
}

export_driver! {
    LiveMigrate: layer,
    name: "live-migrate",
    summary: "A live migration waits until it is aborted, forced to complete, or its time is over",
    settings: {
        steps: integer = "50", "How many steps it takes if nobody ends it";
        step_ms: integer = "100", "Milliseconds of a step";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, flavor, instance, no_disks, run};
    use novarig_driver_sdk::types::LiveMigrateData;
    use std::future::Future;
    use std::pin::pin;

    fn server() -> Instance {
        instance("a", flavor("m1.small", 1, 2048, 20))
    }

    fn request() -> LiveMigrationRequest {
        LiveMigrationRequest {
            instance: server(),
            dest: "host2".to_owned(),
            block_migration: false,
            migrate_data: testing::live_migrate_data(),
        }
    }

    fn set_up() {
        testing::set("steps", "50");
        testing::set("step_ms", "100");
        testing::below("live_migration", [Ok(LiveMigrationOutcome::Completed)]);
    }

    /// Lets a live migration begin, and something else happen while it waits.
    fn meanwhile(
        driver: &LiveMigrate,
        what: impl Future<Output = Result<(), VirtError>>,
    ) -> LiveMigrationOutcome {
        testing::yield_while_sleeping();
        let mut migration = pin!(driver.live_migration(request()));
        assert_eq!(testing::poll(migration.as_mut()), None);
        run(what).unwrap();
        loop {
            if let Some(outcome) = testing::poll(migration.as_mut()) {
                return outcome.unwrap();
            }
        }
    }

    #[test]
    fn it_completes_when_its_time_is_over() {
        set_up();
        let driver = LiveMigrate::default();
        assert_eq!(run(driver.live_migration(request())), Ok(LiveMigrationOutcome::Completed));
        assert_eq!(clock::now(), Duration::from_secs(5));
        assert_eq!(testing::called(), ["live_migration"]);
    }

    #[test]
    fn it_rolls_back_as_cancelled_when_it_is_aborted() {
        set_up();
        let driver = LiveMigrate::default();
        let outcome = meanwhile(&driver, driver.live_migration_abort(server()));
        assert_eq!(outcome, LiveMigrationOutcome::RolledBack(RollbackStatus::Cancelled));
        assert!(testing::called().is_empty());
        assert!(clock::now() < Duration::from_secs(1));
    }

    #[test]
    fn it_completes_at_once_when_it_is_forced() {
        set_up();
        let driver = LiveMigrate::default();
        let outcome = meanwhile(&driver, driver.live_migration_force_complete(server()));
        assert_eq!(outcome, LiveMigrationOutcome::Completed);
        assert!(clock::now() < Duration::from_secs(1));
    }

    #[test]
    fn what_is_left_on_the_source_is_destroyed() {
        testing::below("post_live_migration", [Ok(())]);
        testing::below("instance_exists", [Ok(true)]);
        testing::below("destroy", [Ok(())]);
        let migrate_data: LiveMigrateData = testing::live_migrate_data();
        let request =
            PostLiveMigrationRequest { instance: server(), block_device_info: no_disks(), migrate_data };
        run(LiveMigrate::default().post_live_migration(request)).unwrap();
        assert_eq!(testing::called(), ["post_live_migration", "instance_exists", "destroy"]);
    }
}
