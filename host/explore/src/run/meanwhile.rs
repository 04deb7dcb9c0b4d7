//! What others do while the steps of a scenario are taken.

use super::outcome::StepOutcome;
use super::steps::Runner;
use crate::scenario::{HeldPoint, MeanwhileSpec, Placed};
use futures_util::future::{LocalBoxFuture, join_all, pending};
use runtime::TraceEvent;

/// Plans what others do, and does it when its time has come. Never ends: it is over with the steps.
pub(super) fn meanwhile<'a>(runner: &'a Runner<'a>) -> LocalBoxFuture<'a, ()> {
    let all = runner.scenario.meanwhile.iter().enumerate();
    let all: Vec<_> = all.map(|(number, Placed { item, .. })| one(runner, number, item)).collect();
    Box::pin(async move {
        join_all(all).await;
        pending().await
    })
}

fn one<'a>(runner: &'a Runner<'a>, number: usize, other: &'a MeanwhileSpec) -> LocalBoxFuture<'a, ()> {
    let services = runner.cloud.services();
    let time_has_come: LocalBoxFuture<'a, ()> = match &other.at {
        HeldPoint::Driver(at) => {
            runner.cloud.faults().add(at.clone(), other.slows());
            Box::pin(runner.cloud.faults().strikes(at.clone()))
        }
        HeldPoint::Message(at) => {
            services.bus.faults().add(at.clone(), MeanwhileSpec::MESSAGE);
            Box::pin(services.bus.faults().strikes(at.clone()))
        }
    };
    Box::pin(async move {
        time_has_come.await;
        // The step in which it is done is over only after it.
        let _busy = services.tasks.goes_on();
        services.trace.record(|| TraceEvent::FaultInjected {
            point: other.at.to_string(),
            fault: format!("meanwhile: {}", other.meanwhile),
        });
        let outcome = runner.act(&other.meanwhile).await;
        let remark = match outcome {
            // Whether a refusal was wanted does not matter here.
            StepOutcome::Failed { problem } => Some(problem),
            other => other.remark(),
        };
        runner.meanwhile.borrow_mut().insert(number, remark);
    })
}
