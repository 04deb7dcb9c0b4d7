//! Each weigher by its raw values, and the sum over all.

use super::{Weigher, active, weigh};
use crate::decision::Failure;
use crate::host_state::{HostState, PciPool, ResidentServer};
use crate::testing::{host, host_with, in_aggregate, request, request_with_image, server};
use model::{GroupPolicy, InstanceGroup, Options, RequestSpec};
use std::sync::Arc;

/// What the weigher of this name gives each host: raw values, or the failure of the request.
fn raws(
    name: &str,
    request: &RequestSpec,
    options: &Options,
    hosts: &[HostState],
) -> Result<Vec<f64>, Failure> {
    let weighers = active(request, options);
    let weigher = weighers.iter().find(|weigher| weigher.name == name).expect("the weigher is active");
    hosts.iter().map(|state| (weigher.raw)(state)).collect()
}

fn raw_of(name: &str, change: impl FnOnce(&mut HostState)) -> f64 {
    let mut state = host("host1");
    change(&mut state);
    raws(name, &request(), &Options::default(), &[state]).unwrap()[0]
}

fn options(set: &[(&str, &str)]) -> Options {
    let mut options = Options::default();
    for (name, value) in set {
        options.set_by_name(name, value).unwrap();
    }
    options
}

fn names(weighed: &[crate::Weighed]) -> Vec<&str> {
    weighed.iter().map(|one| one.host.host.as_str()).collect()
}

#[test]
fn each_weigher_reads_its_part_of_the_hosts_state() {
    type Change = fn(&mut HostState);
    let cases: &[(&str, Change, f64)] = &[
        ("RAMWeigher", |state| state.free_ram_mb = -5, -5.0),
        ("CPUWeigher", |state| (state.cpu_allocation_ratio, state.vcpus_used) = (4.0, 3), 13.0),
        ("DiskWeigher", |state| state.limit_free_disk(2), 2048.0),
        ("IoOpsWeigher", |state| state.num_io_ops = 3, 3.0),
        ("PCIWeigher", |_| {}, 100.0),
        ("PCIWeigher", |state| state.pci_pools = vec![PciPool { count: 30, ..PciPool::default() }; 2], 40.0),
        ("PCIWeigher", |state| state.pci_pools = vec![PciPool { count: 200, ..PciPool::default() }], 1.0),
        ("BuildFailureWeigher", |state| state.failed_builds = 2, 2.0),
        ("HypervisorVersionWeigher", |state| state.hypervisor_version = 6_002_000, 6_002_000.0),
        ("NumInstancesWeigher", |state| state.num_instances = 4, 4.0),
        ("CrossCellWeigher", |state| state.cell = Some("cell1".into()), 0.0),
        ("ServerGroupSoftAffinityWeigher", |_| {}, 0.0),
        ("ServerGroupSoftAntiAffinityWeigher", |_| {}, 0.0),
        ("ImagePropertiesWeigher", |_| {}, 0.0),
        ("MetricsWeigher", |_| {}, 0.0),
    ];
    for (name, change, expected) in cases {
        assert_eq!(raw_of(name, change), *expected, "{name}");
    }
}

#[test]
fn every_weigher_of_novas_is_active_with_its_default_multiplier() {
    let (request, options) = (request(), Options::default());
    let weighers = active(&request, &options);
    let state = host("host1");
    let all: Vec<(&str, f64, Option<f64>)> =
        weighers.iter().map(|weigher| (weigher.name, weigher.multiplier(&state), weigher.minval)).collect();
    assert_eq!(
        all,
        [
            ("ServerGroupSoftAffinityWeigher", 1.0, None),
            ("ServerGroupSoftAntiAffinityWeigher", 1.0, None),
            ("BuildFailureWeigher", -1_000_000.0, None),
            ("CPUWeigher", 1.0, Some(0.0)),
            ("CrossCellWeigher", 1_000_000.0, None),
            ("DiskWeigher", 1.0, Some(0.0)),
            ("HypervisorVersionWeigher", 1.0, None),
            ("ImagePropertiesWeigher", 0.0, None),
            ("IoOpsWeigher", -1.0, Some(0.0)),
            ("MetricsWeigher", 1.0, None),
            ("NumInstancesWeigher", 0.0, None),
            ("PCIWeigher", 1.0, None),
            ("RAMWeigher", 1.0, Some(0.0)),
        ]
    );
}

