//! What every plan came to, and how far the plans reached: the map and the coverage of an exploration.

use super::known;
use super::plans::Plan;
use crate::invariants::Violation;
use crate::report::call_failed;
use model::rpc::Address;
use runtime::TraceEvent;
use runtime::trace::TraceRecord;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every invariant holds.
    Fine,
    /// An invariant is broken, as Nova 34.0.0 is known to break it.
    Known,
    /// An invariant is broken, and nobody knew.
    New,
}

/// A plan and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOutcome {
    /// Where it strikes, for instance `host2:finish_migration#1`.
    pub point: String,
    /// What it does there, for instance `NovaException after its effect`.
    pub fault: String,
    /// The worst of what it breaks.
    pub outcome: Outcome,
    /// The invariants it breaks.
    pub broken: Vec<&'static str>,
}

impl PlanOutcome {
    /// `anyway` says which invariants are broken without any fault: those are not this plan's doing.
    pub(super) fn of(plan: &Plan, violations: &[Violation], anyway: impl Fn(&'static str) -> bool) -> Self {
        let mut broken: Vec<_> = violations.iter().map(|violation| violation.invariant).collect();
        broken.dedup();
        broken.retain(|invariant| !anyway(invariant));
        let verdict = |invariant: &&str| match known::of(invariant, plan) {
            Some(_) => Outcome::Known,
            None => Outcome::New,
        };
        let points: Vec<String> = plan.0.iter().map(|strike| strike.fault.point()).collect();
        Self {
            point: points.join(", then "),
            fault: plan.kind(),
            outcome: broken.iter().map(verdict).max().unwrap_or(Outcome::Fine),
            broken,
        }
    }
}

/// What handles a message: a method of the conductor or of the compute manager. Without a method it is what a compute
/// manager does of itself: its start, and its periodic tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handler {
    /// `conductor` or `compute`.
    pub service: &'static str,
    /// The RPC method.
    pub method: Option<&'static str>,
}

/// How many plans reached a handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Plans in which it ran.
    pub ran: usize,
    /// Plans in which it failed, or a driver call or planned fault in it did: those that tried its handling of failures.
    pub failed: usize,
}

/// Which handlers plans reached.
///
/// A handler's *failure handling* counts as reached when, while the handler ran, one of its driver calls failed, a planned
/// fault struck, or it ended with an error itself. A driver call belongs to the handler that began last on its host and has
/// not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached(BTreeMap<Handler, Reach>);

impl Reached {
    /// How many plans reached this handler.
    pub fn of(&self, handler: Handler) -> Reach {
        self.0.get(&handler).copied().unwrap_or_default()
    }

