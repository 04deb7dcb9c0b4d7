//! Weighing (`nova/weights.py`, `nova/scheduler/weights/`): each weigher gives every host a raw value; the values are
//! normalised over the hosts, multiplied and summed. One file a weigher.

mod build_failure;
mod cpu;
mod cross_cell;
mod disk;
mod host_name;
mod hypervisor_version;
mod image_properties;
mod io_ops;
mod metrics;
mod normalise;
mod num_instances;
mod pci;
mod ram;
mod server_group;
#[cfg(test)]
mod tests;

use crate::decision::{Failure, Weighed, WeigherValue};
use crate::host_state::HostState;
use model::options::WeightClasses;
use model::{Options, RequestSpec};
use normalise::normalise;

/// The raw value a weigher gives a host.
type Raw<'a> = Box<dyn Fn(&HostState) -> Result<f64, Failure> + 'a>;

/// A weigher made ready for one request.
struct Weigher<'a> {
    /// Nova's class.
    name: &'static str,
    /// The multiplier's option, which is also the key of aggregate metadata that overrides it; none when it has none.
    option: Option<&'static str>,
    /// The option's value.
    multiplier: f64,
    /// Whether the multiplier counts against a host.
    negated: bool,
    /// Raw values are raised to this, and it is the lower end of the scale.
    minval: Option<f64>,
    /// Raw values are lowered to this, and it is the upper end of the scale.
    maxval: Option<f64>,
    /// The raw value of a host.
    raw: Raw<'a>,
}

impl<'a> Weigher<'a> {
    /// A weigher without bounds of its own.
    fn new(
        name: &'static str,
        option: &'static str,
        multiplier: f64,
        raw: impl Fn(&HostState) -> f64 + 'a,
    ) -> Self {
        let raw = Box::new(move |state: &HostState| Ok(raw(state)));
        Self { name, option: Some(option), multiplier, negated: false, minval: None, maxval: None, raw }
    }

    /// With a lower bound.
    fn from(self, minval: f64) -> Self {
        Self { minval: Some(minval), ..self }
    }

    /// With the multiplier counting against a host.
    fn negated(self) -> Self {
        Self { negated: true, ..self }
    }

    /// What the weigher counts for a host: the smallest value that the host's aggregates give, when all they give are
    /// numbers, else the option (`nova/scheduler/utils.py, get_weight_multiplier`).
    fn multiplier(&self, state: &HostState) -> f64 {
        let overridden = self.option.filter(|_| !state.aggregates.is_empty()).and_then(|option| {
            let values = state.aggregate_values(option).into_iter();
            let numbers: Option<Vec<f64>> = values
                .map(|text| text.trim().parse().ok().filter(|number: &f64| number.is_finite()))
                .collect();
            numbers?.into_iter().min_by(f64::total_cmp)
        });
        let multiplier = overridden.unwrap_or(self.multiplier);
        if self.negated { -multiplier } else { multiplier }
    }
}

/// Weighs the hosts and puts the best first. Hosts of equal weight keep their order. A single host is not weighed.
pub(crate) fn weigh(
    request: &RequestSpec,
    hosts: Vec<HostState>,
    options: &Options,
) -> Result<Vec<Weighed>, Failure> {
    let weighers = if hosts.len() > 1 { active(request, options) } else { Vec::new() };
    let count = hosts.len();
    let mut totals = vec![0.0; count];
    let mut values: Vec<Vec<WeigherValue>> = Vec::new();
    values.resize_with(count, || Vec::with_capacity(weighers.len()));
    for weigher in &weighers {
        let raws = hosts.iter().map(|state| (weigher.raw)(state)).collect::<Result<Vec<f64>, _>>()?;
        let normals = normalise(&raws, weigher.minval, weigher.maxval);
        for (index, (raw, normalised)) in raws.into_iter().zip(normals).enumerate() {
            let multiplier = weigher.multiplier(&hosts[index]);
            totals[index] += multiplier * normalised;
            values[index].push(WeigherValue { weigher: weigher.name, raw, normalised, multiplier });
        }
    }
    // Host states are large: their order is found first, so that each is moved only once.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| totals[*b].total_cmp(&totals[*a]));
    let mut hosts: Vec<Option<HostState>> = hosts.into_iter().map(Some).collect();
    let weighed = order.into_iter().filter_map(|index| {
        let host = hosts[index].take()?;
        Some(Weighed { host, weight: totals[index], weights: std::mem::take(&mut values[index]) })
    });
    Ok(weighed.collect())
}

/// The weighers in force.
fn active<'a>(request: &'a RequestSpec, options: &'a Options) -> Vec<Weigher<'a>> {
    let all = || {
        vec![
            server_group::soft_affinity(request, options),
            server_group::soft_anti_affinity(request, options),
            build_failure::weigher(options),
            cpu::weigher(options),
            cross_cell::weigher(request, options),
            disk::weigher(options),
            hypervisor_version::weigher(options),
            image_properties::weigher(request, options),
            io_ops::weigher(options),
            metrics::weigher(options),
            num_instances::weigher(options),
            pci::weigher(options),
            ram::weigher(options),
        ]
    };
    match &options.weight_classes {
        WeightClasses::HostName => vec![host_name::weigher()],
        WeightClasses::All => all(),
        WeightClasses::Named(names) => {
            let every = std::iter::once(host_name::weigher()).chain(all());
            every.filter(|weigher| names.iter().any(|name| name == weigher.name)).collect()
        }
    }
}