#[test]
fn soft_policies_count_the_members_on_each_host() {
    let mut asked = request();
    let mut group = InstanceGroup {
        policy: GroupPolicy::SoftAffinity,
        max_server_per_host: None,
        members: [server(1), server(2)].into(),
        hosts: Default::default(),
    };
    let hosts = [host_with("host1", &[server(1), server(2), server(3)]), host_with("host2", &[server(3)])];
    let options = Options::default();
    asked.instance_group = Some(group.clone());
    assert_eq!(raws("ServerGroupSoftAffinityWeigher", &asked, &options, &hosts), Ok(vec![2.0, 0.0]));
    assert_eq!(raws("ServerGroupSoftAntiAffinityWeigher", &asked, &options, &hosts), Ok(vec![0.0, 0.0]));
    group.policy = GroupPolicy::SoftAntiAffinity;
    asked.instance_group = Some(group);
    assert_eq!(raws("ServerGroupSoftAffinityWeigher", &asked, &options, &hosts), Ok(vec![0.0, 0.0]));
    assert_eq!(raws("ServerGroupSoftAntiAffinityWeigher", &asked, &options, &hosts), Ok(vec![-2.0, 0.0]));
    assert_eq!(names(&weigh(&asked, hosts.to_vec(), &options).unwrap()), ["host2", "host1"]);
}

#[test]
fn the_preferred_cell_weighs_more() {
    let mut asked = request();
    asked.preferred_cell = Some("cell1".into());
    let hosts = ["cell1", "cell2"].map(|cell| HostState { cell: Some(cell.into()), ..host(cell) });
    assert_eq!(raws("CrossCellWeigher", &asked, &Options::default(), &hosts), Ok(vec![1.0, -1.0]));
}

#[test]
fn like_images_are_counted_by_the_weights_of_their_properties() {
    let resident = |properties: &[(&str, &str)]| ResidentServer {
        image_properties: Arc::new(properties.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()),
    };
    let mut state = host("host1");
    state.instances.insert(server(1), resident(&[("os_distro", "windows"), ("hw_machine_type", "q35")]));
    state.instances.insert(server(2), resident(&[("os_distro", "windows"), ("hw_machine_type", "pc")]));
    let asked = request_with_image(&[("os_distro", "windows"), ("hw_machine_type", "q35")]);
    for (set, expected) in [
        (&[][..], 0.0),
        (&[("image_props_weight_multiplier", "1")][..], 3.0),
        (
            &[("image_props_weight_multiplier", "1"), ("image_props_weight_setting", "hw_machine_type=0.5")]
                [..],
            0.5,
        ),
    ] {
        let given = raws("ImagePropertiesWeigher", &asked, &options(set), &[state.clone()]);
        assert_eq!(given, Ok(vec![expected]), "{set:?}");
    }
}

#[test]
fn metrics_sum_by_their_ratios_and_a_missing_one_fails_the_request_or_weighs_least() {
    let mut measured = host("host1");
    measured.metrics = [("load".to_owned(), 3.0), ("heat".to_owned(), 40.0)].into();
    let hosts = [measured, host("host2")];
    let setting = ("metrics.weight_setting", "load=2,heat=-0.1");
    let missing = Failure::MetricNotFound { name: "load".into(), host: "host2".into(), node: "host2".into() };
    assert_eq!(missing.to_string(), "Metric load could not be found on the compute host node host2.host2.");
    assert_eq!(raws("MetricsWeigher", &request(), &options(&[setting]), &hosts), Err(missing));
    let lenient = options(&[setting, ("metrics.required", "false")]);
    assert_eq!(raws("MetricsWeigher", &request(), &lenient, &hosts), Ok(vec![2.0, -10_000.0]));
    let idle = options(&[("metrics.weight_setting", "load=0"), ("metrics.required", "false")]);
    assert_eq!(raws("MetricsWeigher", &request(), &idle, &hosts), Ok(vec![0.0, 0.0]));
}

