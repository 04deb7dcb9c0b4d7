//! How long a decision takes among 100, 1,000 and 10,000 hosts, with Nova's default filters and weighers: the median
//! over some runs, the making of the host states not counted.
#![expect(clippy::print_stdout, reason = "a benchmark tells its results")]

use model::resources::Ratio;
use model::{ComputeNode, Flavor, Options, ProviderId, RequestSpec, ServerId, Timestamp};
use novarig_scheduler::{HostState, schedule};
use std::time::Instant;
use uuid::Uuid;

const RUNS: usize = 51;

fn hosts(count: u32) -> Vec<HostState> {
    let state = |number: u32| {
        let name = format!("host{number:05}");
        let mut state = HostState::new(&ComputeNode {
            id: ProviderId(Uuid::from_u128(u128::from(number))),
            host: name.as_str().into(),
            hypervisor_hostname: name.as_str().into(),
            hypervisor_type: "fake".into(),
            hypervisor_version: 1000,
            host_ip: None,
            vcpus: 1000,
            vcpus_used: 0,
            memory_mb: 800_000,
            memory_mb_used: u64::from(number % 977) * 512,
            local_gb: 600_000,
            local_gb_used: 0,
            disk_available_least: None,
            supported_instances: Vec::new(),
            running_vms: 0,
            cpu_allocation_ratio: Ratio::ONE,
            ram_allocation_ratio: Ratio::ONE,
            disk_allocation_ratio: Ratio::ONE,
            created_at: Timestamp::SIMULATION_START,
        });
        // One host in ten is down.
        state.service_up = !number.is_multiple_of(10);
        state
    };
    (0..count).map(state).collect()
}

fn main() {
    let options = Options::default();
    let flavor = Flavor::defaults().remove(0);
    let request = RequestSpec::new(ServerId(Uuid::from_u128(1)), "project".into(), "user".into(), flavor);
    for count in [100, 1_000, 10_000] {
        let all = hosts(count);
        let mut micros: Vec<f64> = (0..RUNS)
            .map(|_| {
                let states = all.clone();
                let start = Instant::now();
                let decision = schedule(&request, states, &options, &mut |_| 0);
                let elapsed = start.elapsed();
                assert_eq!(decision.refused.len(), all.len() / 10, "the hosts that are down are refused");
                elapsed.as_secs_f64() * 1e6
            })
            .collect();
        micros.sort_by(f64::total_cmp);
        let median = micros[RUNS / 2];
        println!(
            "schedule/{count}_hosts: {median:.0} us a decision, {:.3} us a host",
            median / f64::from(count)
        );
    }
}
