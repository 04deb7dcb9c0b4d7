//! PciPassthroughFilter: the devices asked for are free on the host
//! (`nova/scheduler/filters/pci_passthrough_filter.py`, `nova/pci/stats.py`).

use super::Filter;
use crate::host_state::PciPool;
use model::{PciRequest, RequestSpec};

pub(super) fn filter<'a>(request: &'a RequestSpec) -> Filter<'a> {
    Filter::new(|state| take(&mut state.pci_pools.clone(), &request.pci_requests))
}

/// Takes the devices asked for from the pools, each request from the first pools that fit; whether there were enough.
pub(crate) fn take(pools: &mut [PciPool], requests: &[PciRequest]) -> bool {
    requests.iter().all(|request| {
        let mut wanted = request.count;
        for pool in pools.iter_mut().filter(|pool| fits(pool, request)) {
            let taken = wanted.min(pool.count);
            pool.count -= taken;
            wanted -= taken;
        }
        wanted == 0
    })
}

/// Whether the pool's devices are of one of the kinds asked for.
fn fits(pool: &PciPool, request: &PciRequest) -> bool {
    request.spec.iter().any(|kind| kind.iter().all(|(tag, value)| pool.tags.get(tag) == Some(value)))
}

#[cfg(test)]
mod tests {
    use crate::PciPool;
    use crate::filters::tests::{host, passes, request};
    use model::PciRequest;
    use model::options::FilterName::PciPassthroughFilter;
    use std::collections::BTreeMap;

    fn tags(product: &str) -> BTreeMap<String, String> {
        [("vendor_id".to_owned(), "8086".to_owned()), ("product_id".to_owned(), product.to_owned())].into()
    }

    fn ask(count: u64, products: &[&str]) -> PciRequest {
        PciRequest { id: "r".into(), count, spec: products.iter().map(|product| tags(product)).collect() }
    }

    #[test]
    fn all_requests_together_must_be_met_from_the_pools() {
        let mut state = host("host1");
        let pool = |product, count| PciPool { count, tags: tags(product), numa_node: None };
        state.pci_pools = vec![pool("1520", 2), pool("1521", 1)];
        for (requests, expected) in [
            (vec![], true),
            (vec![ask(2, &["1520"])], true),
            (vec![ask(3, &["1520"])], false),
            (vec![ask(3, &["1520", "1521"])], true),
            (vec![ask(2, &["1520"]), ask(1, &["1520", "1521"])], true),
            (vec![ask(2, &["1520"]), ask(2, &["1520", "1521"])], false),
            (vec![ask(1, &["9999"])], false),
        ] {
            let mut asked = request();
            asked.pci_requests = requests;
            assert_eq!(passes(PciPassthroughFilter, &asked, &state), expected, "{:?}", asked.pci_requests);
        }
    }
}
