//! Cold migration and resize.

use crate::bench::{call, expect};
use crate::rule::rules;
use crate::samples;
use virt::types::{MigrationType, PowerState};

rules! {
    /// After finish_migration the guest runs on the destination.
    a_resized_guest_runs_on_its_destination(bench) for MigrateDiskAndPowerOff, FinishMigration {
        let (source, server) = bench.host_with_guest().await?;
        let dest = bench.other_host().await?;
        let disk_info = call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        call!(dest.finish_migration(samples::finish_migration(&server, "host2", disk_info)));
        dest.expect_guests(&[&server], "on the destination, after finish_migration").await?;
        dest.expect_state(&server, PowerState::Running, "on the destination, after finish_migration").await?;
    }

    /// migrate_disk_and_power_off leaves no guest that runs on the source.
    a_guest_that_leaves_runs_no_more(bench) for MigrateDiskAndPowerOff if NotNovasFake {
        let (source, server) = bench.host_with_guest().await?;
        call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        let state = source.state(&server).await?;
        expect(state != Some(PowerState::Running), "it does not run on the source", || "it runs".to_owned())?;
    }

    /// With power_on false finish_migration makes a guest that does not run.
    a_stopped_guest_stays_off(bench) for FinishMigration {
        let (source, server) = bench.host_with_guest().await?;
        let dest = bench.other_host().await?;
        call!(source.power_off(server.clone(), 0, 0));
        let disk_info = call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        let mut request = samples::finish_migration(&server, "host2", disk_info);
        request.power_on = false;
        call!(dest.finish_migration(request));
        dest.expect_state(&server, PowerState::Shutdown, "after finish_migration with power_on false").await?;
    }

    /// After confirm_migration there is nothing of the guest on the source, and the destination is as before.
    a_confirmed_move_leaves_nothing(bench) for ConfirmMigration {
        let (source, server) = bench.host_with_guest().await?;
        let dest = bench.other_host().await?;
        let disk_info = call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        call!(dest.finish_migration(samples::finish_migration(&server, "host2", disk_info)));
        let migration = samples::migration(MigrationType::Resize, "host2");
        call!(source.confirm_migration(migration, server.clone(), samples::network_info(&server)));
        source.expect_gone(&server, "on the source, after confirm_migration").await?;
        dest.expect_state(&server, PowerState::Running, "on the destination, after confirm_migration").await?;
    }

    /// After a revert the guest is on its source as before, and not on the destination.
    a_reverted_move_is_undone(bench) for FinishRevertMigration, Destroy {
        let (source, server) = bench.host_with_guest().await?;
        let dest = bench.other_host().await?;
        let disk_info = call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        call!(dest.finish_migration(samples::finish_migration(&server, "host2", disk_info)));
        dest.destroy(&server).await?;
        call!(source.finish_revert_migration(samples::finish_revert(&server)));
        dest.expect_gone(&server, "on the destination, after the revert").await?;
        source.expect_guests(&[&server], "on the source, after finish_revert_migration").await?;
        source.expect_state(&server, PowerState::Running, "on the source, after finish_revert_migration").await?;
    }

    /// A move that was interrupted on the source can be taken back after the agent died.
    an_interrupted_move_can_be_taken_back(bench) for MigrateDiskAndPowerOff, FinishRevertMigration {
        let (source, server) = bench.host_with_guest().await?;
        call!(source.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        source.kill_agent(bench).await;
        call!(source.finish_revert_migration(samples::finish_revert(&server)));
        source.expect_guests(&[&server], "after the agent died and finish_revert_migration").await?;
        source.expect_state(&server, PowerState::Running, "after the agent died and finish_revert_migration").await?;
    }

    /// To confirm a move to the same host keeps the guest.
    a_move_to_the_same_host_keeps_the_guest(bench) for ConfirmMigration, FinishMigration {
        let (host, server) = bench.host_with_guest().await?;
        let disk_info = call!(host.migrate_disk_and_power_off(samples::migrate_disk(&server)));
        call!(host.finish_migration(samples::finish_migration(&server, "host1", disk_info)));
        let migration = samples::migration(MigrationType::Resize, "host1");
        call!(host.confirm_migration(migration, server.clone(), samples::network_info(&server)));
        host.expect_guests(&[&server], "after confirm_migration on the same host").await?;
        host.expect_state(&server, PowerState::Running, "after confirm_migration on the same host").await?;
    }
}
