//! Making and removing guests.

use crate::bench::{attempt, call, expect, raises};
use crate::rule::rules;
use crate::samples::{self, server, volume};
use std::collections::BTreeSet;
use virt::types::{DeviceNameRequest, DeviceNamesRequest, PowerState, VirtError};
use virt::{Fault, Method, When};

rules! {
    /// What prepares a build makes no guest, and can be undone.
    preparing_makes_no_guest(bench) for PrepareForSpawn, PrepareNetworksBeforeBlockDeviceMapping, CleanNetworksPreparation, FailedSpawnCleanup {
        let host = bench.host().await?;
        let server = server("a");
        let network_info = samples::network_info(&server);
        call!(host.prepare_for_spawn(server.clone()));
        call!(host.prepare_networks_before_block_device_mapping(server.clone(), network_info.clone()));
        host.expect_gone(&server, "after a build was prepared").await?;
        call!(host.clean_networks_preparation(server.clone(), network_info));
        call!(host.failed_spawn_cleanup(server.clone()));
        host.spawn(&server).await?;
        host.expect_guests(&[&server], "after a build that was prepared, undone and made").await?;
    }

    /// The root disk's device is a path.
    the_root_device_is_a_path(bench) for DefaultRootDeviceName {
        let host = bench.host().await?;
        let name = call!(host.default_root_device_name(server("a"), samples::image(), None));
        expect(name.starts_with("/dev/"), "a path under /dev/", || name.clone())?;
    }

    /// Every disk that has no name gets one of its own; none is added or lost.
    every_disk_gets_a_name_of_its_own(bench) for DefaultDeviceNamesForInstance {
        let host = bench.host().await?;
        let request = DeviceNamesRequest {
            instance: server("a"),
            root_device_name: "/dev/vda".to_owned(),
            devices: vec![volume(1), volume(2)],
        };
        let disks = call!(host.default_device_names_for_instance(request));
        let uuids: BTreeSet<&str> = disks.iter().map(|disk| disk.uuid.as_str()).collect();
        let names: BTreeSet<&str> = disks.iter().filter_map(|disk| disk.device_name.as_deref()).collect();
        let expected = BTreeSet::from([volume(1).uuid, volume(2).uuid]);
        expect(uuids.iter().copied().eq(&expected), "the two disks", || format!("{uuids:?}"))?;
        expect(names.len() == 2, "two names", || format!("{names:?}"))?;
    }

    /// A disk that is attached later gets a name that no other has.
    a_new_disk_gets_a_free_name(bench) for GetDeviceNameForInstance {
        let (host, server) = bench.host_with_guest().await?;
        let mut taken = volume(1);
        taken.device_name = Some("/dev/vdb".to_owned());
        let request = DeviceNameRequest { instance: server, bdms: vec![taken], device: volume(2) };
        let name = call!(host.get_device_name_for_instance(request));
        expect(name.starts_with("/dev/") && name != "/dev/vdb", "a free path under /dev/", || name.clone())?;
    }

    /// spawn makes a guest that runs.
    spawn_makes_a_guest_that_runs(bench) for Spawn, GetInfo, ListInstances {
        let host = bench.host().await?;
        let server = server("a");
        host.spawn(&server).await?;
        host.expect_guests(&[&server], "after spawn").await?;
        host.expect_state(&server, PowerState::Running, "after spawn").await?;
    }

    /// With power_on false spawn makes a guest that does not run.
    spawn_without_power_makes_a_guest_that_does_not_run(bench) for Spawn {
        let host = bench.host().await?;
        let server = server("a");
        let mut request = samples::spawn(&server);
        request.power_on = false;
        call!(host.spawn(request));
        host.expect_state(&server, PowerState::Shutdown, "after spawn with power_on false").await?;
    }

    /// Builds of several servers may overlap.
    builds_may_overlap(bench) for Spawn {
        let host = bench.host().await?;
        let (a, b, c) = (server("a"), server("b"), server("c"));
        let (first, second, third) = tokio::join!(host.spawn(&a), host.spawn(&b), host.spawn(&c));
        first.and(second).and(third)?;
        host.expect_guests(&[&a, &b, &c], "after three spawns at once").await?;
    }

    /// destroy removes the guest, and no other.
    destroy_removes_the_guest(bench) for Destroy, ListInstances, GetInfo {
        let (host, guest) = bench.host_with_guest().await?;
        let other = server("b");
        host.spawn(&other).await?;
        host.destroy(&guest).await?;
        host.expect_gone(&guest, "after destroy").await?;
        host.expect_guests(&[&other], "after destroy of another").await?;
        host.expect_state(&other, PowerState::Running, "after destroy of another").await?;
    }

    /// To destroy a guest that does not exist, or no longer, is no error.
    destroy_again_is_no_error(bench) for Destroy {
        let host = bench.host().await?;
        let server = server("a");
        host.destroy(&server).await?;
        host.spawn(&server).await?;
        host.destroy(&server).await?;
        host.destroy(&server).await?;
        host.expect_gone(&server, "after destroy twice").await?;
    }

    /// A server can be built again after its guest was destroyed.
    a_server_can_be_built_again(bench) for Spawn, Destroy {
        let (host, server) = bench.host_with_guest().await?;
        host.destroy(&server).await?;
        host.spawn(&server).await?;
        host.expect_state(&server, PowerState::Running, "after spawn, destroy and spawn").await?;
    }

    /// Whatever a build left that failed after it made the guest, destroy removes.
    destroy_removes_what_a_failed_build_left(bench) for Spawn, Destroy {
        let host = bench.host().await?;
        let server = server("a");
        let error = VirtError::Other("the answer was lost".to_owned());
        bench.strike(&host, Method::Spawn, Fault::Raise { error, when: When::After });
        // It fails, as it is to.
        let _ = attempt!(host.spawn(samples::spawn(&server)));
        host.destroy(&server).await?;
        host.expect_gone(&server, "after a spawn that failed, and destroy").await?;
        host.spawn(&server).await?;
        host.expect_state(&server, PowerState::Running, "after a second attempt").await?;
    }

    /// cleanup refuses while the guest exists, and is done when it does not.
    cleanup_is_not_for_guests_that_exist(bench) for Cleanup {
        let (host, server) = bench.host_with_guest().await?;
        raises!(host.cleanup(samples::cleanup(&server)), "InstanceExists while the guest exists", VirtError::InstanceExists(_));
        host.expect_state(&server, PowerState::Running, "after a refused cleanup").await?;
        host.destroy(&server).await?;
        call!(host.cleanup(samples::cleanup(&server)));
        host.expect_gone(&server, "after cleanup").await?;
    }

    /// The files of a deleted server are gone when it is asked for, however often.
    files_of_a_deleted_server_go(bench) for DeleteInstanceFiles {
        let (host, server) = bench.host_with_guest().await?;
        host.destroy(&server).await?;
        for _ in 0..2 {
            let gone = call!(host.delete_instance_files(server.clone()));
            expect(gone, "they are gone", || "they are not".to_owned())?;
        }
    }

    /// Nothing lingers of a deleted server.
    nothing_lingers_of_a_deleted_server(bench) for CleanupLingeringInstanceResources {
        let (host, server) = bench.host_with_guest().await?;
        host.destroy(&server).await?;
        let gone = call!(host.cleanup_lingering_instance_resources(server.clone()));
        expect(gone, "it is gone", || "it is not".to_owned())?;
        host.expect_gone(&server, "after cleanup_lingering_instance_resources").await?;
    }

    /// A rebuilt guest is the same server, and runs.
    a_rebuilt_guest_runs(bench) for Rebuild {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.rebuild(samples::rebuild(&server)));
        host.expect_guests(&[&server], "after rebuild").await?;
        host.expect_state(&server, PowerState::Running, "after rebuild").await?;
    }
}
