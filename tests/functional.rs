//! What a cloud does as a whole: placement, scheduler, conductor and compute managers over WebAssembly hypervisors, in
//! simulated time. One binary, because linking the WebAssembly engine takes longer than running all of this.
#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

mod builds;
mod contract_versions;
mod crashed_hosts;
mod deletes;
mod determinism;
mod guest_states;
mod handlers {
    //! Failure handlers that no other test reaches, by what makes them run. `just coverage` tells which there are.

    mod builds;
    mod cloud;
    mod driver_answers;
    mod guests;
    mod hosts_that_start;
    mod live_migrations;
    mod messages;
    mod moves;
    mod periodic_tasks;
    mod refusals;
    mod schedules;
    mod volumes;
}
mod harness_itself;
mod host_life;
mod live_migrations;
mod misbehaving_drivers;
mod moves;
mod moves_that_fail;
mod nested_resources;
mod operations;
mod power;
mod regressions {
    //! Each switch in both directions: what is left with the defect, and what without. Bug 1825537 has a file of its own, the
    //! others are told shortly, side by side.

    mod bug_1825537;
    mod bugs_of_builds;
    mod bugs_of_evacuations;
    mod bugs_of_live_migrations;
    mod bugs_of_moves;
    mod fixes_of_guests;
    mod fixes_of_messages;
    mod fixes_of_moves;
    mod found_1825537;
    mod shown_by_scenarios;
    mod told;
}
mod retention;
mod server_groups;
mod services;
mod several_servers;
mod shipped_drivers;
mod volumes;
mod volumes_of_new_servers;

/// What the tests share.
mod common {
    use compute::{ExpectedTask, Records, ServicePoint};
    use driver_toolchain::{BuildRequest, Toolchain};
    use harness::{Simulation, TestCloud};
    use model::{ExceptionClass, NovaError, Server, ServerId};
    use std::path::Path;
    use std::sync::OnceLock;
    use std::time::Duration;
    use virt::types::VirtError;
    use virt::{Fault, When};

    /// An ordinary error of a driver, raised instead of doing anything.
    pub(crate) fn says_no() -> Fault {
        raises(VirtError::Other("driver says no".to_owned()))
    }

    /// This error, raised instead of doing anything.
    pub(crate) fn raises(error: VirtError) -> Fault {
        Fault::Raise { error, when: When::Before }
    }

    /// Lets the next such call of a driver fail, and no other that was to fail until now.
    pub(crate) fn strike(cloud: &TestCloud, point: &str, fault: Fault) {
        cloud.faults().clear();
        cloud.faults().reset_counts();
        cloud.inject_fault(point, fault);
    }

    /// Lets the next such call of a service fail with this class and text.
    pub(crate) fn strike_service(cloud: &TestCloud, call: &str, class: ExceptionClass, text: &str) {
        cloud.service_faults().reset_counts();
        cloud.service_faults().add(ServicePoint::new(call, 1), NovaError::new(class, text));
    }

    /// Puts a server into a state as an operation would that is interrupted in it.
    pub(crate) async fn leave_in(cloud: &TestCloud, server: ServerId, change: impl Fn(&mut Server)) {
        let change = &mut |server: &mut Server| change(server);
        cloud.records().update_server(server, ExpectedTask::Any, change).await.unwrap();
    }

    /// Lets simulated time pass.
    pub(crate) async fn pass(cloud: &TestCloud, milliseconds: u64) {
        cloud.services().clock.sleep(Duration::from_millis(milliseconds)).await;
    }

    /// Hosts with these stacks, preferred in the order of their numbers; `answers` is a layer of the tests' own.
    pub(crate) fn stacks(stacks: &[&str]) -> Simulation {
        let mut made = Simulation::new().set("weight_classes", "HostNameWeigher");
        if stacks.iter().any(|stack| stack.contains("+answers")) {
            made = made.driver("answers", answers());
        }
        (1..).zip(stacks).fold(made, |made, (number, stack)| made.host(&format!("host{number}"), stack))
    }

    /// The layer in `answers/`, built once.
    fn answers() -> &'static [u8] {
        static LAYER: OnceLock<Vec<u8>> = OnceLock::new();
        LAYER.get_or_init(|| test_layer("answers"))
    }

    /// Builds a layer that stands in a folder beside the tests.
    pub(crate) fn test_layer(folder: &str) -> Vec<u8> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let request = BuildRequest {
            manifest_dir: &here.join(folder),
            package: None,
            // Where the shipped drivers are built: what they share is compiled already.
            target_dir: &target.join("drivers"),
            profile: "driver",
        };
        let module = Toolchain::detect().unwrap().build(&request).unwrap_or_else(|error| panic!("{error}"));
        std::fs::read(module).unwrap()
    }
}
