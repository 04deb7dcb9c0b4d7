//! The crash sweep: a host dies in every driver call of every built-in scenario, before and after its effect, and with every
//! message it takes; then it comes back. What Nova leaves behind then is in [`LEFT_BY_NOVA`]; everything else is mended by
//! the start of the host's service or by its periodic tasks.

use super::failing::{Crashed, crashing};

/// A way in which Nova 34.0.0 itself breaks an invariant when a host dies; for an exchange of drivers, which Nova does not
/// have, the way in which this project's contract allows it.
struct LeftByNova {
    invariant: &'static str,
    /// What the host was doing, by the message it had taken; empty: whatever it was.
    during: &'static [&'static str],
    reason: &'static str,
}

/// Read in `nova/compute/manager.py`, `_init_instance`, which takes up what it finds on the host's own servers: builds (to
/// ERROR), `resize_prep`, `resize_migrating`, deletions, reboots, `powering-on`, `powering-off`, snapshots. Whatever is in none
/// of these states, or not on the host, stays.
const LEFT_BY_NOVA: &[LeftByNova] = &[
    LeftByNova {
        invariant: "every_event_finished",
        during: &[],
        reason: "an event is finished by the process that began it, when it leaves `EventReporter`",
    },
    LeftByNova {
        invariant: "no_task_left",
        during: &["build_and_run_instance"],
        reason: "a server has no host before its claim and after the claim is given up, so no start of a host finds it",
    },
    LeftByNova {
        invariant: "server_holds_its_flavor_on_its_host",
        during: &["build_and_run_instance", "unshelve_instance"],
        reason: "the scheduler allocates, the host is recorded later: what has no host is found by no start of a host",
    },
    LeftByNova {
        invariant: "no_task_left",
        during: &["prep_resize", "finish_resize", "revert_resize", "finish_revert_resize"],
        reason: "the destination died and the server is the source's; or `_init_instance` knows no such task",
    },
    LeftByNova {
        invariant: "server_holds_its_flavor_on_its_host",
        during: &["prep_resize"],
        reason: "the migration that was begun is ended by nobody, and its allocation returned by nobody",
    },
    LeftByNova {
        invariant: "one_guest_on_its_host",
        during: &["finish_resize", "revert_resize", "finish_revert_resize"],
        reason: "the guest is gone from one host and not yet on the other; `_init_instance` knows no such task",
    },
    LeftByNova {
        invariant: "migrations_hold_only_while_they_last",
        during: &["confirm_resize", "revert_resize", "finish_revert_resize"],
        reason: "a migration is recorded as ended before its allocation is returned",
    },
    LeftByNova {
        invariant: "no_task_left",
        during: &["shelve_instance", "unshelve_instance"],
        reason: "`_init_instance` knows no task of shelving",
    },
    LeftByNova {
        invariant: "one_guest_on_its_host",
        during: &["shelve_instance"],
        reason: "offloading destroys the guest before the record says so",
    },
    LeftByNova {
        invariant: "one_guest_on_its_host",
        during: &["-"],
        reason: "not Nova's: a driver that dies as it hands over its guests loses them, which is a hypervisor's restart",
    },
];

impl LeftByNova {
    fn explains(&self, invariant: &str, crashed: &Crashed) -> bool {
        self.invariant == invariant && (self.during.is_empty() || self.during.contains(&crashed.during))
    }
}

#[test]
fn a_host_that_dies_anywhere_leaves_nothing_but_what_nova_leaves() {
    let (engine, library) = (harness::engine().unwrap(), harness::shipped());
    let (mut unexplained, mut met, mut runs) = (Vec::new(), vec![false; LEFT_BY_NOVA.len()], 0);
    for scenario in explore::BUILTIN {
        for crashed in &crashing(scenario.name, engine, &library) {
            runs += 1;
            for violation in &crashed.run.report.violations {
                match LEFT_BY_NOVA.iter().position(|known| known.explains(violation.invariant, crashed)) {
                    Some(row) => met[row] = true,
                    None => unexplained.push(format!(
                        "{} => {}: {}",
                        crashed.name(),
                        violation.invariant,
                        violation.message
                    )),
                }
            }
        }
    }
    assert!(runs > 500, "only {runs} crashes");
    assert!(unexplained.is_empty(), "{} violations:\n{}", unexplained.len(), unexplained.join("\n"));
    let never: Vec<_> =
        LEFT_BY_NOVA.iter().zip(&met).filter(|(_, met)| !**met).map(|(known, _)| known.reason).collect();
    assert!(never.is_empty(), "no crash breaks an invariant any more because of: {never:?}");
}
