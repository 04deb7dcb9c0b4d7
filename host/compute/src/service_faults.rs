//! Which calls of the volume, network and image services fail: fault points of services, as those of drivers are.

use model::NovaError;
use runtime::{Trace, TraceEvent};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

/// One call of a service that the control plane uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServicePoint {
    /// The call, as `volume.attachment_update`: the service and its function.
    pub call: String,
    /// The how-manieth of that call, counted from 1.
    pub n: u64,
}

impl ServicePoint {
    /// The `n`th `call`.
    pub fn new(call: &str, n: u64) -> Self {
        Self { call: call.to_owned(), n }
    }
}

impl fmt::Display for ServicePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.call, self.n)
    }
}

/// Every call of a service that can be made to fail.
pub const SERVICE_CALLS: &[&str] = &[
    "image.create",
    "image.delete",
    "image.get",
    "image.get_all",
    "network.allocate_for_instance",
    "network.attach_port",
    "network.bind_ports_to_host",
    "network.deallocate_for_instance",
    "network.deallocate_port",
    "network.get_instance_nw_info",
    "network.migrate_instance_finish",
    "network.migrate_instance_start",
    "network.setup_instance_network_on_host",
    "network.teardown_networks_on_host",
    "network.unbind_ports",
    "volume.attachment_complete",
    "volume.attachment_create",
    "volume.attachment_delete",
    "volume.attachment_get",
    "volume.attachment_update",
    "volume.begin_detaching",
    "volume.delete",
    "volume.get",
    "volume.migrate_volume_completion",
    "volume.reimage",
    "volume.roll_detaching",
];

/// Text that names no call of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no call of a service; one is written SERVICE.CALL#N, N counting from 1, with one of {known}",
    known = SERVICE_CALLS.join(", ")
)]
pub struct NoServicePoint(String);

impl FromStr for ServicePoint {
    type Err = NoServicePoint;

    /// `volume.attachment_update#2`; without a number it is the first.
    fn from_str(text: &str) -> Result<Self, NoServicePoint> {
        let none = || NoServicePoint(text.to_owned());
        let (call, n) = match text.split_once('#') {
            Some((call, n)) => (call, n.parse().ok().filter(|n| *n > 0).ok_or_else(none)?),
            None => (text, 1),
        };
        SERVICE_CALLS.contains(&call).then(|| Self::new(call, n)).ok_or_else(none)
    }
}

/// The faults that are to strike, and how often each call was made. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ServiceFaults(Rc<RefCell<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    faults: BTreeMap<ServicePoint, NovaError>,
    counts: BTreeMap<&'static str, u64>,
    struck: Vec<ServicePoint>,
}

impl ServiceFaults {
    /// Plans a fault. Where one is planned already the new one takes its place.
    pub fn add(&self, point: ServicePoint, error: NovaError) {
        self.0.borrow_mut().faults.insert(point, error);
    }

    /// Counts anew from the next call on.
    pub fn reset_counts(&self) {
        self.0.borrow_mut().counts.clear();
    }

    /// The faults that struck, in order.
    pub fn struck(&self) -> Vec<ServicePoint> {
        self.0.borrow().struck.clone()
    }

    /// Counts a call, and raises what is planned for it.
    pub fn strike(&self, call: &'static str, trace: &Trace) -> Result<(), NovaError> {
        let mut plan = self.0.borrow_mut();
        let count = plan.counts.entry(call).or_default();
        *count += 1;
        let n = *count;
        debug_assert!(SERVICE_CALLS.contains(&call), "{call} is not listed");
        trace.record(|| TraceEvent::ServiceCall { call, n });
        let point = ServicePoint::new(call, n);
        match plan.faults.remove(&point) {
            None => Ok(()),
            Some(error) => {
                plan.struck.push(point);
                trace.record(|| TraceEvent::FaultInjected {
                    point: format!("{call}#{n}"),
                    fault: error.to_string(),
                });
                Err(error)
            }
        }
    }
}
