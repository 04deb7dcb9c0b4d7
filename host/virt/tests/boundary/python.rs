//! Drivers and layers in Python, through the boundary. Building them, and following the guide, is tested with the command
//! line; here it is what they can do and what they cannot.

use crate::common::{destroy, engine, env, instance, library, simulate, spawn};
use crate::python_guests;
use crate::shipped_layers::live_migrate::request;
use runtime::TraceEvent;
use std::sync::OnceLock;
use std::time::Duration;
use virt::types::{InstanceReason, LiveMigrationOutcome, PowerState, RollbackStatus, VirtError};
use virt::{CallError, FailureCause, Hypervisor, HypervisorEnv, PreparedStack};

/// The layer, or the driver, in a stack. A stack is compiled once and then comes from the code cache.
fn prepare(stack: &str) -> PreparedStack {
    static BUILT: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let [layer, driver] = BUILT.get_or_init(|| [python_guests::layer(), python_guests::driver()]);
    let mut library = library();
    library.add("snake", layer.clone());
    library.add("small", driver.clone());
    engine().prepare(&stack.parse().unwrap(), &library).unwrap()
}

async fn started(stack: &str) -> (Hypervisor, HypervisorEnv) {
    let env = env();
    let host = Hypervisor::start(prepare(stack), env.clone());
    host.init_host("host1".to_owned()).await.unwrap();
    (host, env)
}

/// The lines that were logged, `driver level: message`.
fn logged(env: &HypervisorEnv) -> Vec<String> {
    let events = env.trace.records();
    let lines = events.iter().filter_map(|recorded| match &recorded.event {
        TraceEvent::DriverLog { driver, level, message, .. } => Some(format!("{driver} {level}: {message}")),
        _ => None,
    });
    lines.collect()
}

#[test]
fn a_layer_in_python_over_a_driver_in_rust_answers_hands_on_and_raises() {
    simulate(async {
        let (host, env) = started("fake+snake").await;
        host.spawn(spawn("plain")).await.unwrap();
        assert_eq!(host.list_instances().await.unwrap(), ["plain"]);
        assert_eq!(host.get_info(instance("plain"), true).await.unwrap().state, PowerState::Running);
        let error = |name: &'static str| host.spawn(spawn(name));
        let raised = |error| Err(CallError::Raised(error));
        assert_eq!(
            error("refuse").await,
            raised(VirtError::ComputeResourcesUnavailable("too big".to_owned()))
        );
        assert_eq!(
            error("abort").await,
            raised(VirtError::BuildAbort(InstanceReason {
                instance: "abort".to_owned(),
                reason: "no".to_owned()
            }))
        );
        assert_eq!(error("not-here").await, raised(VirtError::NotImplemented));
        // An error of the driver below passes through, and is Nova's exception to the layer.
        assert_eq!(
            host.get_info(instance("nobody"), true).await.unwrap_err(),
            CallError::Raised(VirtError::InstanceNotFound("nobody".to_owned()))
        );
        host.spawn(spawn("undo")).await.unwrap();
        assert_eq!(
            logged(&env),
            ["snake info: Instance undo could not be found. 404", "snake info: RUNNING"]
        );
        assert_eq!(host.deaths(), 0);
    });
}

#[test]
fn a_layer_in_rust_over_a_driver_in_python_works_and_guests_outlive_the_agent() {
    simulate(async {
        let (host, _) = started("small(vcpus=3)+fail(method=power_off)+trap(method=pause)").await;
        host.spawn(spawn("web")).await.unwrap();
        let resources = host.get_available_resource("host1".to_owned()).await.unwrap().unwrap();
        assert_eq!((resources.vcpus, resources.vcpus_used), (3, 1));
        assert!(host.power_off(instance("web"), 0, 0).await.is_err());
        assert!(matches!(host.pause(instance("web")).await, Err(CallError::Failed(_))));
        assert_eq!(host.deaths(), 1);
        assert_eq!(host.list_instances().await.unwrap(), ["web"]);
        assert_eq!(host.get_host_uptime().await, Err(CallError::Raised(VirtError::NotImplemented)));
        host.destroy(destroy("web")).await.unwrap();
        assert!(host.list_instances().await.unwrap().is_empty());
    });
}

