//! What a cloud does as a whole: placement, scheduler, conductor and compute managers over WebAssembly hypervisors, in
//! simulated time. One binary, because linking the WebAssembly engine takes longer than running all of this.
#![expect(clippy::unwrap_used, reason = "in a test a panic is how a failure is told")]

mod builds;
mod contract_versions;
mod crashed_hosts;
mod deletes;
mod determinism;
mod guest_states;
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
    mod fixes_of_moves;
    mod found_1825537;
    mod shown_by_scenarios;
    mod told;
}
mod server_groups;
mod services;
mod several_servers;
mod shipped_drivers;
mod volumes;

/// What the tests share.
mod common {
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
}