    /// Whether nothing is known: no traces were kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a plan, by the trace of its run.
    pub fn add(&mut self, trace: &[TraceRecord]) {
        let mut under_way: BTreeMap<&Address, Vec<(u64, &'static str)>> = BTreeMap::new();
        let (mut ran, mut failed) = (BTreeSet::new(), BTreeSet::new());
        for TraceRecord { event, .. } in trace {
            match event {
                TraceEvent::MessageDelivered { id, to, method } => {
                    ran.extend(handler(to, Some(method)));
                    under_way.entry(to).or_default().push((*id, *method));
                }
                TraceEvent::MessageHandled { id, to, method, error } => {
                    if error.is_some() {
                        failed.extend(handler(to, Some(method)));
                    }
                    if let Some(open) = under_way.get_mut(to) {
                        open.retain(|(known, _)| known != id);
                    }
                }
                TraceEvent::DriverCall { host, .. } => {
                    let to = Address::Compute(host.clone());
                    ran.extend(handler(&to, last_on(&under_way, &to)));
                }
                TraceEvent::DriverResult { host, method, outcome, .. } if call_failed(method, outcome) => {
                    let to = Address::Compute(host.clone());
                    failed.extend(handler(&to, last_on(&under_way, &to)));
                }
                TraceEvent::FaultInjected { point, .. } => {
                    let place = point.split_once(':').map_or("", |(place, _)| place);
                    let place = place.strip_prefix("compute.").unwrap_or(place);
                    let of_host =
                        |to: &&&Address| matches!(to, Address::Compute(host) if host.as_str() == place);
                    if let Some(to) = under_way.keys().find(of_host) {
                        failed.extend(handler(to, last_on(&under_way, to)));
                    }
                }
                _ => {}
            }
        }
        for handler in &ran {
            self.0.entry(*handler).or_default().ran += 1;
        }
        for handler in &failed {
            self.0.entry(*handler).or_default().failed += 1;
        }
    }

    /// Adds what others reached.
    pub fn merge(&mut self, others: &Self) {
        for (handler, reach) in &others.0 {
            let here = self.0.entry(*handler).or_default();
            here.ran += reach.ran;
            here.failed += reach.failed;
        }
    }
}

/// The handler that began last on a host, of those that go on.
fn last_on(under_way: &BTreeMap<&Address, Vec<(u64, &'static str)>>, to: &Address) -> Option<&'static str> {
    Some(under_way.get(to)?.last()?.1)
}

fn handler(to: &Address, method: Option<&'static str>) -> Option<Handler> {
    let service = match to {
        Address::Api => return None,
        Address::Conductor => CONDUCTOR,
        Address::Compute(_) => COMPUTE,
    };
    Some(Handler { service, method })
}

const CONDUCTOR: &str = "conductor";
const COMPUTE: &str = "compute";

const fn conductor(method: &'static str) -> Handler {
    Handler { service: CONDUCTOR, method: Some(method) }
}

const fn compute(method: &'static str) -> Handler {
    Handler { service: COMPUTE, method: Some(method) }
}

/// Every handler there is.
pub const HANDLERS: &[Handler] = &[
    conductor("schedule_and_build_instances"),
    conductor("build_instances"),
    conductor("migrate_server"),
    conductor("live_migrate_instance"),
    conductor("rebuild_instance"),
    conductor("unshelve_instance"),
    conductor("attach_volume"),
    Handler { service: COMPUTE, method: None },
    compute("build_and_run_instance"),
    compute("terminate_instance"),
    compute("soft_delete_instance"),
    compute("restore_instance"),
    compute("start_instance"),
    compute("stop_instance"),
    compute("reboot_instance"),
    compute("pause_instance"),
    compute("unpause_instance"),
    compute("suspend_instance"),
    compute("resume_instance"),
    compute("rescue_instance"),
    compute("unrescue_instance"),
    compute("prep_resize"),
    compute("resize_instance"),
    compute("finish_resize"),
    compute("confirm_resize"),
    compute("revert_resize"),
    compute("finish_revert_resize"),
    compute("check_can_live_migrate_destination"),
    compute("check_can_live_migrate_source"),
    compute("live_migration"),
    compute("pre_live_migration"),
    compute("post_live_migration_at_destination"),
    compute("rollback_live_migration_at_destination"),
    compute("live_migration_force_complete"),
    compute("live_migration_abort"),
    compute("rebuild_instance"),
    compute("check_instance_shared_storage"),
    compute("shelve_instance"),
    compute("shelve_offload_instance"),
    compute("unshelve_instance"),
    compute("snapshot_instance"),
    compute("backup_instance"),
    compute("attach_interface"),
    compute("detach_interface"),
    compute("reserve_block_device_name"),
    compute("attach_volume"),
    compute("detach_volume"),
    compute("swap_volume"),
    compute("extend_volume"),
    compute("remove_volume_connection"),
    compute("trigger_crash_dump"),
    compute("set_admin_password"),
    compute("get_console_output"),
    compute("get_diagnostics"),
    compute("get_instance_diagnostics"),
    compute("inject_network_info"),
    compute("external_instance_event"),
    compute("set_host_enabled"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use model::HostName;
    use serde_json::json;

    fn trace(events: Vec<TraceEvent>) -> Vec<TraceRecord> {
        (0..).zip(events).map(|(n, event)| TraceRecord { n, t: 0, event }).collect()
    }

    fn host() -> HostName {
        HostName::from("host1")
    }

    fn delivered(id: u64, method: &'static str) -> TraceEvent {
        TraceEvent::MessageDelivered { id, to: Address::Compute(host()), method }
    }

    fn handled(id: u64, method: &'static str, error: Option<&str>) -> TraceEvent {
        TraceEvent::MessageHandled {
            id,
            to: Address::Compute(host()),
            method,
            error: error.map(str::to_owned),
        }
    }

    fn call(method: &'static str, outcome: serde_json::Value) -> [TraceEvent; 2] {
        [
            TraceEvent::DriverCall { host: host(), method, n: 1, args: json!({}) },
            TraceEvent::DriverResult { host: host(), method, n: 1, outcome },
        ]
    }

    #[test]
    fn every_method_of_the_bus_has_a_handler_in_the_list_and_no_handler_is_listed_twice() {
        let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../model/src/rpc.rs"));
        let source = source.unwrap();
        let named: BTreeSet<&str> = source
            .lines()
            .filter(|line| line.trim_start().starts_with("Method::") && line.contains(" => \""))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        let listed: BTreeSet<&str> = HANDLERS.iter().filter_map(|handler| handler.method).collect();
        assert!(named.len() > 40, "{named:?}");
        assert_eq!(named, listed);
        let once: BTreeSet<&Handler> = HANDLERS.iter().collect();
        assert_eq!(once.len(), HANDLERS.len());
    }

    #[test]
    fn a_failed_driver_call_is_the_failure_of_the_handler_that_made_it() {
        let mut reached = Reached::default();
        let mut events = vec![delivered(1, "prep_resize"), delivered(2, "finish_resize")];
        events.extend(call("finish_migration", json!({"error": "NovaException"})));
        events.push(handled(2, "finish_resize", None));
        events.extend(call("plug_vifs", json!({"ok": null})));
        reached.add(&trace(events));
        assert_eq!(reached.of(compute("finish_resize")), Reach { ran: 1, failed: 1 });
        assert_eq!(reached.of(compute("prep_resize")), Reach { ran: 1, failed: 0 });
        assert_eq!(reached.of(compute("stop_instance")), Reach::default());
    }

    #[test]
    fn a_handler_that_ends_with_an_error_failed_and_each_plan_counts_once() {
        let mut reached = Reached::default();
        let events = vec![
            delivered(1, "stop_instance"),
            handled(1, "stop_instance", Some("no")),
            delivered(2, "stop_instance"),
            handled(2, "stop_instance", Some("no")),
        ];
        reached.add(&trace(events.clone()));
        let mut other = Reached::default();
        other.add(&trace(events));
        reached.merge(&other);
        assert_eq!(reached.of(compute("stop_instance")), Reach { ran: 2, failed: 2 });
    }

    #[test]
    fn what_fails_outside_of_any_message_is_the_start_or_a_periodic_task() {
        let mut reached = Reached::default();
        reached.add(&trace(call("init_host", json!({"failed": "trap"})).into()));
        assert_eq!(reached.of(Handler { service: COMPUTE, method: None }), Reach { ran: 1, failed: 1 });
    }

    #[test]
    fn a_method_that_many_a_driver_leaves_out_did_not_fail() {
        let mut reached = Reached::default();
        let mut events = vec![delivered(1, "build_and_run_instance")];
        events
            .extend(call("default_root_device_name", json!({"error": "NotImplementedError", "message": ""})));
        reached.add(&trace(events));
        assert_eq!(reached.of(compute("build_and_run_instance")), Reach { ran: 1, failed: 0 });
    }
}
