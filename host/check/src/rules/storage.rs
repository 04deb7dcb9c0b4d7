//! Volumes, their snapshots, shares, and storage that hosts have in common.

use crate::bench::{attempt, call, expect};
use crate::rule::{Stop, rules};
use crate::samples::{self, server, uuid, volume};
use virt::types::{
    ExtendVolumeRequest, InstanceVolumes, PowerState, SwapVolumeRequest, VirtError,
    VolumeSnapshotCreateRequest, VolumeSnapshotDeleteRequest,
};

rules! {
    /// The volume service gets to know where the host is.
    the_connector_names_the_host(bench) for GetVolumeConnector {
        let (host, server) = bench.host_with_guest().await?;
        let connector = call!(host.get_volume_connector(server));
        expect(!connector.host.is_empty() && !connector.ip.is_empty(), "a host and an address", || format!("{connector:?}"))?;
    }

    /// A volume is attached and detached while the guest runs on, and can be attached again.
    a_volume_comes_and_goes(bench) for AttachVolume, DetachVolume {
        let (host, server) = bench.host_with_guest().await?;
        for _ in 0..2 {
            call!(host.attach_volume(samples::attach_volume(&server, "/dev/vdb")));
            host.expect_state(&server, PowerState::Running, "after attach_volume").await?;
            call!(host.detach_volume(samples::detach_volume(&server, "/dev/vdb")));
            host.expect_state(&server, PowerState::Running, "after detach_volume").await?;
        }
    }

    /// To detach a volume that is not there succeeds, or raises DiskNotFound.
    a_volume_that_is_not_there_counts_as_detached(bench) for DetachVolume {
        let (host, server) = bench.host_with_guest().await?;
        match attempt!(host.detach_volume(samples::detach_volume(&server, "/dev/vdz"))) {
            Ok(()) | Err(VirtError::DiskNotFound(_)) => {}
            Err(error) => return Err(Stop::Raised { method: "detach_volume", error }),
        }
        host.expect_state(&server, PowerState::Running, "after detach_volume").await?;
    }

    /// Two volumes are exchanged while the guest runs on.
    volumes_are_exchanged_while_the_guest_runs(bench) for SwapVolume {
        let (host, server) = bench.host_with_guest().await?;
        let attach = samples::attach_volume(&server, "/dev/vdb");
        let swap = SwapVolumeRequest {
            old_connection_info: attach.connection_info.clone(),
            new_connection_info: attach.connection_info.clone(),
            instance: server.clone(),
            mountpoint: "/dev/vdb".to_owned(),
            resize_to: 0,
        };
        call!(host.attach_volume(attach));
        call!(host.swap_volume(swap));
        host.expect_state(&server, PowerState::Running, "after swap_volume").await?;
        call!(host.detach_volume(samples::detach_volume(&server, "/dev/vdb")));
    }

    /// A volume grows while the guest runs on.
    a_volume_grows_while_the_guest_runs(bench) for ExtendVolume if Can(SupportsExtendVolume) {
        let (host, server) = bench.host_with_guest().await?;
        let attach = samples::attach_volume(&server, "/dev/vdb");
        let extend = ExtendVolumeRequest {
            connection_info: attach.connection_info.clone(),
            instance: server.clone(),
            requested_size: 2 << 30,
        };
        call!(host.attach_volume(attach));
        call!(host.extend_volume(extend));
        host.expect_state(&server, PowerState::Running, "after extend_volume").await?;
    }

    /// It can be asked for file systems, and knows that there is none without a name.
    file_systems_have_names(bench) for IsSupportedFsFormat {
        let host = bench.host().await?;
        call!(host.is_supported_fs_format("ext4".to_owned()));
        let nameless = call!(host.is_supported_fs_format(String::new()));
        expect(!nameless, "no file system without a name", || "there is".to_owned())?;
    }

    /// The usage of volumes is that of volumes that were asked for.
    usage_is_of_volumes_that_were_asked_for(bench) for GetAllVolumeUsage {
        let (host, server) = bench.host_with_guest().await?;
        let none = call!(host.get_all_volume_usage(vec![]));
        expect(none.is_empty(), "nothing of no volumes", || format!("{none:?}"))?;
        let asked = InstanceVolumes { instance: server, bdms: vec![volume(1)] };
        let usage = call!(host.get_all_volume_usage(vec![asked]));
        let known = usage.iter().all(|usage| Some(&usage.volume) == volume(1).volume_id.as_ref());
        expect(known, "usage of the one volume", || format!("{usage:?}"))?;
    }

    /// The use of a disk can be asked for while the guest runs on.
    a_disk_can_be_watched(bench) for BlockStats {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.block_stats(server.clone(), "vda".to_owned()));
        host.expect_state(&server, PowerState::Running, "after block_stats").await?;
    }

    /// A share is mounted and unmounted, and the guest stays.
    a_share_comes_and_goes(bench) for MountShare, UmountShare {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.mount_share(server.clone(), samples::share(&server)));
        call!(host.umount_share(server.clone(), samples::share(&server)));
        host.expect_guests(&[&server], "after umount_share").await?;
    }

    /// A volume's snapshot is taken and removed while the guest runs on.
    a_volume_snapshot_comes_and_goes(bench) for VolumeSnapshotCreate, VolumeSnapshotDelete {
        let (host, server) = bench.host_with_guest().await?;
        let (volume_id, snapshot_id) = (uuid("e01"), uuid("f01"));
        call!(host.attach_volume(samples::attach_volume(&server, "/dev/vdb")));
        call!(host.volume_snapshot_create(VolumeSnapshotCreateRequest {
            instance: server.clone(),
            volume_id: volume_id.clone(),
            snapshot_id: snapshot_id.clone(),
            file_type: "qcow2".to_owned(),
            new_file: "volume.snapshot".to_owned(),
            id: None,
        }));
        call!(host.volume_snapshot_delete(VolumeSnapshotDeleteRequest {
            instance: server.clone(),
            volume_id,
            snapshot_id,
            file_type: "qcow2".to_owned(),
            file_to_merge: None,
            merge_target_file: None,
        }));
        host.expect_state(&server, PowerState::Running, "after both").await?;
    }

    /// The mark of shared storage is found where the storage is the same, and can be removed.
    the_mark_of_shared_storage_is_found(bench) for CheckInstanceSharedStorageLocal, CheckInstanceSharedStorageRemote, CheckInstanceSharedStorageCleanup {
        let (host, server) = bench.host_with_guest().await?;
        if let Some(data) = call!(host.check_instance_shared_storage_local(server)) {
            // The host itself sees its own storage.
            let seen = call!(host.check_instance_shared_storage_remote(data.clone()));
            expect(seen, "the mark is there", || "it is not".to_owned())?;
            call!(host.check_instance_shared_storage_cleanup(data));
        }
    }

    /// To remove a mark of shared storage harms nobody, even where there is none.
    removing_a_mark_harms_nobody(bench) for CheckInstanceSharedStorageCleanup {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.check_instance_shared_storage_cleanup("no such mark".to_owned()));
        host.expect_state(&server, PowerState::Running, "after it").await?;
        host.expect_gone(&self::server("b"), "of a server that was never here").await?;
    }
}
