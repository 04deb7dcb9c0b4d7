//! Which calls of the volume and network services fail: fault points of services, as those of drivers are.

use model::NovaError;
use runtime::{Trace, TraceEvent};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

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

/// The faults that are to strike, and how often each call was made. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ServiceFaults(Rc<RefCell<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    faults: BTreeMap<ServicePoint, NovaError>,
    counts: BTreeMap<&'static str, u64>,
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

    /// The faults that have not struck.
    pub fn waiting(&self) -> Vec<ServicePoint> {
        self.0.borrow().faults.keys().cloned().collect()
    }

    /// Counts a call, and raises what is planned for it.
    pub fn strike(&self, call: &'static str, trace: &Trace) -> Result<(), NovaError> {
        let mut plan = self.0.borrow_mut();
        let count = plan.counts.entry(call).or_default();
        *count += 1;
        let n = *count;
        match plan.faults.remove(&ServicePoint::new(call, n)) {
            None => Ok(()),
            Some(error) => {
                trace.record(|| TraceEvent::FaultInjected {
                    point: format!("{call}#{n}"),
                    fault: error.to_string(),
                });
                Err(error)
            }
        }
    }
}
