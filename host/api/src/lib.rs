//! The HTTP face of the control plane. Each service is a module of its own, and speaks to the state it serves through
//! a handle that hides whether that state is in this process, behind a lock, or owned by another thread.

pub mod placement;
