//! Keeping the indexes in step with the providers.

use crate::names::ClassId;
use crate::state::{Placement, Slot};

impl Placement {
    /// Brings the index of one class up to date after the provider's inventory or usage of it has changed.
    pub(crate) fn reindex_room(&mut self, slot: Slot, class: ClassId) {
        let provider = self.provider_at(slot);
        let (root, left) = (provider.root, room_at(self, slot, class));
        let room = self.index.room_mut(class);
        let before = room.own.get(slot.0);
        room.own.set(slot.0, left);
        let most = room.tree.get(root.0);
        if left >= most {
            room.tree.set(root.0, left);
        } else if before == most {
            // This provider may have been the one with the most.
            self.reindex_tree_room(root, class);
        }
    }

    fn reindex_tree_room(&mut self, root: Slot, class: ClassId) {
        let most = self.tree_of(root).map(|slot| room_at(self, slot, class)).max().unwrap_or(0);
        self.index.room_mut(class).tree.set(root.0, most);
    }

    /// Everybody in the tree with this root, in order of creation.
    pub(crate) fn tree_of(&self, root: Slot) -> impl Iterator<Item = Slot> {
        self.provider_at(root).tree.iter().copied()
    }

    /// Forgets what is indexed under this root, before its tree changes.
    pub(crate) fn unindex_tree(&mut self, root: Slot) {
        let tree: Vec<Slot> = self.tree_of(root).collect();
        for slot in tree {
            let provider = self.provider_at(slot);
            let classes: Vec<_> = provider.stocks.keys().copied().collect();
            let traits: Vec<_> = provider.traits.iter().copied().collect();
            let aggregates: Vec<_> = provider.aggregates.iter().copied().collect();
            for class in classes {
                self.index.room_mut(class).tree.set(root.0, 0);
            }
            for id in traits {
                self.index.with_trait_mut(id).tree.remove(root.0);
            }
            for id in aggregates {
                self.index.change_aggregate(id, |membership| membership.tree.remove(root.0));
            }
        }
    }

    /// Indexes a tree under its root, after it has changed.
    pub(crate) fn index_tree(&mut self, root: Slot) {
        let tree: Vec<Slot> = self.tree_of(root).collect();
        for slot in tree {
            let provider = self.provider_at(slot);
            let classes: Vec<_> = provider.stocks.keys().copied().collect();
            let traits: Vec<_> = provider.traits.iter().copied().collect();
            let aggregates: Vec<_> = provider.aggregates.iter().copied().collect();
            for class in classes {
                let left = room_at(self, slot, class);
                let room = self.index.room_mut(class);
                if left > room.tree.get(root.0) {
                    room.tree.set(root.0, left);
                }
            }
            for id in traits {
                self.index.with_trait_mut(id).tree.insert(root.0);
            }
            for id in aggregates {
                self.index.change_aggregate(id, |membership| membership.tree.insert(root.0));
            }
        }
    }
}

/// The largest single amount of the class that the provider can supply.
fn room_at(state: &Placement, slot: Slot, class: ClassId) -> u32 {
    state.provider_at(slot).stocks.get(&class).map_or(0, |stock| stock.inventory.headroom(stock.used))
}
