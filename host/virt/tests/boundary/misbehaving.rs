//! Whatever a driver does, a call ends, with an error that says what happened; the host lives on, other hosts notice nothing.

use crate::common::{env, env_of, instance, simulate};
use model::HostName;
use runtime::TraceEvent;
use std::time::Duration;
use virt::types::VirtError;
use virt::{
    CallError, DriverFailure, Engine, FailureCause, Hypervisor, HypervisorEnv, Limits, Method, PreparedStack,
    STACK_BYTES,
};

fn prepare(stack: &str) -> PreparedStack {
    let library = crate::common::library_with_guests();
    let engine: Engine = crate::common::engine();
    engine.prepare(&stack.parse().unwrap(), &library).unwrap()
}

async fn start(stack: &str, env: &HypervisorEnv) -> Hypervisor {
    let host = Hypervisor::start(prepare(stack), env.clone());
    host.init_host(env.host.to_string()).await.unwrap();
    host
}

async fn power_on(host: &Hypervisor, name: &str) -> Result<(), CallError> {
    host.power_on(crate::common::power_on(name)).await
}

/// What the driver broke of; the failure has to name driver, host and method.
fn cause(answer: Result<impl std::fmt::Debug, CallError>, method: Method) -> FailureCause {
    match answer.unwrap_err() {
        CallError::Failed(DriverFailure { driver, host, method: failed, cause }) => {
            assert_eq!((&*driver, host, failed), ("unruly", HostName::from("host1"), method));
            cause
        }
        CallError::Raised(error) => panic!("raised {error:?}"),
    }
}

/// A new instance is in service: it has been initialised, has no memory of the old one, and finds what that one kept.
async fn is_in_service_again(host: &Hypervisor, deaths: u64) {
    assert_eq!(host.get_num_instances().await.unwrap(), 0);
    power_on(host, "after").await.unwrap();
    assert_eq!(host.list_instances().await.unwrap(), ["on/after", "on/before"]);
    assert_eq!(host.deaths(), deaths);
}

#[test]
fn a_panic_is_reported_with_its_message_and_the_next_call_finds_a_new_instance() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env).await;
        power_on(&host, "before").await.unwrap();
        let FailureCause::Panicked { message } = cause(power_on(&host, "panic").await, Method::PowerOn)
        else {
            panic!("no panic");
        };
        assert!(message.contains("no power for panic") && message.contains("src/lib.rs"), "{message}");
        is_in_service_again(&host, 1).await;
    });
}

#[test]
fn the_message_of_a_failure_names_driver_host_function_and_cause() {
    simulate(async {
        let host = start("unruly", &env()).await;
        let error = power_on(&host, "trap").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "driver unruly of host host1, power_on: trapped: wasm trap: wasm `unreachable` instruction executed"
        );
    });
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    simulate(async {
        let mut env = env();
        env.limits.fuel_per_call = 10_000_000;
        let host = start("unruly", &env).await;
        power_on(&host, "before").await.unwrap();
        let found = cause(power_on(&host, "loop").await, Method::PowerOn);
        assert_eq!(found, FailureCause::OutOfFuel { limit: 10_000_000 });
        is_in_service_again(&host, 1).await;
    });
}

#[test]
fn many_short_calls_together_may_burn_more_than_one_call() {
    simulate(async {
        let mut env = env();
        env.limits.fuel_per_call = 100_000;
        let host = start("unruly", &env).await;
        for _ in 0..1000 {
            host.get_num_instances().await.unwrap();
        }
        assert_eq!(host.deaths(), 0);
    });
}

#[test]
fn unbounded_memory_is_refused() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env).await;
        power_on(&host, "before").await.unwrap();
        match cause(power_on(&host, "memory").await, Method::PowerOn) {
            FailureCause::OutOfMemory { wanted, limit } => {
                assert_eq!(limit, Limits::DEFAULT.memory);
                assert!(wanted > limit);
            }
            other => panic!("{other}"),
        }
        is_in_service_again(&host, 1).await;
    });
}

#[test]
fn deep_recursion_ends_at_the_stack() {
    simulate(async {
        let host = start("unruly", &env()).await;
        power_on(&host, "before").await.unwrap();
        let found = cause(power_on(&host, "recurse").await, Method::PowerOn);
        assert_eq!(found, FailureCause::StackOverflow { limit: STACK_BYTES });
        is_in_service_again(&host, 1).await;
    });
}

#[test]
fn a_full_durable_store_ends_the_agent() {
    simulate(async {
        let host = start("unruly", &env()).await;
        let found = cause(power_on(&host, "fill").await, Method::PowerOn);
        assert_eq!(found, FailureCause::DurableStorageFull { limit: Limits::DEFAULT.durable_bytes });
    });
}

#[test]
fn a_flood_of_log_lines_is_cut_off_and_the_next_call_may_log_again() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env).await;
        power_on(&host, "flood").await.unwrap();
        power_on(&host, "after").await.unwrap();
        let lines: Vec<String> = env
            .trace
            .records()
            .iter()
            .filter_map(|record| match &record.event {
                TraceEvent::DriverLog { driver, message, .. } => Some(format!("{driver}: {message}")),
                _ => None,
            })
            .collect();
        assert_eq!(lines.len(), Limits::DEFAULT.log_lines + 2);
        assert_eq!(lines[0], "unruly: line 0 of very many");
        assert_eq!(lines[lines.len() - 2], "unruly: logs too much in one call; the rest is left out");
        assert_eq!(lines[lines.len() - 1], "unruly: after is on");
    });
}

