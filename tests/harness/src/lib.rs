//! A test harness for virt drivers and for the control plane: a whole cloud in simulated time, hosts with chosen driver
//! stacks, and the vocabulary of Nova's functional tests (`nova/tests/functional/integrated_helpers.py`) to act on it
//! and to assert what placement, the records and the hypervisors then hold.
//!
//! A test says which hosts there are, acts, and asserts. Nothing waits on the wall clock:
//!
//! ```no_run
//! use model::{MigrationStatus, ServerStatus};
//! use novarig_harness::Simulation;
//!
//! Simulation::new()
//!     .host("host1", "fake")
//!     .host("host2", "fake(vcpus=8)+fail-finish-migration")
//!     .run(async |cloud| {
//!         let server = cloud.boot_and_check_allocations("m1.small", "host1").await;
//!         cloud.api().resize(server, "m1.medium").await.unwrap();
//!         cloud.wait_for_migration_status(server, &[MigrationStatus::Error]).await;
//!         cloud.wait_for_state_change(server, ServerStatus::Error).await;
//!         cloud.assert_flavor_matches_allocation("m1.medium", server, "host2");
//!     });
//! ```
//!
//! What it promises:
//!
//! * Set-up goes through [`Stage`]s in order. Tear-down always comes, also when set-up fails half-way and when the test
//!   panics: in reverse order, every clean-up, each at most once ([`Simulation::try_run`] reports how they went).
//! * After tear-down the cloud must be empty. What is left is reported as a [`Leak`] and fails the test, unless the test
//!   said that it expects it.
//! * A wait has a bound in simulated time. When it is over, the test fails with what was awaited, what was found, and
//!   the lines of the trace that concern the server.
//!
//! A driver of your own is named by its path in the stack, `fake+./my-layer`, or handed over as bytes with
//! [`Simulation::driver`].

mod allocations;
mod cleanup;
mod cloud;
mod excerpt;
mod expectation;
mod found;
mod invariants;
mod leaks;
mod operations;
mod placement_client;
mod simulation;
mod stacks;
mod wait;

pub use cleanup::CleanupError;
pub use cloud::TestCloud;
pub use expectation::ServerExpectation;
pub use found::Found;
pub use leaks::Leak;
pub use placement_client::AmountsByHost;
pub use simulation::{Outcome, Report, Simulation, Stage};
pub use stacks::{StackError, engine, prepare, shipped};
pub use wait::NotificationMark;
