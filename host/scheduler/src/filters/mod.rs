//! The filter chain (`nova/filters.py`, `nova/scheduler/filters/`): one file a filter, or a few that read alike.

mod compute;

use crate::decision::Refused;
use crate::host_state::HostState;
use crate::schedule::{Round, is_rebuild_check};
use model::options::FilterName;
use model::{Options, RequestSpec};

/// Whether a host passes. A filter may drop allocation candidates of a host that passes with the others.
type Test<'a> = Box<dyn Fn(&mut HostState) -> bool + 'a>;

/// A filter made ready for one request.
struct Filter<'a> {
    test: Test<'a>,
    /// Whether it runs only for the first server of a request for several.
    once: bool,
    /// Whether it runs when a server is rebuilt where it is.
    on_rebuild: bool,
}

impl<'a> Filter<'a> {
    /// A filter that runs for each server of a request, and not on rebuild.
    fn new(test: impl Fn(&mut HostState) -> bool + 'a) -> Self {
        Self { test: Box::new(test), once: false, on_rebuild: false }
    }

    /// Its answer is the same for every server of a request.
    fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

/// Runs the enabled filters one after the other; each sees the hosts that all before it passed.
pub(crate) fn run(
    request: &RequestSpec,
    mut hosts: Vec<HostState>,
    options: &Options,
    round: Round,
    refused: &mut Vec<Refused>,
) -> Vec<HostState> {
    let rebuild = is_rebuild_check(request);
    for name in &options.enabled_filters {
        if hosts.is_empty() {
            break;
        }
        let filter = prepare(*name, request, options);
        if (filter.once && round == Round::Later) || (rebuild && !filter.on_rebuild) {
            continue;
        }
        hosts.retain_mut(|state| {
            let passes = (filter.test)(state);
            if !passes {
                let (host, node) = (state.host.clone(), state.node.clone());
                refused.push(Refused { host, node, filter: name.as_str() });
            }
            passes
        });
    }
    hosts
}

fn prepare<'a>(name: FilterName, _request: &'a RequestSpec, _options: &'a Options) -> Filter<'a> {
    match name {
        FilterName::ComputeFilter => compute::filter(),
        _ => Filter::new(|_| true).once(),
    }
}
