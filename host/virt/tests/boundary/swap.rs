//! The stack of a host that is in service is exchanged.

use crate::common::{
    engine, env, finish_migration, instance, library_with_guests, power_on, simulate, spawn,
};
use runtime::TraceEvent;
use std::time::Duration;
use virt::types::{PowerState, VirtError};
use virt::{
    CallError, Fault, FaultPoint, Guests, Hypervisor, HypervisorEnv, Method, PreparedStack, SWAP_PATIENCE,
    SwapError, When,
};

fn prepare(stack: &str) -> PreparedStack {
    engine().prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap()
}

/// A host in service.
async fn start(stack: &str, env: &HypervisorEnv) -> Hypervisor {
    let host = Hypervisor::start(prepare(stack), env.clone());
    host.init_host("host1".to_owned()).await.unwrap();
    host
}

/// What the trace has of exchanges.
fn traced(env: &HypervisorEnv) -> Vec<String> {
    let records = env.trace.records();
    let swaps = records.iter().filter_map(|record| match &record.event {
        TraceEvent::DriverSwapped { from, to, guests, lost, .. } => {
            Some(format!("{from} -> {to}: {guests:?} {}", lost.as_deref().unwrap_or_default()))
        }
        _ => None,
    });
    swaps.collect()
}

#[test]
fn guests_go_on_and_whoever_has_the_hypervisor_calls_the_new_stack() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        let handle = host.clone();
        host.spawn(spawn("a")).await.unwrap();
        host.power_off(instance("a"), 0, 0).await.unwrap();
        let node = host.get_nodenames_by_uuid(true).await.unwrap();
        let swap = host.swap(prepare("fake(vcpus=3)+fail-finish-migration")).await.unwrap();
        assert_eq!((&*swap.from, swap.guests), ("fake", Guests::Kept(1)));
        assert_eq!(&*handle.driver(), "fake(vcpus=3)+fail-finish-migration");
        assert_eq!(handle.get_info(instance("a"), false).await.unwrap().state, PowerState::Shutdown);
        assert_eq!(handle.get_nodenames_by_uuid(true).await.unwrap(), node);
        assert_eq!(handle.get_available_resource("host1".to_owned()).await.unwrap().unwrap().vcpus, 3);
        handle.finish_migration(finish_migration("b", "host1")).await.unwrap_err();
        assert_eq!(traced(&env), ["fake -> fake(vcpus=3)+fail-finish-migration: Some(1) "]);
        // And back. The guests are where whoever starts the host anew finds them.
        host.swap(prepare("fake")).await.unwrap();
        drop((host, handle));
        let host = start("fake", &env).await;
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
    });
}

#[test]
fn an_exchange_that_would_lose_guests_is_refused() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        host.spawn(spawn("a")).await.unwrap();
        let refused = host.swap(prepare("unruly")).await.unwrap_err();
        assert_eq!(refused, SwapError::Guests("unruly does not offer restore_state".to_owned()));
        assert_eq!((&*host.driver(), traced(&env).len()), ("fake", 0));
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
        host.spawn(spawn("b")).await.unwrap();

        let host = start("unruly", &env).await;
        host.power_on(power_on("c")).await.unwrap();
        let refused = host.swap(prepare("fake")).await.unwrap_err();
        assert_eq!(refused, SwapError::Guests("unruly does not offer save_state".to_owned()));
        assert_eq!(host.list_instances().await.unwrap(), ["on/c"]);
    });
}

#[test]
fn where_there_are_no_guests_a_driver_that_takes_over_nothing_begins_with_nothing() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        let swap = host.swap(prepare("unruly")).await.unwrap();
        assert_eq!(swap.guests, Guests::None("unruly does not offer restore_state".to_owned()));
        let swap = host.swap(prepare("fake")).await.unwrap();
        assert_eq!(swap.guests, Guests::None("unruly does not offer save_state".to_owned()));
        host.spawn(spawn("a")).await.unwrap();
        assert_eq!(traced(&env).len(), 2);
    });
}

#[test]
fn a_driver_that_dies_or_hangs_as_it_hands_over_or_takes_over_loses_nothing() {
    simulate(async {
        let host = start("fake", &env()).await;
        host.spawn(spawn("a")).await.unwrap();
        let refused = host.swap(prepare("fake+trap(method=restore_state,when=after)")).await.unwrap_err();
        assert!(refused.to_string().contains("restore_state: panicked: "), "{refused}");
        let refused = host.swap(prepare("fake+hang(method=restore_state)")).await.unwrap_err();
        assert!(refused.to_string().contains("did not answer restore_state within 60 s"), "{refused}");
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);

        for stack in ["fake+trap(method=save_state)", "fake+hang(method=save_state)"] {
            let host = start(stack, &env()).await;
            host.spawn(spawn("a")).await.unwrap();
            let refused = host.swap(prepare("fake")).await.unwrap_err();
            assert!(refused.to_string().contains("save_state"), "{refused}");
            assert_eq!(host.list_instances().await.unwrap(), ["a"], "{stack}");
            host.spawn(spawn("b")).await.unwrap();
        }
    });
}

