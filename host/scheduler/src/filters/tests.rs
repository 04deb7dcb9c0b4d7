//! What the tests of the filters share, and the tests of the chain itself.

use super::{prepare, run};
use crate::aggregate::Aggregate;
use crate::host_state::{HostState, ResidentServer};
use crate::schedule::Round;
use model::options::FilterName;
use model::resources::Ratio;
use model::{
    AggregateId, ComputeNode, Flavor, ImageId, ImageMeta, Options, ProviderId, RequestSpec, ServerId,
    Timestamp,
};
use std::sync::Arc;
use uuid::Uuid;

/// What is tried, with what, and whether the host should pass.
pub(crate) type Case<T> = (&'static str, T, bool);

pub(crate) fn server(number: u128) -> ServerId {
    ServerId(Uuid::from_u128(number))
}

/// An empty host with 4 processors and 8 GiB of memory.
pub(crate) fn host(name: &str) -> HostState {
    HostState::new(&ComputeNode {
        id: ProviderId(Uuid::from_u128(name.bytes().fold(7, |sum, byte| sum * 131 + u128::from(byte)))),
        host: name.into(),
        hypervisor_hostname: name.into(),
        hypervisor_type: "fake".into(),
        hypervisor_version: 1000,
        host_ip: Some("127.0.0.1".into()),
        vcpus: 4,
        vcpus_used: 0,
        memory_mb: 8192,
        memory_mb_used: 0,
        local_gb: 1028,
        local_gb_used: 0,
        running_vms: 0,
        cpu_allocation_ratio: Ratio::ONE,
        ram_allocation_ratio: Ratio::ONE,
        disk_allocation_ratio: Ratio::ONE,
        created_at: Timestamp::default(),
    })
}

pub(crate) fn host_with(name: &str, servers: &[ServerId]) -> HostState {
    let mut state = host(name);
    state.instances = servers.iter().map(|server| (*server, ResidentServer::default())).collect();
    state
}

/// Puts the host in one more aggregate.
pub(crate) fn in_aggregate(state: &mut HostState, metadata: &[(&str, &str)]) {
    let number = state.aggregates.len() as u128;
    state.aggregates.push(Arc::new(Aggregate {
        id: AggregateId(Uuid::from_u128(number)),
        name: format!("aggregate{number}"),
        hosts: [state.host.clone()].into(),
        metadata: metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    }));
}

/// A request of project `project` for a server of m1.tiny.
pub(crate) fn request() -> RequestSpec {
    RequestSpec::new(server(100), "project".into(), "user".into(), Flavor::defaults().remove(0))
}

pub(crate) fn request_with_image(properties: &[(&str, &str)]) -> RequestSpec {
    let id = ImageId(Uuid::from_u128(5));
    RequestSpec {
        image: Some(id),
        image_meta: Some(ImageMeta {
            id,
            name: "image".into(),
            disk_format: "raw".into(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties: properties.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        }),
        ..request()
    }
}

pub(crate) fn passes(name: FilterName, request: &RequestSpec, state: &HostState) -> bool {
    passes_with(name, request, state, &Options::default())
}

pub(crate) fn passes_with(
    name: FilterName,
    request: &RequestSpec,
    state: &HostState,
    options: &Options,
) -> bool {
    (prepare(name, request, options).test)(state)
}

#[test]
fn which_filters_run_once_and_which_on_rebuild() {
    let (request, options) = (request(), Options::default());
    let each_time = [
        "AggregateIoOpsFilter",
        "AggregateNumInstancesFilter",
        "IoOpsFilter",
        "JsonFilter",
        "MetricsFilter",
        "NUMATopologyFilter",
        "NumInstancesFilter",
        "PciPassthroughFilter",
        "ServerGroupAffinityFilter",
        "ServerGroupAntiAffinityFilter",
    ];
    let on_rebuild = ["AggregateImagePropertiesIsolation", "ImagePropertiesFilter", "IsolatedHostsFilter"];
    for name in FilterName::ALL {
        let filter = prepare(*name, &request, &options);
        assert_eq!(filter.once, !each_time.contains(&name.as_str()), "{name:?}");
        assert_eq!(filter.on_rebuild, on_rebuild.contains(&name.as_str()), "{name:?}");
    }
}

#[test]
fn each_host_is_refused_by_the_first_filter_that_does_not_pass_it() {
    let mut options = Options::default();
    options.set_by_name("enabled_filters", "ComputeFilter,NumInstancesFilter").unwrap();
    let (mut down, mut full, mut both) = (host("down"), host("full"), host("both"));
    (down.service_up, both.service_up) = (false, false);
    (full.num_instances, both.num_instances) = (50, 50);
    let mut refused = Vec::new();
    let hosts = vec![both, down, full, host("good")];
    let passed = run(&request(), hosts, &options, Round::First, &mut refused);
    let names: Vec<_> = passed.iter().map(|state| state.host.as_str()).collect();
    assert_eq!(names, ["good"]);
    let reasons: Vec<_> = refused.iter().map(|one| (one.host.as_str(), one.filter)).collect();
    assert_eq!(
        reasons,
        [("both", "ComputeFilter"), ("down", "ComputeFilter"), ("full", "NumInstancesFilter")]
    );
}

#[test]
fn later_rounds_and_rebuild_checks_leave_out_the_filters_that_are_not_for_them() {
    let mut options = Options::default();
    options.set_by_name("enabled_filters", "ComputeFilter,NumInstancesFilter,ImagePropertiesFilter").unwrap();
    let mut state = host("host1");
    (state.service_up, state.num_instances) = (false, 50);
    let refusal = |request: &RequestSpec, round| {
        let mut refused = Vec::new();
        run(request, vec![state.clone()], &options, round, &mut refused);
        refused.first().map(|one| one.filter)
    };
    assert_eq!(refusal(&request(), Round::First), Some("ComputeFilter"));
    assert_eq!(refusal(&request(), Round::Later), Some("NumInstancesFilter"));
    let mut rebuild = request_with_image(&[("hw_vm_mode", "hvm")]);
    rebuild.scheduler_hints.insert("_nova_check_type".into(), vec!["rebuild".into()]);
    assert_eq!(refusal(&rebuild, Round::First), Some("ImagePropertiesFilter"));
}
