//! Where a run can be struck, and with what.

use crate::run::Run;
use crate::scenario::{FaultKind, FaultSpec};
use model::ExceptionClass;
use runtime::TraceEvent;
use virt::{FaultPoint, Method, When};

/// The driver calls of a run, in their order: those of the hosts' starts, too.
pub fn points(run: &Run) -> Vec<FaultPoint> {
    run.trace
        .iter()
        .filter_map(|record| match &record.event {
            TraceEvent::DriverCall { host, method, n, .. } => {
                Some(FaultPoint { host: host.clone(), method: Method::from_name(method)?, n: *n })
            }
            _ => None,
        })
        .collect()
}

/// Every plan of one fault. The plain failure of each call comes first, then the subtler ones, so that what shows a defect
/// most simply is found first.
pub(super) fn plans(points: &[FaultPoint]) -> Vec<FaultSpec> {
    let plain = FaultKind::Raise(ExceptionClass::NovaException);
    let others = FaultKind::all().filter(|kind| *kind != plain).map(|kind| (kind, When::Before));
    let kinds = [(plain.clone(), When::Before), (plain.clone(), When::After)].into_iter().chain(others);
    kinds
        .flat_map(|(error, when)| {
            points.iter().map(move |at| FaultSpec {
                at: at.clone(),
                error: error.clone(),
                message: None,
                server: None,
                when,
            })
        })
        .collect()
}
