//! What guests there are.

use crate::bench::{attempt, call, expect, raises};
use crate::rule::rules;
use crate::samples::server;
use virt::types::{PowerState, VirtError};

rules! {
    /// Of a server that is not here get_info raises InstanceNotFound.
    get_info_does_not_know_strangers(bench) for GetInfo {
        let host = bench.host().await?;
        raises!(host.get_info(server("a"), false), "InstanceNotFound", VirtError::InstanceNotFound(_));
        raises!(host.get_info(server("a"), true), "InstanceNotFound", VirtError::InstanceNotFound(_));
    }

    /// list_instances names every guest once, running or not.
    every_guest_is_listed_once(bench) for ListInstances {
        let host = bench.host().await?;
        host.expect_guests(&[], "on a new host").await?;
        let (a, b) = (server("a"), server("b"));
        host.spawn(&a).await?;
        host.spawn(&b).await?;
        host.expect_guests(&[&a, &b], "after two spawns").await?;
        call!(host.power_off(a.clone(), 0, 0));
        host.expect_guests(&[&a, &b], "after one was switched off").await?;
    }

    /// list_instance_uuids has as many guests as list_instances, by their identifiers.
    identifiers_are_those_of_the_guests(bench) for ListInstanceUuids {
        let (host, server) = bench.host_with_guest().await?;
        let uuids = call!(host.list_instance_uuids());
        expect(uuids == [server.uuid.clone()], server.uuid.clone(), || uuids.join(", "))?;
    }

    /// get_num_instances counts what list_instances names.
    the_count_is_that_of_the_list(bench) for GetNumInstances {
        let host = bench.host().await?;
        for (name, expected) in [("a", 1), ("b", 2)] {
            host.spawn(&server(name)).await?;
            let count = call!(host.get_num_instances());
            expect(count == expected, expected.to_string(), || count.to_string())?;
        }
    }

    /// instance_exists says of each server whether it has a guest.
    a_guest_exists_and_a_stranger_does_not(bench) for InstanceExists {
        let (host, guest) = bench.host_with_guest().await?;
        let exists = call!(host.instance_exists(guest));
        expect(exists, "the guest exists", || "it does not".to_owned())?;
        let exists = call!(host.instance_exists(server("b")));
        expect(!exists, "a server without a guest does not exist", || "it does".to_owned())?;
    }

    /// The files of a server that was never here are not here.
    a_strangers_files_are_not_on_disk(bench) for InstanceOnDisk {
        let host = bench.host().await?;
        let on_disk = call!(host.instance_on_disk(server("a")));
        expect(!on_disk, "no files", || "there are".to_owned())?;
    }

    /// Asking changes nothing.
    asking_changes_nothing(bench) for GetInfo, ListInstances, ListInstanceUuids, GetNumInstances, InstanceExists, InstanceOnDisk, GetAvailableNodes {
        let (host, guest) = bench.host_with_guest().await?;
        for _ in 0..3 {
            let _ = attempt!(host.get_info(server("b"), false));
            let _ = attempt!(host.list_instances());
            let _ = attempt!(host.list_instance_uuids());
            let _ = attempt!(host.get_num_instances());
            let _ = attempt!(host.instance_exists(server("b")));
            let _ = attempt!(host.instance_on_disk(server("b")));
            let _ = attempt!(host.get_available_nodes(true));
        }
        host.expect_guests(&[&guest], "after many questions").await?;
        host.expect_state(&guest, PowerState::Running, "after many questions").await?;
    }
}
