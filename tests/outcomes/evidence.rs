//! What the explorer says was seen of the real Nova was seen.

use super::line::{Line, read_lines};
use super::replay::{Replayed, replay};
use explore::search::known::{self, By, Evidence};
use std::collections::BTreeMap;

/// A run is reproduced in every field (`every_observed_outcome_is_reproduced`): what it breaks here Nova broke.
#[test]
fn every_known_behaviour_that_was_observed_is_broken_by_the_runs_that_are_named() {
    let lines = read_lines(crate::SHIPPED).unwrap();
    let lines: BTreeMap<String, &Line> = lines.iter().map(|line| (line.name(), line)).collect();
    let mut replayed: BTreeMap<&str, Replayed> = BTreeMap::new();
    let mut observed = 0;
    for known in known::all() {
        let Evidence::Observed(runs) = known.reason.evidence else { continue };
        observed += 1;
        for run in runs {
            let line = lines.get(*run).unwrap_or_else(|| panic!("no run is named {run:?}"));
            replayed.entry(run).or_insert_with(|| replay(line).unwrap().unwrap());
        }
        let shows = |run: &&&str| replayed[**run].broken.contains(known.invariant);
        let shown: Vec<_> = runs.iter().filter(shows).collect();
        assert!(
            !runs.is_empty() && shown.len() == runs.len(),
            "{} is not broken by each of {runs:?}",
            known.invariant
        );
        if let By::Call { methods, after } = known.by {
            let is_one = |run: &&&str| {
                lines[**run].faults().any(|fault| {
                    let method = methods.iter().any(|method| method.name() == fault.method);
                    method && (after.is_empty() || after.iter().any(|class| class.name() == fault.error))
                })
            };
            assert!(shown.iter().any(is_one), "{known:?} is about other calls than {shown:?}");
        }
    }
    assert!(observed >= 30, "{observed}");
}
