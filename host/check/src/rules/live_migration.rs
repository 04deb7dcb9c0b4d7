//! Live migration, in the order in which the compute manager asks for it.

use super::inventory::resources;
use crate::bench::{Bench, Host, attempt, call, expect};
use crate::rule::{Stop, rules};
use crate::samples::{self, server};
use std::time::Duration;
use virt::types::{
    CheckSourceDataRequest, Instance, LiveMigrateData, LiveMigrationClaim, LiveMigrationOutcome,
    MigrationType, PostClaimRequest, PowerState, RollbackStatus,
};

/// A live migration up to the point where the guest is sent.
struct Prepared {
    source: Host,
    dest: Host,
    server: Instance,
    data: LiveMigrateData,
}

async fn checked(bench: &Bench<'_>) -> Result<Prepared, Stop> {
    let (source, server) = bench.host_with_guest().await?;
    let dest = bench.other_host().await?;
    let (here, there) = (resources(&source).await?, resources(&dest).await?);
    let data =
        call!(dest.check_can_live_migrate_destination(samples::check_destination(&server, here, there)));
    let data = call!(source.check_can_live_migrate_source(samples::check_source(&server, data)));
    Ok(Prepared { source, dest, server, data })
}

async fn prepared(bench: &Bench<'_>) -> Result<Prepared, Stop> {
    let Prepared { source, dest, server, data } = checked(bench).await?;
    call!(dest.cleanup_live_migration_destination_check(data.clone()));
    let data = call!(dest.pre_live_migration(samples::pre_live_migration(&server, data)));
    Ok(Prepared { source, dest, server, data })
}

/// The guest that stayed runs on its source.
async fn stayed(source: &Host, server: &Instance, when: &str) -> Result<(), Stop> {
    source.expect_guests(&[server], &format!("on the source, {when}")).await?;
    source.expect_state(server, PowerState::Running, &format!("on the source, {when}")).await
}