#[test]
fn answers_that_the_contract_does_not_allow_are_refused() {
    simulate(async {
        let host = start("unruly", &env()).await;
        power_on(&host, "before").await.unwrap();
        let problem = |cause| match cause {
            FailureCause::InvalidAnswer { problem } => problem,
            other => panic!("{other}"),
        };
        let text = problem(cause(host.get_host_ip_addr().await, Method::GetHostIpAddr));
        assert!(text.contains("utf-8"), "{text}");
        let state = problem(cause(host.get_info(instance("a"), false).await, Method::GetInfo));
        assert!(state.contains("discriminant"), "{state}");
        let huge = problem(cause(host.list_instance_uuids().await, Method::ListInstanceUuids));
        assert!(huge.contains("fuel") || huge.contains("limit"), "{huge}");
        is_in_service_again(&host, 3).await;
    });
}

#[test]
fn calls_overlap_in_one_instance() {
    simulate(async {
        let env = env();
        let host = start("unruly", &env).await;
        let begin = tokio::time::Instant::now();
        let (slow, (quick, elapsed)) = tokio::join!(power_on(&host, "sleep"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            (power_on(&host, "quick").await, begin.elapsed())
        });
        assert_eq!((slow, quick), (Ok(()), Ok(())));
        assert_eq!(elapsed, Duration::from_secs(1));
        assert_eq!(begin.elapsed(), Duration::from_secs(10));
        assert_eq!(host.get_num_instances().await.unwrap(), 2);
    });
}

#[test]
fn a_trap_fails_the_calls_in_flight_too_and_says_which_call_it_was() {
    simulate(async {
        let host = start("unruly", &env()).await;
        power_on(&host, "before").await.unwrap();
        let (slow, trap) = tokio::join!(power_on(&host, "sleep"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            host.get_host_ip_addr().await
        });
        let FailureCause::InvalidAnswer { .. } = cause(trap, Method::GetHostIpAddr) else {
            panic!("not its own")
        };
        let FailureCause::DiedMeanwhile { method, cause } = cause(slow, Method::PowerOn) else {
            panic!("its own")
        };
        assert_eq!(method, Some(Method::GetHostIpAddr));
        assert!(matches!(*cause, FailureCause::InvalidAnswer { .. }));
        is_in_service_again(&host, 1).await;
    });
}

#[test]
fn two_calls_of_the_same_method_cannot_be_told_apart_and_both_learn_the_cause() {
    simulate(async {
        let host = start("unruly", &env()).await;
        let (slow, trap) = tokio::join!(power_on(&host, "sleep"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            power_on(&host, "panic").await
        });
        for answer in [slow, trap] {
            let FailureCause::DiedMeanwhile { method, cause } = cause(answer, Method::PowerOn) else {
                panic!("told apart")
            };
            assert_eq!(method, Some(Method::PowerOn));
            assert!(matches!(*cause, FailureCause::Panicked { .. }));
        }
    });
}

#[test]
fn other_hosts_notice_nothing() {
    simulate(async {
        let world = env();
        let other_env = env_of("host2", &world);
        let (broken, other) = (start("unruly", &world).await, start("unruly", &other_env).await);
        power_on(&other, "before").await.unwrap();
        let (slow, trap) = tokio::join!(power_on(&other, "sleep"), power_on(&broken, "trap"));
        assert_eq!(slow, Ok(()));
        assert!(trap.is_err());
        assert_eq!(other.get_num_instances().await.unwrap(), 2);
        assert_eq!((broken.deaths(), other.deaths()), (1, 0));
    });
}

#[test]
fn a_driver_that_does_not_come_back_fails_every_call_until_it_does() {
    simulate(async {
        let host = start("unruly(restart=fail)", &env()).await;
        let _ = power_on(&host, "trap").await;
        for _ in 0..2 {
            let error = power_on(&host, "after").await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "driver unruly(restart=fail) of host host1, power_on: was started again after it died, and its init_host \
                 failed: NovaException: the hypervisor does not come back"
            );
        }
        assert!(matches!(
            host.init_host("host1".to_owned()).await,
            Err(CallError::Raised(VirtError::Other(_)))
        ));
    });
}

#[test]
fn a_trap_below_a_layer_ends_the_stack_with_the_same_message() {
    simulate(async {
        let host = start("unruly+fail-finish-migration", &env()).await;
        let error = power_on(&host, "panic").await.unwrap_err();
        assert!(
            error.to_string().starts_with(
                "driver unruly+fail-finish-migration of host host1, power_on: panicked: panicked at "
            ),
            "{error}"
        );
        power_on(&host, "after").await.unwrap();
    });
}

#[test]
fn the_same_calls_give_the_same_trace_byte_for_byte() {
    let run = |seed| {
        simulate(async {
            let mut env = env();
            env.random = runtime::Randomness::from_seed(seed);
            env.limits.fuel_per_call = 20_000_000;
            let host = start("unruly", &env).await;
            for name in ["loop", "memory", "panic", "recurse", "flood", "fill", "quick", "trap"] {
                let _ = power_on(&host, name).await;
                let _ = host.get_available_nodes(false).await;
                let _ = host.get_host_ip_addr().await;
            }
            String::from_utf8(env.trace.to_json_lines()).unwrap()
        })
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}
