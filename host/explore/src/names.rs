//! Names of invariants. Those of the project are constants; those of scenarios and oracles become so here: there are as many as
//! somebody writes, and they stay as long as the process, so that a violation is told by its invariant at no cost.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The name, for good.
pub(crate) fn constant(name: &str) -> &'static str {
    // Nothing is done under this lock that could fail and leave it poisoned.
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(name) {
        Some(known) => known,
        None => {
            let known: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(known);
            known
        }
    }
}
