//! Whatever a stranger's driver tries, the same is true after it: the call has one clear error, the trace says what
//! happened, other hosts have noticed nothing, and the next call on the host is answered.

use crate::common::{engine, env, env_of, instance, library_with_guests, power_on, simulate};
use runtime::{Trace, TraceEvent};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use virt::types::{DeviceNamesRequest, EventError, Instance, InstanceEvent};
use virt::{
    CallError, EventWait, FailureCause, FakeVirtApi, Hypervisor, HypervisorEnv, Limits, LocalFuture,
    PreparedStack, VirtApi,
};

fn prepare(stack: &str) -> PreparedStack {
    engine().prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap()
}

/// A host on which a server has been powered on.
async fn in_service(stack: &PreparedStack, env: &HypervisorEnv) -> Hypervisor {
    let host = Hypervisor::start(stack.clone(), env.clone());
    host.init_host(env.host.to_string()).await.unwrap();
    host.power_on(power_on("before")).await.unwrap();
    host
}

/// What is tried, by the name of a server or of a method, and what the failure says.
const ATTACKS: [(&str, &str); 13] = [
    ("loop", "computed longer than a call may (200000000 units of fuel), most likely in an endless loop"),
    ("recurse", "called itself too deep for its stack of"),
    ("memory", "bytes of memory and may have 67108864"),
    ("panic", "panicked: panicked at"),
    ("trap", "trapped: wasm trap: wasm `unreachable` instruction executed"),
    ("fill", "wrote more than the 4194304 bytes of durable data it may have"),
    ("avalanche", "had more than 500 calls of the host under way at once"),
    ("watches", "had more than 500 calls of the host under way at once"),
    ("shout", "gave an answer that the contract does not allow"),
    ("get_host_ip_addr", "gave an answer that the contract does not allow"),
    ("get_info", "gave an answer that the contract does not allow"),
    ("list_instance_uuids", "gave an answer that the contract does not allow"),
    ("default_device_names_for_instance", "gave an answer that the contract does not allow"),
];

/// Tries one of them.
async fn attack(host: &Hypervisor, name: &str) -> Result<(), CallError> {
    match name {
        "get_host_ip_addr" => host.get_host_ip_addr().await.map(drop),
        "get_info" => host.get_info(instance("a"), false).await.map(drop),
        "list_instance_uuids" => host.list_instance_uuids().await.map(drop),
        "default_device_names_for_instance" => {
            let devices = vec![crate::hostile::no_device()];
            let request =
                DeviceNamesRequest { instance: instance("a"), root_device_name: String::new(), devices };
            host.default_device_names_for_instance(request).await.map(drop)
        }
        server => host.power_on(power_on(server)).await,
    }
}

/// Bounds that are reached soon.
fn narrow() -> Limits {
    Limits {
        fuel_per_call: 200_000_000,
        message_bytes: 4 << 20,
        durable_bytes: 4 << 20,
        pending: 500,
        ..Limits::DEFAULT
    }
}

#[test]
fn every_attack_fails_its_call_is_told_in_the_trace_and_touches_nobody_else() {
    let stack = prepare("unruly");
    for (name, says) in ATTACKS {
        simulate(async {
            let mut env = env();
            env.limits = narrow();
            let host = in_service(&stack, &env).await;
            let other = in_service(&stack, &env_of("host2", &env)).await;
            let told = env.trace.records().len();

            let Err(CallError::Failed(failure)) = attack(&host, name).await else {
                panic!("{name} does not fail")
            };
            let text = failure.to_string();
            assert!(
                text.starts_with(&format!("driver unruly of host host1, {}: ", failure.method)),
                "{text}"
            );
            assert!(text.contains(says), "{name}: {text}");

            let mut results = Vec::new();
            let mut deaths = Vec::new();
            for record in env.trace.records().iter().skip(told) {
                match &record.event {
                    TraceEvent::DriverResult { outcome, .. } => {
                        results.push(outcome.get("failed").unwrap().as_str().unwrap().to_owned());
                    }
                    TraceEvent::DriverLog { level: "error", message, .. } => deaths.push(message.clone()),
                    _ => {}
                }
            }
            let cause = failure.cause.to_string();
            assert_eq!(results, std::slice::from_ref(&cause), "{name}");
            assert_eq!(deaths, [format!("{cause}; the next call finds a new instance")], "{name}");

            assert_eq!((other.get_num_instances().await, other.deaths()), (Ok(1), 0), "{name}");
            assert_eq!((host.get_num_instances().await, host.deaths()), (Ok(0), 1), "{name}");
            // A full store is full until something is deleted.
            if name != "fill" {
                host.power_on(power_on("after")).await.unwrap();
                assert_eq!(host.list_instances().await.unwrap(), ["on/after", "on/before"], "{name}");
            }
        });
    }
}

#[test]
fn what_one_call_may_have_another_may_have_again() {
    simulate(async {
        let mut env = env();
        env.limits = narrow();
        let host = in_service(&prepare("unruly"), &env).await;
        // Each sleep is over before the next begins; together they are more than may be under way at once.
        for _ in 0..600 {
            host.power_on(power_on("sleep")).await.unwrap();
        }
        assert_eq!(host.deaths(), 0);
    });
}

#[test]
fn a_flood_of_events_is_cut_off_in_the_trace_as_one_of_log_lines_is() {
    simulate(async {
        let env = env();
        let host = in_service(&prepare("unruly"), &env).await;
        let told = env.trace.records().len();
        host.power_on(power_on("events")).await.unwrap();
        let lines = env.trace.records().len() - told;
        // Call and answer, the lines that are allowed, and the one that says that this is all.
        assert_eq!(lines, 2 + Limits::DEFAULT.log_lines + 1);
    });
}

/// A manager that counts the waits that are prepared.
#[derive(Default)]
struct Counting(Rc<Cell<usize>>);

struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl EventWait for Counted {
    fn wait(&self) -> LocalFuture<Result<(), EventError>> {
        FakeVirtApi.wait()
    }

    fn exit_early(&self, _: Vec<InstanceEvent>) {}
}

impl VirtApi for Counting {
    fn wait_for_instance_event(&self, _: Instance, _: Vec<InstanceEvent>, _: Duration) -> Rc<dyn EventWait> {
        self.0.set(self.0.get() + 1);
        Rc::new(Counted(Rc::clone(&self.0)))
    }

    fn update_compute_provider_status(&self, a: String, b: bool) -> LocalFuture<Result<(), String>> {
        FakeVirtApi.update_compute_provider_status(a, b)
    }
}

#[test]
fn what_an_agent_held_of_the_host_is_given_back_when_it_dies() {
    simulate(async {
        let manager = Counting::default();
        let held = Rc::clone(&manager.0);
        let mut env = env();
        env.limits = narrow();
        env.trace = Trace::off(env.clock);
        env.virtapi = Rc::new(manager);
        let host = in_service(&prepare("unruly"), &env).await;
        for _ in 0..3 {
            let Err(CallError::Failed(failure)) = attack(&host, "watches").await else { panic!("held") };
            assert_eq!(failure.cause, FailureCause::TooMuchPending { limit: 500 });
            assert_eq!(held.get(), 0);
        }
    });
}
