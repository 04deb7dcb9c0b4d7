//! What is left when the agent dies or the compute service starts anew.

use crate::bench::{attempt, expect};
use crate::rule::rules;
use crate::samples::{self, server};
use virt::types::PowerState;
use virt::{Fault, Method};

rules! {
    /// Guests outlive the compute service, in the state they had.
    guests_outlive_the_service(bench) for InitHost, ListInstances, GetInfo {
        let (host, runs) = bench.host_with_guest().await?;
        let stopped = server("b");
        host.spawn(&stopped).await?;
        let switched_off = attempt!(host.power_off(stopped.clone(), 0, 0)).is_ok();
        let host = host.restart().await?;
        host.expect_guests(&[&runs, &stopped], "after a restart of the service").await?;
        host.expect_state(&runs, PowerState::Running, "after a restart of the service").await?;
        if switched_off {
            host.expect_state(&stopped, PowerState::Shutdown, "after a restart of the service").await?;
        }
    }

    /// Guests outlive the death of the agent.
    guests_outlive_the_agent(bench) for InitHost, ListInstances, GetInfo {
        let (host, server) = bench.host_with_guest().await?;
        host.kill_agent(bench).await;
        host.expect_guests(&[&server], "after the agent died").await?;
        host.expect_state(&server, PowerState::Running, "after the agent died").await?;
    }

    /// After the death of the agent guests can be made and removed as before.
    a_new_agent_works_as_the_old_one(bench) for Spawn, Destroy {
        let (host, old) = bench.host_with_guest().await?;
        host.kill_agent(bench).await;
        let new = server("b");
        host.spawn(&new).await?;
        host.destroy(&old).await?;
        host.expect_guests(&[&new], "after the agent died, a spawn and a destroy").await?;
        host.expect_gone(&old, "after destroy of a guest that an earlier agent made").await?;
    }

    /// When the agent dies in a build, destroy removes what is left and the server can be built again.
    a_build_in_which_the_agent_died_can_be_repeated(bench) for Spawn, Destroy {
        let host = bench.host().await?;
        let server = server("a");
        bench.strike(&host, Method::Spawn, Fault::Trap);
        // It fails, as it is to.
        let _ = host.driver.spawn(samples::spawn(&server)).await;
        host.destroy(&server).await?;
        host.expect_gone(&server, "after the agent died in spawn, and destroy").await?;
        host.spawn(&server).await?;
        host.expect_state(&server, PowerState::Running, "after a second attempt").await?;
    }

    /// What is in use is the same after a restart.
    what_is_in_use_outlives_the_service(bench) for GetAvailableResource {
        let (host, _server) = bench.host_with_guest().await?;
        let used = |node: virt::types::NodeResources| (node.vcpus_used, node.memory_mb_used, node.local_gb_used);
        let before = used(super::inventory::resources(&host).await?);
        let host = host.restart().await?;
        let after = used(super::inventory::resources(&host).await?);
        expect(before == after, format!("{before:?} processors, MiB and GiB"), || format!("{after:?}"))?;
    }
}
