//! What the scheduler and placement say of hosts that are not taken, and what binds a request to some of them.

use crate::common::stacks;
use conductor::RebuildServer;
use harness::{Simulation, TestCloud};
use model::{Flavor, ImageMeta, ServerId, ServerStatus};
use runtime::TraceEvent;
use std::collections::BTreeSet;

const FLAVOR: &str = "m1.small";
const OTHER_IMAGE: &str = "a2459075-d96c-40d5-893e-577ff92e721c";
const ALL_WEIGHERS: &str = "nova.scheduler.weights.all_weighers";

fn hosts(count: usize) -> Simulation {
    stacks(&vec!["fake"; count])
}

fn flavor(cloud: &TestCloud, name: &str, extra_specs: &[(&str, &str)]) {
    let made = cloud.create_flavor(name, 1, 512, 1);
    let said = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    cloud.records().put_flavor(Flavor { extra_specs: extra_specs.iter().map(said).collect(), ..made });
}

fn image(cloud: &TestCloud, disk_format: &str, properties: &[(&str, &str)]) {
    cloud.records().put_image(ImageMeta {
        id: OTHER_IMAGE.parse().unwrap(),
        name: "another".to_owned(),
        disk_format: disk_format.to_owned(),
        min_disk_gb: 0,
        min_ram_mb: 0,
        properties: properties.iter().map(|(key, said)| ((*key).to_owned(), (*said).to_owned())).collect(),
    });
}

/// Why placement did not offer host1 to a server, when it was last scheduled.
fn not_offered(cloud: &TestCloud, server: ServerId) -> String {
    let trace = cloud.services().trace.records();
    let scheduled = trace.iter().rev().find_map(|record| match &record.event {
        TraceEvent::Scheduled { server: of, explanation, .. } if *of == server => Some(explanation.clone()),
        _ => None,
    });
    scheduled.unwrap().not_offered.into_iter().find(|one| one.host == *"host1").unwrap().reason
}

#[test]
fn among_the_best_hosts_one_is_drawn() {
    hosts(3).set("host_subset_size", "3").run(async |cloud| {
        let mut used = BTreeSet::new();
        for _ in 0..6 {
            let server = cloud.boot(FLAVOR, None).await;
            used.insert(cloud.server(server).host.unwrap());
        }
        assert!(used.len() > 1, "{used:?}");
    });
}

#[test]
fn hosts_that_cannot_be_ordered_are_no_valid_hosts() {
    let measured = "metrics.weight_setting";
    hosts(2).set("weight_classes", ALL_WEIGHERS).run(async |cloud| {
        cloud.boot(FLAVOR, None).await;
        cloud.set_option(measured, "cpu.frequency=1");
        let nowhere = cloud.assert_build_schedule_failure(FLAVOR, None).await;
        let reason = "Metric cpu.frequency could not be found on the compute host node";
        let message = &nowhere.visible_fault().unwrap().message;
        assert!(message.starts_with(&format!("No valid host was found. {reason}")), "{message}");
        cloud.assert_no_allocations(nowhere.id);
    });
}

#[test]
fn a_server_is_not_rebuilt_from_an_image_that_its_host_cannot_run() {
    hosts(1).run(async |cloud| {
        let server = cloud.boot(FLAVOR, None).await;
        let before = cloud.server(server).image;
        image(cloud, "raw", &[("hw_architecture", "s390x")]);
        let request = RebuildServer { image: Some(OTHER_IMAGE.parse().unwrap()), ..RebuildServer::default() };
        cloud.api().rebuild(server, request).await.unwrap();
        cloud.at_rest().await;
        let record = cloud.server(server);
        assert_eq!((record.status(), record.image), (ServerStatus::Error, before));
        let message = "No valid host was found. There are not enough hosts available.";
        assert_eq!(record.visible_fault().unwrap().message, message);
    });
}

#[test]
fn why_placement_does_not_offer_a_host_is_told() {
    let query = "query_placement_for_image_type_support";
    hosts(1).set(&format!("scheduler.{query}"), "true").run(async |cloud| {
        let unreadable = "it does not have the trait COMPUTE_IMAGE_TYPE_VMDK";
        image(cloud, "vmdk", &[]);
        let image = Some(OTHER_IMAGE.parse().unwrap());
        let request = conductor::CreateServer { image, ..cloud.build_server(FLAVOR, None) };
        let server = cloud.create_server(request, ServerStatus::Error).await.id;
        assert_eq!(not_offered(cloud, server), unreadable);

        let apart = [("resources1:VCPU", "1"), ("resources2:VCPU", "1"), ("resources:VCPU", "0")];
        let with = |policy| [apart.as_slice(), &[("group_policy", policy)]].concat();
        flavor(cloud, "apart", &with("isolate"));
        flavor(cloud, "anywhere", &with("none"));
        flavor(cloud, "avx", &[("trait:HW_CPU_X86_AVX", "required")]);
        let server = cloud.assert_build_schedule_failure("apart", None).await.id;
        let together =
            "its providers do not meet all of the request together, or it is beyond the limit of candidates";
        assert_eq!(not_offered(cloud, server), together);
        let server = cloud.assert_build_schedule_failure("avx", None).await.id;
        assert_eq!(not_offered(cloud, server), "it does not have the trait HW_CPU_X86_AVX");
        cloud.boot("anywhere", None).await;
    });
}

#[test]
fn nobody_leaves_the_cell_of_its_host() {
    hosts(3).run(async |cloud| {
        let server = cloud.boot(FLAVOR, Some("host1")).await;
        cloud.records().set_cell(&"host2".into(), "cell2");
        let refused = cloud.api().migrate(server, Some("host2".into())).await.unwrap_err();
        assert_eq!((refused.code, refused.message.as_str()), (400, "Compute host host2 could not be found."));
        let refused = cloud.api().migrate(server, Some("host1".into())).await.unwrap_err();
        let message = "Cannot migrate to the host where the server exists.";
        assert_eq!((refused.code, refused.message.as_str()), (400, message));
        let moved = cloud.migrate_server(server, None).await;
        assert!(moved.is_on(&"host3".into()));
    });
}
