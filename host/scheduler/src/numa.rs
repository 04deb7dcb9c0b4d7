//! NUMA cells: those a flavor or image asks for, and whether they fit those of a host (`nova/virt/hardware.py`,
//! `numa_get_constraints`, `numa_fit_instance_to_host`).
//!
//! Processors (shared and dedicated) and memory are fitted. Large pages, thread siblings and the cells of PCI devices are
//! not looked at: hosts here do not report them.

use crate::cpu_set;
use crate::host_state::{HostNuma, NumaCell};
use model::RequestSpec;
use std::collections::BTreeSet;

/// Most cells a server can have; more is asked by mistake, and fits nowhere.
const MAX_CELLS: u32 = 64;

/// One NUMA cell of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WantedCell {
    /// Processors that may be shared with other servers.
    pub(crate) shared: u64,
    /// Processors of its own.
    pub(crate) dedicated: u64,
    /// MiB of memory.
    pub(crate) memory_mb: u64,
}

/// The extra spec `hw:NAME`, or else the image property `hw_NAME`.
pub(crate) fn hardware<'a>(request: &'a RequestSpec, name: &str) -> Option<&'a str> {
    let property = || request.image_meta.as_ref()?.properties.get(&format!("hw_{name}"));
    request.flavor.extra_specs.get(&format!("hw:{name}")).or_else(property).map(String::as_str)
}

/// Which of the server's processors are to be dedicated.
pub(crate) fn dedicated_processors(request: &RequestSpec) -> BTreeSet<u32> {
    let total = request.flavor.vcpus;
    match hardware(request, "cpu_policy") {
        Some("dedicated") => (0..total).collect(),
        Some("mixed") => {
            let mask = hardware(request, "cpu_dedicated_mask");
            mask.and_then(|mask| cpu_set::masked(mask, total)).unwrap_or_default()
        }
        _ => BTreeSet::new(),
    }
}

/// The cells the request asks for; none when it does not speak of NUMA. One is implied by dedicated processors and by
/// page sizes.
pub(crate) fn wanted_cells(request: &RequestSpec) -> Option<Vec<WantedCell>> {
    let dedicated = dedicated_processors(request);
    let implied = !dedicated.is_empty() || hardware(request, "mem_page_size").is_some();
    let count = match hardware(request, "numa_nodes") {
        Some(count) => count.parse::<u32>().ok().filter(|count| *count > 0)?,
        None if implied => 1,
        None => return None,
    };
    // One cell more than the bound is enough to fit nowhere.
    let cells = count.min(MAX_CELLS + 1);
    let (vcpus, memory_mb) = (request.flavor.vcpus, request.flavor.memory_mb);
    let share = vcpus / count;
    let cell = |index: u32| {
        let named = hardware(request, &format!("numa_cpus.{index}")).and_then(cpu_set::parse);
        let processors = named.unwrap_or_else(|| {
            (index.saturating_mul(share)..index.saturating_add(1).saturating_mul(share)).collect()
        });
        let own = processors.intersection(&dedicated).count() as u64;
        let memory = hardware(request, &format!("numa_mem.{index}")).and_then(|text| text.parse().ok());
        WantedCell {
            shared: processors.len() as u64 - own,
            dedicated: own,
            memory_mb: memory.unwrap_or(memory_mb / u64::from(count)),
        }
    };
    Some((0..cells).map(cell).collect())
}

/// For each cell wanted the host's cell it is put on, each on one of its own; none when they do not fit.
pub(crate) fn fit(
    host: &HostNuma,
    wanted: &[WantedCell],
    cpu_ratio: f64,
    ram_ratio: f64,
) -> Option<Vec<usize>> {
    if wanted.len() > host.cells.len() || wanted.len() > MAX_CELLS as usize {
        return None;
    }
    let mut taken_by: Vec<Option<usize>> = vec![None; host.cells.len()];
    for index in 0..wanted.len() {
        let fits = |wanted_index: usize, cell: usize| {
            cell_fits(&host.cells[cell], &wanted[wanted_index], cpu_ratio, ram_ratio)
        };
        if !assign(index, &mut taken_by, &mut vec![false; host.cells.len()], &fits) {
            return None;
        }
    }
    let place = |index| taken_by.iter().position(|taker| *taker == Some(index));
    (0..wanted.len()).map(place).collect()
}

/// Finds a cell for one wanted cell, moving others aside where they fit elsewhere too (an augmenting path).
fn assign(
    index: usize,
    taken_by: &mut [Option<usize>],
    seen: &mut [bool],
    fits: &impl Fn(usize, usize) -> bool,
) -> bool {
    for cell in 0..taken_by.len() {
        if seen[cell] || !fits(index, cell) {
            continue;
        }
        seen[cell] = true;
        if taken_by[cell].is_none_or(|other| assign(other, taken_by, seen, fits)) {
            taken_by[cell] = Some(index);
            return true;
        }
    }
    false
}

/// Whether a cell has room. A server never shares a processor with itself, whatever the ratio.
fn cell_fits(cell: &NumaCell, wanted: &WantedCell, cpu_ratio: f64, ram_ratio: f64) -> bool {
    let processors = cell.cpuset.len() as u64;
    let free_dedicated = cell.pcpuset.difference(&cell.pinned_cpus).count() as u64;
    let used_memory = cell.memory_usage_mb.saturating_add(wanted.memory_mb);
    wanted.shared <= processors
        && (wanted.shared == 0
            || cell.cpu_usage.saturating_add(wanted.shared) as f64 <= processors as f64 * cpu_ratio)
        && wanted.dedicated <= free_dedicated
        && wanted.memory_mb <= cell.memory_mb
        && used_memory as f64 <= cell.memory_mb as f64 * ram_ratio
}

/// Counts the cells in where [`fit`] put them.
pub(crate) fn take(host: &mut HostNuma, wanted: &[WantedCell], places: &[usize]) {
    for (wanted, place) in wanted.iter().zip(places) {
        let Some(cell) = host.cells.get_mut(*place) else { continue };
        cell.cpu_usage = cell.cpu_usage.saturating_add(wanted.shared);
        cell.memory_usage_mb = cell.memory_usage_mb.saturating_add(wanted.memory_mb);
        let free = cell.pcpuset.difference(&cell.pinned_cpus).copied();
        let pinned: Vec<u32> = free.take(usize::try_from(wanted.dedicated).unwrap_or(usize::MAX)).collect();
        cell.pinned_cpus.extend(pinned);
    }
}
