//! NUMATopologyFilter: the NUMA cells asked for fit those of the host
//! (`nova/scheduler/filters/numa_topology_filter.py`).

use super::Filter;
use crate::numa;
use model::RequestSpec;

pub(super) fn filter<'a>(request: &'a RequestSpec) -> Filter<'a> {
    let wanted = numa::wanted_cells(request);
    Filter::new(move |state| match (&wanted, &state.numa) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(host)) => {
            numa::fit(host, wanted, state.cpu_allocation_ratio, state.ram_allocation_ratio).is_some()
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::filters::tests::{Case, host, passes, request};
    use crate::{HostNuma, NumaCell};
    use model::options::FilterName::NUMATopologyFilter;

    /// Two cells; the second has twice the memory and its dedicated processors are in use but for one.
    fn numa_host() -> crate::HostState {
        let mut state = host("host1");
        let cell = |id: u32, memory_mb, pinned: &[u32]| NumaCell {
            id,
            cpuset: (0..4).collect(),
            pcpuset: (4..8).collect(),
            pinned_cpus: pinned.iter().copied().collect(),
            memory_mb,
            ..NumaCell::default()
        };
        state.numa = Some(HostNuma { cells: vec![cell(0, 1024, &[]), cell(1, 2048, &[4, 5, 6])] });
        state.cpu_allocation_ratio = 1.0;
        state
    }

    #[test]
    fn cells_are_put_on_cells_of_their_own_with_room() {
        type Specs = &'static [(&'static str, &'static str)];
        let cases: &[Case<(u32, u64, Specs)>] = &[
            ("one cell", (4, 2048, &[("hw:numa_nodes", "1")]), true),
            ("one cell, too much memory", (4, 2049, &[("hw:numa_nodes", "1")]), false),
            ("one cell, too many processors", (5, 512, &[("hw:numa_nodes", "1")]), false),
            ("two cells", (8, 2048, &[("hw:numa_nodes", "2")]), true),
            (
                "the larger cell goes where there is room, whatever the order",
                (2, 3000, &[("hw:numa_nodes", "2"), ("hw:numa_mem.0", "2000"), ("hw:numa_mem.1", "1000")]),
                true,
            ),
            ("three cells", (3, 300, &[("hw:numa_nodes", "3")]), false),
            ("a senseless number of cells", (3, 300, &[("hw:numa_nodes", "4000000000")]), false),
            ("dedicated processors", (4, 512, &[("hw:cpu_policy", "dedicated")]), true),
            ("too many of them", (5, 512, &[("hw:cpu_policy", "dedicated")]), false),
            (
                "dedicated on both cells",
                (4, 512, &[("hw:cpu_policy", "dedicated"), ("hw:numa_nodes", "2")]),
                false,
            ),
            (
                "some shared, some dedicated",
                (
                    4,
                    512,
                    &[("hw:cpu_policy", "mixed"), ("hw:cpu_dedicated_mask", "^0-1"), ("hw:numa_nodes", "1")],
                ),
                true,
            ),
        ];
        for (what, (vcpus, memory_mb, specs), expected) in cases {
            let mut asked = request();
            (asked.flavor.vcpus, asked.flavor.memory_mb) = (*vcpus, *memory_mb);
            asked.flavor.extra_specs = specs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
            assert_eq!(passes(NUMATopologyFilter, &asked, &numa_host()), *expected, "{what}");
        }
    }

    #[test]
    fn a_host_without_cells_is_good_only_for_those_who_ask_for_none() {
        let mut asked = request();
        assert!(passes(NUMATopologyFilter, &asked, &host("host1")));
        asked.flavor.extra_specs.insert("hw:numa_nodes".into(), "1".into());
        assert!(!passes(NUMATopologyFilter, &asked, &host("host1")));
    }

    #[test]
    fn what_was_chosen_before_counts() {
        let mut asked = request();
        (asked.flavor.vcpus, asked.flavor.memory_mb) = (4, 512);
        asked.flavor.extra_specs.insert("hw:numa_nodes".into(), "1".into());
        let mut state = numa_host();
        for expected in [true, true, false] {
            assert_eq!(passes(NUMATopologyFilter, &asked, &state), expected);
            state.place(&asked);
        }
    }
}
