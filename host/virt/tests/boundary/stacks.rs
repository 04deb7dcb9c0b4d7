//! What each component of a stack has for itself.

use crate::common::{engine, env, library_with_guests, simulate};
use runtime::TraceEvent;
use virt::Hypervisor;

#[test]
fn each_component_has_its_own_settings_log_and_durable_data_also_if_it_stands_there_twice() {
    simulate(async {
        let library = library_with_guests();
        let stack = "fake(size=small)+echo(tag=a)+echo(tag=b)".parse().unwrap();
        let env = env();
        let host = Hypervisor::start(engine().prepare(&stack, &library).unwrap(), env.clone());
        assert_eq!(host.get_host_ip_addr().await.unwrap(), "b1(a1(192.168.0.1))");
        assert_eq!(host.get_host_ip_addr().await.unwrap(), "b2(a2(192.168.0.1))");
        assert_eq!(host.get_available_resource("host1".to_owned()).await.unwrap().unwrap().vcpus, 2);
        host.power_off(crate::common::instance("a"), 0, 0).await.unwrap_err();
        host.destroy(crate::common::destroy("a")).await.unwrap();
        let lines: Vec<String> = env
            .trace
            .records()
            .iter()
            .filter_map(|record| match &record.event {
                TraceEvent::DriverLog { driver, message, .. } => Some(format!("{driver}: {message}")),
                _ => None,
            })
            .collect();
        assert_eq!(
            lines,
            [
                "echo: b is asked",
                "echo: a is asked",
                "echo: b is asked",
                "echo: a is asked",
                "fake: Key 'a' not in instances"
            ]
        );
    });
}
