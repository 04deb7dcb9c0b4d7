//! Planned faults, and what the trace says of calls.

use crate::common::{env_of, instance, simulate, spawn, start};
use runtime::TraceEvent;
use serde_json::{Value, json};
use std::time::Duration;
use virt::types::VirtError;
use virt::{CallError, FailureCause, Fault, FaultPoint, HANGS_FOR, Hypervisor, When};

fn point(text: &str) -> FaultPoint {
    text.parse().unwrap()
}

fn raise(message: &str, when: When) -> Fault {
    Fault::Raise { error: VirtError::Other(message.to_owned()), when }
}

#[test]
fn a_fault_before_has_no_effect_and_one_after_has() {
    simulate(async {
        let (host, env) = start("fake");
        env.faults.add(point("host1:spawn#1"), raise("before", When::Before));
        env.faults.add(point("host1:spawn#2"), raise("after", When::After));
        assert_eq!(
            host.spawn(spawn("a")).await,
            Err(CallError::Raised(VirtError::Other("before".to_owned())))
        );
        assert_eq!(host.list_instances().await.unwrap(), [""; 0]);
        assert_eq!(
            host.spawn(spawn("a")).await,
            Err(CallError::Raised(VirtError::Other("after".to_owned())))
        );
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        assert_eq!(host.spawn(spawn("b")).await, Ok(()));
        assert_eq!(env.faults.struck(), [point("host1:spawn#1"), point("host1:spawn#2")]);
    });
}

#[test]
fn calls_are_counted_for_each_host_and_method_and_can_be_counted_anew() {
    simulate(async {
        let (host, env) = start("fake");
        let other = Hypervisor::start(crate::common::prepare("fake"), env_of("host2", &env));
        host.spawn(spawn("a")).await.unwrap();
        other.spawn(spawn("b")).await.unwrap();
        env.faults.reset_counts();
        env.faults.add(point("host1:spawn#1"), raise("first from now on", When::Before));
        assert_eq!(other.spawn(spawn("c")).await, Ok(()));
        assert_eq!(host.get_num_instances().await, Ok(1));
        assert!(host.spawn(spawn("c")).await.is_err());
    });
}

#[test]
fn a_planned_death_fails_the_calls_in_flight_and_keeps_the_guests() {
    simulate(async {
        let (host, env) = start("fake");
        host.init_host("host1".to_owned()).await.unwrap();
        host.spawn(spawn("a")).await.unwrap();
        env.faults.add(point("host1:power_off"), Fault::Trap);
        let error = host.power_off(instance("a"), 0, 0).await.unwrap_err();
        assert_eq!(error.to_string(), "driver fake of host host1, power_off: died, as the fault plan has it");
        let CallError::Failed(failure) = error else { panic!() };
        assert_eq!(failure.cause, FailureCause::Killed);
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        assert_eq!(host.deaths(), 1);
    });
}

#[test]
fn a_slow_call_has_its_effect_after_its_time_or_before_it_and_answers_as_ever() {
    simulate(async {
        let (host, env) = start("fake");
        let by = Duration::from_secs(65);
        env.faults.add(point("host1:spawn#1"), Fault::Slow { by, when: When::Before });
        env.faults.add(point("host1:spawn#2"), Fault::Slow { by, when: When::After });
        for (name, there_meanwhile) in [("a", false), ("b", true)] {
            let begin = env.clock.elapsed();
            let look = async {
                env.clock.sleep(by / 2).await;
                host.list_instances().await.unwrap().contains(&name.to_owned())
            };
            let (spawned, meanwhile) = tokio::join!(host.spawn(spawn(name)), look);
            assert_eq!((spawned, meanwhile), (Ok(()), there_meanwhile), "{name}");
            assert_eq!(env.clock.elapsed() - begin, by);
        }
    });
}

#[test]
fn a_call_that_hangs_answers_nobody_until_the_service_is_killed_and_guests_stay() {
    simulate(async {
        let (host, env) = start("fake");
        env.faults.add(point("host1:spawn#1"), Fault::Hang { when: When::After });
        let struck = env.faults.strikes(point("host1:spawn#1"));
        let begin = env.clock.elapsed();
        let (spawned, ()) = tokio::join!(host.spawn(spawn("a")), struck);
        let Err(CallError::Failed(failure)) = spawned else { panic!("{spawned:?}") };
        assert_eq!((failure.cause, env.clock.elapsed() - begin), (FailureCause::Killed, HANGS_FOR));
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
    });
}

#[test]
fn fault_points_and_faults_are_data() {
    let fault = raise("driver says no", When::After);
    let text = serde_json::to_string(&(point("host2:finish_migration#3"), &fault)).unwrap();
    assert_eq!(
        text,
        r#"["host2:finish_migration#3",{"raise":{"error":{"Other":"driver says no"},"when":"after"}}]"#
    );
    let (read, again): (FaultPoint, Fault) = serde_json::from_str(&text).unwrap();
    assert_eq!((read, again), (point("host2:finish_migration#3"), fault));
    for wrong in ["", "spawn", "host1:spawned#1", ":spawn#1", "host1:spawn#0", "host1:spawn#x"] {
        let error = wrong.parse::<FaultPoint>().unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{wrong}` is no driver call")), "{error}");
    }
}

#[test]
fn the_trace_has_each_call_with_its_arguments_its_answer_and_its_fault() {
    simulate(async {
        let (host, env) = start("fake");
        env.faults.add(point("host1:power_on#2"), raise("no", When::Before));
        let _ = host.node_is_available("host9".to_owned()).await;
        let _ = host.power_on(crate::common::power_on("a")).await;
        let _ = host.power_on(crate::common::power_on("a")).await;
        let events: Vec<Value> = env
            .trace
            .records()
            .iter()
            .map(|record| match &record.event {
                TraceEvent::DriverCall { host, method, n, args } => {
                    json!([
                        host,
                        method,
                        n,
                        args.get("nodename").or_else(|| args["request"]["instance"].get("uuid"))
                    ])
                }
                TraceEvent::DriverResult { n, outcome, .. } => json!([n, outcome]),
                TraceEvent::FaultInjected { point, fault } => json!([point, fault]),
                other => panic!("{other:?}"),
            })
            .collect();
        let not_found = json!({ "error": "InstanceNotFound", "message": "Instance a could not be found." });
        assert_eq!(
            events,
            [
                json!(["host1", "node_is_available", 1, "host9"]),
                json!([1, { "ok": false }]),
                json!(["host1", "power_on", 1, "a"]),
                json!([1, not_found]),
                json!(["host1", "power_on", 2, "a"]),
                json!(["host1:power_on#2", "raises NovaException \"no\""]),
                json!([2, { "error": "NovaException", "message": "no" }]),
            ]
        );
    });
}
