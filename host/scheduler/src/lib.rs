//! The scheduler as a pure function: from a request and the states of the hosts to an ordered choice, with the reason
//! for each host's place (`nova/scheduler/`).
//!
//! The conductor asks in steps, as Nova's scheduler manager does:
//!
//! 1. [`resource_request`] says what to ask of placement, and [`apply_request_filters`] narrows it;
//! 2. the conductor asks placement, and makes a [`HostState`] of each host that may supply it;
//! 3. [`schedule`] filters, weighs and orders them, and says of each host why it is where it is ([`Decision::explain`]);
//! 4. [`select_destinations`] does so for each server of a request, claims the best host that lets itself be claimed
//!    (through a closure), counts the server in, and names the alternates.
//!
//! Nothing here does I/O, reads a clock or draws random numbers by itself: the few that are needed come in through a
//! closure. Hosts are sorted by name before anything else, so the same input gives the same answer.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod aggregate;
mod batch;
mod cpu_set;
mod decision;
mod explain;
mod filters;
mod host_state;
mod numa;
mod preselection;
mod request_filters;
mod resource_request;
mod schedule;
mod server_groups;
#[cfg(test)]
mod testing;
mod weighers;
mod zones;

pub use aggregate::Aggregate;
pub use batch::{BatchError, BatchFailure, Beside, Chosen, alternates, select_destinations};
pub use decision::{Decision, Failure, Refused, Weighed, WeigherValue};
pub use explain::{Explanation, NotOffered, WeighedHost};
pub use host_state::{
    AllocationCandidate, HostNuma, HostState, NumaCell, PciPool, ResidentServer, SupportedInstance,
};
pub use request_filters::{CloudFacts, RequestFilterFailed, SegmentAggregates, apply_request_filters};
pub use resource_request::{
    GroupPolicy, RequestGroup, ResourceRequest, fallback_resource_request, resource_request,
};
pub use schedule::{Round, schedule, schedule_round};
pub use server_groups::{GroupViolation, UnsupportedPolicy, check_group_on_host, check_group_policy};
pub use zones::{NamedPlace, UnparsablePlace, availability_zone, parse_availability_zone};
