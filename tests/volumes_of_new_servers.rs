//! Volumes that servers have from the beginning: each server of a request its own, and of its own zone where that is asked.

use conductor::{
    AttachVolume, BootVolume, Count, CreateServer, IMAGE_BACKED_VOL, UnshelveServer, volume_named,
};
use harness::{Simulation, TestCloud};
use model::{Server, ServerStatus, VolumeId};

fn two_hosts() -> Simulation {
    Simulation::new().host("host1", "fake").host("host2", "fake")
}

#[test]
fn several_servers_have_each_its_own_volumes_and_none_when_one_of_them_cannot_be_had() {
    two_hosts().run(async |cloud| {
        let volume =
            |volume: VolumeId| BootVolume { volume, boot_index: Some(0), delete_on_termination: false };
        let (one, two) = (volume_named("one"), volume_named("two"));
        let request = |second: VolumeId| CreateServer {
            volumes: vec![volume(one)],
            volumes_of_others: vec![vec![volume(second)]],
            ..cloud.build_server("m1.small", None)
        };
        let count = Count { min: 2, max: 2 };
        let gone = volume_named("gone");
        cloud.volumes().forget(gone);
        let refused = cloud.api().create_servers(request(gone), count).await.unwrap_err();
        assert_eq!(refused.message, format!("Volume {gone} could not be found."));
        assert!(
            cloud.volumes().attachments().is_empty() && cloud.records().servers_even_deleted().is_empty()
        );
        let made = cloud.api().create_servers(request(two), count).await.unwrap().servers;
        cloud.at_rest().await;
        let servers: Vec<Server> = made.iter().map(|id| cloud.server(*id)).collect();
        for (server, volume) in servers.iter().zip([one, two]) {
            cloud.delete_in_tear_down(server.id);
            assert_eq!(server.status(), ServerStatus::Active);
            let has: Vec<_> = server.block_devices.iter().map(|device| device.volume).collect();
            assert_eq!(has, [volume]);
        }
    });
}

#[test]
fn without_cross_az_attach_a_server_goes_where_its_volumes_are_and_has_none_of_other_zones() {
    let volume = BootVolume { volume: IMAGE_BACKED_VOL, boot_index: Some(0), delete_on_termination: false };
    let from_volume = |cloud: &TestCloud, zone: Option<&str>| CreateServer {
        availability_zone: zone.map(str::to_owned),
        volumes: vec![volume.clone()],
        ..cloud.build_server("m1.small", None)
    };
    let simulation = two_hosts().set("cross_az_attach", "false");
    simulation.run(async |cloud| {
        let data = AttachVolume { volume: volume_named("data"), device: None, delete_on_termination: false };
        let near = cloud.create_server(from_volume(cloud, None), ServerStatus::Active).await;
        // The volumes are in the zone of all hosts that are in none.
        assert_eq!(cloud.records().request_spec(near.id).unwrap().availability_zone, None);
        cloud.volumes().set_zone("north");
        let refused = cloud.api().attach_volume(near.id, data).await.unwrap_err();
        let told = "are not in the same availability_zone. Instance is in nova. Volume is in north";
        assert!(refused.code == 400 && refused.message.ends_with(told), "{}", refused.message);
        let refused = cloud.api().create(from_volume(cloud, Some("nova"))).await.unwrap_err();
        let told = "Server and volumes are not in the same availability zone. Server is in: nova. Volumes are in: north";
        assert_eq!((refused.code, refused.message.as_str()), (400, told));
        cloud.delete_server(near.id).await;
        // No host is in that zone, and then, as in Nova, the scheduler takes any.
        let far = cloud.create_server(from_volume(cloud, None), ServerStatus::Active).await;
        assert_eq!(cloud.records().request_spec(far.id).unwrap().availability_zone.as_deref(), Some("north"));
        cloud.set_option("cross_az_attach", "true");
        cloud.delete_server(far.id).await;
        cloud.create_server(from_volume(cloud, Some("nova")), ServerStatus::Active).await;
    });
}

#[test]
fn without_cross_az_attach_the_volumes_of_a_server_are_in_one_zone_and_it_comes_back_only_there() {
    two_hosts().set("cross_az_attach", "false").run(async |cloud| {
        let (disk, data) = (volume_named("disk"), volume_named("data"));
        let of = |volume, boot_index| BootVolume { volume, boot_index, delete_on_termination: false };
        let with_both = |cloud: &TestCloud, zone: Option<&str>| CreateServer {
            availability_zone: zone.map(str::to_owned),
            volumes: vec![of(disk, Some(0)), of(data, None)],
            ..cloud.build_server("m1.small", None)
        };
        cloud.volumes().create(disk, 1, Some(cloud.records().images()[0].id));
        cloud.volumes().set_zone_of(data, "north");
        let refused = cloud.api().create(with_both(cloud, None)).await.unwrap_err();
        let told = "Volumes are in different availability zones: nova,north";
        assert_eq!((refused.code, refused.message.as_str()), (400, told));
        cloud.volumes().set_zone_of(data, "nova");
        let server = cloud.create_server(with_both(cloud, Some("nova")), ServerStatus::Active).await.id;
        let more = AttachVolume { volume: volume_named("more"), device: None, delete_on_termination: false };
        cloud.api().attach_volume(server, more).await.unwrap();
        cloud.at_rest().await;
        cloud.api().shelve(server).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::ShelvedOffloaded).await;
        let into =
            |zone: &str| UnshelveServer { availability_zone: Some(zone.to_owned()), ..Default::default() };
        cloud.volumes().set_zone_of(data, "north");
        let refused = cloud.api().unshelve(server, into("nova")).await.unwrap_err();
        let told = "Specified availability zone is nova. Volume is in north.";
        assert!(refused.code == 400 && refused.message.ends_with(told), "{}", refused.message);
        cloud.volumes().set_zone_of(data, "nova");
        cloud.api().unshelve(server, into("nova")).await.unwrap();
        cloud.wait_for_state_change(server, ServerStatus::Active).await;
        cloud.assert_invariants().await;
    });
}
