//! What comes back from a run or an exploration, for people to look at and to go on with.
//!
//! * [`page`]: one HTML file with all that was found, as pictures: swim lanes, bars of allocations, a map of all plans.
//! * [`walk`]: a run event by event, with the state of the cloud beside it.
//! * [`rust`]: a finding as a test.
//!
//! Everything is made from a run's trace and report: the same run gives the same bytes. The state of the cloud at an event
//! is told by one fold of the trace ([`history`]), which ends at the state that was read from the cloud itself.

pub mod bars;
pub mod history;
pub mod lanes;
pub mod map;
pub mod page;
pub mod rust;
pub mod walk;
