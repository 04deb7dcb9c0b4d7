//! What the driver SDK promises and only the host can see.

use crate::common::{env, finish_migration, instance, library_with_guests, simulate, spawn};
use virt::{Hypervisor, Limits};

/// A driver that has just enough memory must never need more, however often it is called.
#[test]
fn drivers_and_layers_do_not_grow_with_the_number_of_calls() {
    simulate(async {
        let engine = crate::common::engine();
        // The layer of 0.1 itself keeps the blocks in which its parameters come, which is some 24 MiB; its adapters do not.
        for (stack, memory) in
            [("fake", 5 << 20), ("fake+fail-finish-migration", 5 << 20), ("fake+old-layer", 36 << 20)]
        {
            let mut env = env();
            env.trace = runtime::Trace::off(env.clock);
            env.limits = Limits { memory, ..Limits::DEFAULT };
            let host = Hypervisor::start(
                engine.prepare(&stack.parse().unwrap(), &library_with_guests()).unwrap(),
                env.clone(),
            );
            for _ in 0..20_000 {
                host.spawn(spawn("a")).await.unwrap();
                host.get_info(instance("a"), true).await.unwrap();
                let _ = host.finish_migration(finish_migration("a", "host1")).await;
                host.get_available_resource("host1".to_owned()).await.unwrap();
            }
            assert_eq!(host.deaths(), 0);
        }
    });
}