#[test]
fn a_defect_reaches_the_caller_with_its_traceback_and_the_agent_lives() {
    simulate(async {
        let (host, env) = started("fake+snake").await;
        let Err(CallError::Raised(VirtError::Unexpected(error))) = host.spawn(spawn("defect")).await else {
            panic!("another error");
        };
        assert_eq!(error.class_name, "KeyError");
        let first = error.message.lines().next().unwrap();
        assert!(first.starts_with("'defect' (driver.py, line "), "{first}");
        assert!(first.ends_with(", in defect)"), "{first}");
        for part in ["Traceback (most recent call last):", "driver.py, line ", ", in spawn\n"] {
            assert!(error.message.contains(part), "{}", error.message);
        }
        assert!(!error.message.contains("_guest"), "{}", error.message);
        let line = logged(&env).pop().unwrap();
        assert!(line.starts_with("snake error: spawn: KeyError: 'defect'"), "{line}");
        let Err(CallError::Raised(VirtError::Unexpected(error))) = host.spawn(spawn("recursion")).await
        else {
            panic!("another error");
        };
        assert_eq!(error.class_name, "RecursionError");
        assert_eq!(host.deaths(), 0);
        host.spawn(spawn("plain")).await.unwrap();
    });
}

#[test]
fn what_no_driver_may_ends_the_agent_and_the_next_call_finds_a_new_one() {
    simulate(async {
        let (host, _) = started("fake+snake").await;
        host.spawn(spawn("plain")).await.unwrap();
        let cause = async |name| match host.spawn(spawn(name)).await {
            Err(CallError::Failed(failure)) => failure.cause,
            other => panic!("{other:?}"),
        };
        let died = cause("loop").await;
        assert!(matches!(died, FailureCause::OutOfFuel { .. }), "{died}");
        // What is durable is still there, and what was in memory is not.
        assert_eq!(host.get_host_uptime().await.unwrap(), "0 ['seen/plain'] plain");
        let memory = host.spawn(spawn("memory")).await.unwrap_err().to_string();
        assert!(memory.contains("MemoryError") || memory.contains("bytes of memory"), "{memory}");
        for (what, why) in [("system", "a driver has no files"), ("late", "colorsys is not in the component")]
        {
            let Err(CallError::Raised(VirtError::Unexpected(error))) = host.spawn(spawn(what)).await else {
                panic!("another error");
            };
            assert!(error.message.contains(why), "{}", error.message);
        }
        host.spawn(spawn("last")).await.unwrap();
    });
}

#[test]
fn a_live_migration_is_aborted_by_a_call_that_comes_while_it_waits() {
    simulate(async {
        let (host, env) = started("fake+snake").await;
        let abort = async {
            env.clock.sleep(Duration::from_secs(1)).await;
            host.live_migration_abort(instance("a")).await
        };
        let (outcome, aborted) = tokio::join!(host.live_migration(request()), abort);
        aborted.unwrap();
        assert_eq!(outcome, Ok(LiveMigrationOutcome::RolledBack(RollbackStatus::Cancelled)));
    });
}

#[test]
fn asyncio_waits_in_simulated_time_and_calls_overlap() {
    simulate(async {
        let (host, env) = started("fake+snake(seconds=30)").await;
        let begin = env.clock.now();
        let (first, second) = tokio::join!(host.spawn(spawn("wait")), host.spawn(spawn("wait")));
        first.unwrap();
        second.unwrap();
        assert_eq!(env.clock.now().0 - begin.0, 35_500_000);
        let lines = logged(&env);
        let count = |line: &str| lines.iter().filter(|logged| *logged == line).count();
        assert_eq!((count("snake info: timed out"), count("snake info: waited 35.5 s")), (2, 2), "{lines:?}");
        host.spawn(spawn("background")).await.unwrap();
        host.spawn(spawn("plain")).await.unwrap();
        assert_eq!(host.deaths(), 0);
    });
}

/// What Python takes from the operating system elsewhere.
#[test]
fn time_and_randomness_are_the_simulations() {
    let seen = |seed| {
        simulate(async {
            let mut env = env();
            env.random = runtime::Randomness::from_seed(seed);
            let host = Hypervisor::start(prepare("fake+snake"), env.clone());
            host.spawn(spawn("world")).await.unwrap();
            assert_eq!(host.deaths(), 0);
            logged(&env)
        })
    };
    let once = seen(1);
    let [time, random] = &once[..] else { panic!("{once:?}") };
    let start = model::Timestamp::SIMULATION_START.0;
    assert!(time.starts_with(&format!("snake info: {}", start / 1_000_000)), "{time}");
    assert!(time.contains(&(start * 1000).to_string()), "{time}");
    assert_eq!(once, seen(1));
    let other = seen(2);
    assert_eq!(*time, other[0]);
    assert_ne!(*random, other[1]);
}
