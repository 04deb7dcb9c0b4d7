//! The crash sweep: a host dies in every driver call of every built-in scenario, before and after its effect, and with every
//! message it takes; then it comes back. What Nova leaves behind then is in [`LEFT_BY_NOVA`]; everything else is mended by
//! the start of the host's service or by its periodic tasks.

use super::failing::{Crashed, crashing};
use super::replay;

/// A way in which Nova 34.0.0 itself breaks an invariant when a host dies.
struct LeftByNova {
    invariant: &'static str,
    /// What the host was doing, by the message it had taken; empty: whatever it was.
    during: &'static [&'static str],
    reason: &'static str,
}

const LEFT_BY_NOVA: &[LeftByNova] = &[];

impl LeftByNova {
    fn explains(&self, invariant: &str, crashed: &Crashed) -> bool {
        self.invariant == invariant && (self.during.is_empty() || self.during.contains(&crashed.during))
    }
}

#[test]
fn a_host_that_dies_anywhere_leaves_nothing_but_what_nova_leaves() {
    let (engine, library) = (replay::engine().unwrap(), replay::library());
    let (mut unexplained, mut met, mut runs) = (Vec::new(), vec![false; LEFT_BY_NOVA.len()], 0);
    for scenario in explore::BUILTIN {
        for crashed in &crashing(scenario.name, &engine, &library) {
            runs += 1;
            for violation in &crashed.run.report.violations {
                match LEFT_BY_NOVA.iter().position(|known| known.explains(violation.invariant, crashed)) {
                    Some(row) => met[row] = true,
                    None => unexplained.push(format!("{} => {}", crashed.name(), violation.message)),
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
