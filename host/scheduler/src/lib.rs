//! The scheduler as a pure function: from a request and the states of the hosts to an ordered choice, with the reason
//! for each host's place (`nova/scheduler/`).
//!
//! The conductor asks in steps, as Nova's scheduler manager does:
//!
//! 1. [`resource_request`] says what to ask of placement, and the request filters narrow it;
//! 2. the conductor asks placement, and makes a [`HostState`] of each host that may supply it;
//! 3. [`schedule`] filters, weighs and orders them, and says of each host why it is where it is;
//! 4. the conductor claims on the first host that lets it, counts the server in with [`HostState::consume`], and keeps
//!    the next ones as alternates.
//!
//! Nothing here does I/O, reads a clock or draws random numbers by itself: the few that are needed come in through a
//! closure. Hosts are sorted by name before anything else, so the same input gives the same answer.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod aggregate;
mod cpu_set;
mod decision;
mod filters;
mod host_state;
mod numa;
mod preselection;
mod request_filters;
mod resource_request;
mod schedule;
#[cfg(test)]
mod testing;
mod weighers;

pub use aggregate::Aggregate;
pub use decision::{Decision, Failure, Refused, Weighed, WeigherValue};
pub use host_state::{
    AllocationCandidate, HostNuma, HostState, NumaCell, PciPool, ResidentServer, SupportedInstance,
};
pub use request_filters::{CloudFacts, RequestFilterFailed, SegmentAggregates, apply_request_filters};
pub use resource_request::{
    GroupPolicy, RequestGroup, ResourceRequest, fallback_resource_request, resource_request,
};
pub use schedule::{Round, schedule, schedule_round};
