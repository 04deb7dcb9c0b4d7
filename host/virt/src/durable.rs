//! What outlives a driver's agent: the guests and disks of a host.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The durable storage of one compute host. It belongs to the host and not to the driver: whoever starts a
/// [`Hypervisor`](crate::Hypervisor) anew with the same `Durable` finds the guests that were there before, as after a restart
/// of the compute service. Clones share it. Each component of a stack has keys of its own.
#[derive(Clone, Debug, Default)]
pub struct Durable(Rc<RefCell<Rc<RefCell<Store>>>>);

#[derive(Debug, Default)]
struct Store {
    entries: BTreeMap<(usize, String), Vec<u8>>,
    bytes: usize,
}

impl Durable {
    /// Storage with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this and `other` are one storage, with what `other` has; what was here is gone.
    pub(crate) fn become_one_with(&self, other: &Durable) {
        let store = other.store();
        *self.0.borrow_mut() = store;
    }

    fn store(&self) -> Rc<RefCell<Store>> {
        self.0.borrow().clone()
    }

    pub(crate) fn get(&self, position: usize, key: String) -> Option<Vec<u8>> {
        self.store().borrow().entries.get(&(position, key)).cloned()
    }

    /// Writes; false when it would then hold more than `limit` bytes, nothing is changed then.
    pub(crate) fn set(&self, position: usize, key: String, value: Vec<u8>, limit: usize) -> bool {
        let store = self.store();
        let store = &mut *store.borrow_mut();
        let key = (position, key);
        let old = store.entries.get(&key).map_or(0, |value| key.1.len() + value.len());
        let bytes = store.bytes - old + key.1.len() + value.len();
        if bytes > limit {
            return false;
        }
        store.bytes = bytes;
        store.entries.insert(key, value);
        true
    }

    pub(crate) fn delete(&self, position: usize, key: String) {
        let store = self.store();
        let store = &mut *store.borrow_mut();
        if let Some((key, value)) = store.entries.remove_entry(&(position, key)) {
            store.bytes -= key.1.len() + value.len();
        }
    }

    pub(crate) fn keys(&self, position: usize, prefix: &str) -> Vec<String> {
        let store = self.store();
        let store = store.borrow();
        store
            .entries
            .range((position, prefix.to_owned())..)
            .map(|((of, key), _)| (*of, key))
            .take_while(|(of, key)| *of == position && key.starts_with(prefix))
            .map(|(_, key)| key.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_do_not_see_each_others_keys() {
        let durable = Durable::new();
        assert!(durable.set(0, "guest/a".into(), vec![1], 100));
        assert!(durable.set(1, "guest/b".into(), vec![2], 100));
        assert_eq!(durable.keys(0, "guest/"), ["guest/a"]);
        assert_eq!(durable.get(1, "guest/a".into()), None);
    }

    #[test]
    fn a_storage_that_became_one_with_another_has_what_that_has_for_all_who_share_it() {
        let (host, next) = (Durable::new(), Durable::new());
        let shared = host.clone();
        assert!(host.set(0, "old".into(), vec![1], 100));
        assert!(next.set(0, "new".into(), vec![2], 100));
        host.become_one_with(&next);
        assert_eq!(shared.keys(0, ""), ["new"]);
        assert!(next.set(0, "later".into(), vec![3], 100));
        assert_eq!(shared.get(0, "later".into()), Some(vec![3]));
    }

    #[test]
    fn a_full_store_refuses_and_keeps_what_it_has() {
        let durable = Durable::new();
        assert!(durable.set(0, "k".into(), vec![0; 9], 10));
        assert!(!durable.set(0, "k".into(), vec![0; 10], 10));
        assert_eq!(durable.get(0, "k".into()).map(|value| value.len()), Some(9));
        durable.delete(0, "k".into());
        assert!(durable.set(0, "j".into(), vec![0; 9], 10));
    }
}