#[test]
fn a_new_stack_that_does_not_begin_leaves_the_old_one_in_service() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        host.spawn(spawn("a")).await.unwrap();
        let error = host.swap(prepare("fake+fail(method=init_host)")).await.unwrap_err();
        assert!(matches!(error, SwapError::Begin(CallError::Raised(VirtError::Other(_)))), "{error}");
        assert_eq!((&*host.driver(), traced(&env).len()), ("fake", 0));
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
    });
}

#[test]
fn an_old_stack_that_is_not_in_service_need_not_be_for_another_to_come() {
    simulate(async {
        let host = Hypervisor::start(prepare("fake+fail(method=init_host)"), env());
        host.init_host("host1".to_owned()).await.unwrap_err();
        host.swap(prepare("fake")).await.unwrap();
        host.init_host("host1".to_owned()).await.unwrap();
        host.spawn(spawn("a")).await.unwrap();
    });
}

#[test]
fn calls_in_flight_are_waited_for_and_those_that_come_meanwhile_go_to_the_new_stack() {
    simulate(async {
        let host = start("unruly", &env()).await;
        let begin = tokio::time::Instant::now();
        let (slow, swap, late) = tokio::join!(
            host.power_on(power_on("sleep")),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                host.swap(prepare("fake")).await.unwrap();
                begin.elapsed()
            },
            async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                (host.spawn(spawn("late")).await, begin.elapsed())
            },
        );
        // The sleep takes ten seconds.
        assert_eq!((slow, swap), (Ok(()), Duration::from_secs(10)));
        assert_eq!(late, (Ok(()), Duration::from_secs(10)));
        assert_eq!(host.list_instances().await.unwrap(), ["late"]);
    });
}

#[test]
fn a_call_that_hangs_ends_with_a_clear_error_when_patience_does() {
    simulate(async {
        let host = start("unruly", &env()).await;
        let begin = tokio::time::Instant::now();
        let (hanging, ()) = tokio::join!(host.power_on(power_on("hang")), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            host.swap(prepare("fake")).await.unwrap();
        });
        assert_eq!(
            hanging.unwrap_err().to_string(),
            "driver unruly of host host1, power_on: was exchanged for fake while this call was under way"
        );
        assert_eq!(begin.elapsed(), Duration::from_secs(1) + SWAP_PATIENCE);
        assert_eq!(host.deaths(), 0);
        host.spawn(spawn("a")).await.unwrap();
    });
}

#[test]
fn two_exchanges_at_once_are_made_one_after_the_other() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        host.spawn(spawn("a")).await.unwrap();
        let (first, second) =
            tokio::join!(host.swap(prepare("fake+fail(method=none)")), host.swap(prepare("fake(vcpus=2)")));
        assert_eq!(first.unwrap().guests, Guests::Kept(1));
        assert_eq!(&*second.unwrap().from, "fake+fail(method=none)");
        assert_eq!(host.list_instances().await.unwrap(), ["a"]);
    });
}

#[test]
fn planned_faults_strike_the_calls_of_an_exchange_and_deaths_are_counted_on() {
    simulate(async {
        let env = env();
        let point = FaultPoint { host: "host1".into(), method: Method::SaveState, n: 1 };
        env.faults.add(point, Fault::Raise { error: VirtError::HypervisorUnavailable, when: When::Before });
        let host = start("unruly", &env).await;
        host.power_on(power_on("trap")).await.unwrap_err();
        let swap = host.swap(prepare("fake")).await.unwrap();
        let Guests::None(why) = swap.guests else { panic!("kept") };
        assert!(why.starts_with("save_state of unruly raised HypervisorUnavailable"), "{why}");
        assert_eq!(host.deaths(), 1);
    });
}

#[test]
fn guests_that_were_handed_over_are_not_lost_though_the_old_driver_no_longer_tells_of_them() {
    simulate(async {
        let env = env();
        let host = start("fake", &env).await;
        host.spawn(spawn("a")).await.unwrap();
        let point = FaultPoint { host: "host1".into(), method: Method::ListInstances, n: 1 };
        env.faults.add(point, Fault::Raise { error: VirtError::NotImplemented, when: When::Before });
        let refused = host.swap(prepare("unruly")).await.unwrap_err();
        assert_eq!(refused, SwapError::Guests("unruly does not offer restore_state".to_owned()));
    });
}
