//! What differs between a simulation and a running cloud: clock, randomness, message bus, notifications, tasks, and
//! the trace of everything that happened.
//!
//! The control plane runs on one thread. In a simulation tokio's clock is paused, so that waiting costs nothing and the
//! same seed gives the same trace, byte for byte; in a cloud that people log in to, the same code runs on real time.
//! Everything a workflow can wait on is here or is a driver call.

pub mod bus;
pub mod clock;
pub mod message_faults;
pub mod notifier;
pub mod random;
pub mod simulation;
pub mod tasks;
pub mod trace;

pub use bus::{Bus, Delays, Delivery, FailedCast, Handler, Reply};
pub use clock::Clock;
pub use message_faults::{MessageFault, MessageFaults, MessagePoint};
pub use notifier::{Describe, Notifier};
pub use random::Randomness;
pub use tasks::Tasks;
pub use trace::{Trace, TraceEvent, TraceRecord};