#[test]
fn aggregates_override_a_multiplier_by_their_smallest_number() {
    for (values, expected) in [
        (&[][..], 1.0),
        (&["3"][..], 3.0),
        (&["3", " -2.5 "][..], -2.5),
        (&["3", "much"][..], 1.0),
        (&["nan"][..], 1.0),
    ] {
        let mut state = host("host1");
        for value in values {
            in_aggregate(&mut state, &[("ram_weight_multiplier", value)]);
        }
        let ram = super::ram::weigher(&Options::default());
        assert_eq!(ram.multiplier(&state), expected, "{values:?}");
    }
    let mut state = host("host1");
    in_aggregate(&mut state, &[("build_failure_weight_multiplier", "5")]);
    assert_eq!(super::build_failure::weigher(&Options::default()).multiplier(&state), -5.0);
}

#[test]
fn totals_are_the_sum_of_multiplied_normals_and_negative_multipliers_turn_the_order_round() {
    let sized = |name, free_ram_mb| HostState { free_ram_mb, ..host(name) };
    let hosts = vec![sized("a", 512), sized("b", 1024), sized("c", 256)];
    let weighed = weigh(&request(), hosts.clone(), &Options::default()).unwrap();
    assert_eq!(names(&weighed), ["b", "a", "c"]);
    for one in &weighed {
        let sum: f64 = one.weights.iter().map(|value| value.multiplier * value.normalised).sum();
        assert_eq!(one.weight, sum);
    }
    // CPU and disk, with a lower bound of 0 and equal values, give 1 each; memory is 1 for the largest; PCI 0.
    assert_eq!(weighed[0].weight, 3.0);
    let stacking = weigh(&request(), hosts, &options(&[("ram_weight_multiplier", "-1")])).unwrap();
    assert_eq!(names(&stacking), ["c", "a", "b"]);
}

#[test]
fn equal_hosts_keep_their_order_and_a_single_one_is_not_weighed() {
    let same = weigh(&request(), vec![host("b"), host("a"), host("c")], &Options::default()).unwrap();
    assert_eq!(names(&same), ["b", "a", "c"]);
    let single = weigh(&request(), vec![host("a")], &Options::default()).unwrap();
    assert_eq!((single[0].weight, single[0].weights.len()), (0.0, 0));
    assert!(weigh(&request(), Vec::new(), &Options::default()).unwrap().is_empty());
}

#[test]
fn the_host_name_weigher_replaces_all_others() {
    let mut options = Options::default();
    options.set_by_name("weight_classes", "nova.tests.fixtures.HostNameWeigher").unwrap();
    let hosts = ["zebra", "host3", "host1", "host2"].map(host).to_vec();
    let weighed = weigh(&request(), hosts, &options).unwrap();
    assert_eq!(names(&weighed), ["host1", "host2", "host3", "zebra"]);
    let weights: Vec<f64> = weighed.iter().map(|one| one.weight).collect();
    assert_eq!(weights, [1.0, 0.5, 0.1, 0.0]);
    let gives: Vec<_> = weighed[1].weights.iter().map(|value| (value.weigher, value.raw)).collect();
    assert_eq!(gives, [("HostNameWeigher", 50.0)]);
}

#[test]
fn a_lower_bound_is_declared_by_a_builder_and_clamps() {
    let weigher = Weigher::new("W", "w", 1.0, |_| -3.0).from(0.0);
    assert_eq!(super::normalise(&[-3.0, 6.0], weigher.minval, weigher.maxval), [0.0, 1.0]);
}