rules! {
    /// The checks leave the guest where it is, and can be undone.
    checks_leave_the_guest(bench) for CheckCanLiveMigrateDestination, CheckCanLiveMigrateSource, CleanupLiveMigrationDestinationCheck {
        let Prepared { source, dest, server, data } = checked(bench).await?;
        call!(dest.cleanup_live_migration_destination_check(data));
        stayed(&source, &server, "after the checks").await?;
        dest.expect_gone(&server, "on the destination, after the checks").await?;
    }

    /// What source and destination told each other is not lost in the later checks.
    later_checks_lose_nothing(bench) for PostClaimMigrateData, CheckSourceMigrateDataAtDest {
        let Prepared { dest, server, data, .. } = checked(bench).await?;
        let storage = |data: &LiveMigrateData| (data.is_shared_instance_path, data.is_shared_block_storage);
        let claim = LiveMigrationClaim { numa_topology: None, pci_devices: vec![] };
        let request = PostClaimRequest { instance: server.clone(), migrate_data: data.clone(), claim };
        let claimed = call!(dest.post_claim_migrate_data(request));
        expect(storage(&claimed) == storage(&data), "the same storage after post_claim_migrate_data", || "another".to_owned())?;
        let request = CheckSourceDataRequest {
            instance: server,
            migrate_data: data.clone(),
            migration: samples::migration(MigrationType::LiveMigration, "host2"),
            limits: None,
            allocs: vec![],
        };
        let seen = call!(dest.check_source_migrate_data_at_dest(request));
        expect(storage(&seen) == storage(&data), "the same storage after check_source_migrate_data_at_dest", || "another".to_owned())?;
    }

    /// Each disk that has to be copied has a path and a format.
    disks_to_copy_have_a_path(bench) for GetInstanceDiskInfo {
        let (host, server) = bench.host_with_guest().await?;
        for disk in call!(host.get_instance_disk_info(server, samples::disks())) {
            expect(!disk.path.is_empty() && !disk.disk_type.is_empty(), "a path and a format", || format!("{disk:?}"))?;
        }
    }

    /// A live migration that completes, with all that follows, leaves a guest that runs on the destination.
    a_guest_arrives(bench) for PreLiveMigration, LiveMigration, PostLiveMigration, PostLiveMigrationAtSource, PostLiveMigrationAtDestination {
        let Prepared { source, dest, server, data } = prepared(bench).await?;
        let outcome = call!(source.live_migration(samples::live_migration(&server, data.clone())));
        if outcome == LiveMigrationOutcome::Completed {
            call!(source.post_live_migration(samples::post_live_migration(&server, data)));
            // Not to offer it is as good.
            let _ = attempt!(source.post_live_migration_at_source(server.clone(), samples::network_info(&server)));
            call!(dest.post_live_migration_at_destination(samples::post_at_destination(&server)));
            dest.expect_guests(&[&server], "on the destination, after it arrived").await?;
            dest.expect_state(&server, PowerState::Running, "on the destination, after it arrived").await?;
        } else {
            stayed(&source, &server, "after it was rolled back").await?;
        }
    }

    /// A guest that has arrived is no longer on its source.
    a_guest_that_arrived_has_left(bench) for LiveMigration, PostLiveMigration if NotNovasFake {
        let Prepared { source, server, data, .. } = prepared(bench).await?;
        let outcome = call!(source.live_migration(samples::live_migration(&server, data.clone())));
        if outcome == LiveMigrationOutcome::Completed {
            call!(source.post_live_migration(samples::post_live_migration(&server, data)));
            source.expect_gone(&server, "on the source, after post_live_migration").await?;
        }
    }

    /// An abort that comes while a guest is sent is answered, and the guest stays if the migration rolls back, as cancelled.
    an_abort_may_come_meanwhile(bench) for LiveMigration, LiveMigrationAbort {
        let Prepared { source, server, data, .. } = prepared(bench).await?;
        let abort = async {
            bench.clock.sleep(Duration::from_millis(250)).await;
            Ok(attempt!(source.live_migration_abort(server.clone())))
        };
        let send = async { Ok(call!(source.live_migration(samples::live_migration(&server, data)))) };
        let (sent, aborted): (Result<LiveMigrationOutcome, Stop>, Result<_, Stop>) = tokio::join!(send, abort);
        let (outcome, aborted) = (sent?, aborted?);
        match outcome {
            LiveMigrationOutcome::Completed => {}
            LiveMigrationOutcome::RolledBack(status) => {
                let cancelled = status == RollbackStatus::Cancelled || aborted.is_err();
                expect(cancelled, "rolled back as cancelled", || format!("{status:?}"))?;
                stayed(&source, &server, "after the abort").await?;
            }
        }
    }

    /// A live migration that is forced to complete does.
    a_forced_migration_completes(bench) for LiveMigration, LiveMigrationForceComplete {
        let Prepared { source, server, data, .. } = prepared(bench).await?;
        let force = async {
            bench.clock.sleep(Duration::from_millis(250)).await;
            Ok(attempt!(source.live_migration_force_complete(server.clone())))
        };
        let send = async { Ok(call!(source.live_migration(samples::live_migration(&server, data)))) };
        let (sent, forced): (Result<LiveMigrationOutcome, Stop>, Result<_, Stop>) = tokio::join!(send, force);
        let (outcome, forced) = (sent?, forced?);
        let completed = outcome == LiveMigrationOutcome::Completed || forced.is_err();
        expect(completed, "completed", || format!("{outcome:?}"))?;
    }

    /// Other calls are answered while a guest is sent.
    other_calls_go_on_meanwhile(bench) for LiveMigration, Spawn, ListInstances {
        let Prepared { source, server, data, .. } = prepared(bench).await?;
        let other = self::server("b");
        let send = async { Ok(call!(source.live_migration(samples::live_migration(&server, data)))) };
        let (sent, built): (Result<LiveMigrationOutcome, Stop>, Result<(), Stop>) = tokio::join!(send, source.spawn(&other));
        sent?;
        built?;
        source.expect_state(&other, PowerState::Running, "of another server, built meanwhile").await?;
    }

    /// To abort or force what is not under way harms nobody.
    ending_what_is_not_under_way_harms_nobody(bench) for LiveMigrationAbort, LiveMigrationForceComplete {
        let (host, server) = bench.host_with_guest().await?;
        // An exception is as good as nothing here.
        let _ = attempt!(host.live_migration_abort(server.clone()));
        let _ = attempt!(host.live_migration_force_complete(server.clone()));
        stayed(&host, &server, "after both").await?;
    }

    /// After a rollback the guest runs on its source, and the destination has nothing of it.
    a_rollback_leaves_nothing(bench) for PreLiveMigration, RollbackLiveMigrationAtSource, RollbackLiveMigrationAtDestination {
        let Prepared { source, dest, server, data } = prepared(bench).await?;
        call!(source.rollback_live_migration_at_source(server.clone(), data.clone()));
        call!(dest.rollback_live_migration_at_destination(samples::rollback_at_destination(&server, data)));
        stayed(&source, &server, "after a rollback").await?;
        dest.expect_gone(&server, "on the destination, after a rollback").await?;
    }

    /// A server without a guest cannot be sent.
    a_stranger_cannot_be_sent(bench) for LiveMigration if NotNovasFake {
        let Prepared { source, data, .. } = checked(bench).await?;
        let sent = attempt!(source.live_migration(samples::live_migration(&server("b"), data)));
        expect(sent != Ok(LiveMigrationOutcome::Completed), "an exception, or a rollback", || "completed".to_owned())?;
    }
}
