//! Providers and their trees (`placement/objects/resource_provider.py`).

use crate::command::{Event, Parent};
use crate::error::PlacementError;
use crate::state::{Placement, Provider, Slot};
use model::ProviderId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Placement {
    pub(crate) fn create_provider(
        &mut self,
        id: ProviderId,
        name: &str,
        parent: Option<ProviderId>,
    ) -> Result<Event, PlacementError> {
        if parent == Some(id) {
            return Err(PlacementError::ParentIsSelf);
        }
        let parent =
            parent.map(|parent| self.slot(parent).map_err(|_| PlacementError::ParentNotFound)).transpose()?;
        if self.by_id.contains_key(&id) {
            return Err(PlacementError::DuplicateProvider(id));
        }
        if self.by_name.contains_key(name) {
            return Err(PlacementError::DuplicateName(name.to_string()));
        }
        let slot = Slot(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        let root = parent.map_or(slot, |parent| self.provider_at(parent).root);
        let name: Arc<str> = name.into();
        self.slots.push(Some(Arc::new(Provider {
            id,
            name: Arc::clone(&name),
            generation: 0,
            parent,
            root,
            children: BTreeSet::new(),
            tree: BTreeSet::new(),
            stocks: BTreeMap::new(),
            traits: BTreeSet::new(),
            aggregates: BTreeSet::new(),
            consumers: BTreeSet::new(),
        })));
        self.by_id.insert(id, slot);
        self.by_name.insert(name, slot);
        self.provider_mut(root).tree.insert(slot);
        if let Some(parent) = parent {
            self.provider_mut(parent).children.insert(slot);
            self.index.nested += 1;
        } else {
            self.index.roots.insert(slot.0);
        }
        Ok(Event::ProviderCreated { id })
    }

    pub(crate) fn update_provider(
        &mut self,
        id: ProviderId,
        name: &str,
        parent: Parent,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(id)?;
        let new_parent = self.check_parent(slot, parent)?;
        if self.by_name.get(name).is_some_and(|other| *other != slot) {
            return Err(PlacementError::DuplicateName(name.to_string()));
        }
        let old_name = Arc::clone(&self.provider_at(slot).name);
        if *old_name != *name {
            let name: Arc<str> = name.into();
            self.by_name.remove(&old_name);
            self.by_name.insert(Arc::clone(&name), slot);
            self.provider_mut(slot).name = name;
        }
        if new_parent != self.provider_at(slot).parent {
            self.move_subtree(slot, new_parent);
        }
        Ok(Event::ProviderUpdated { id })
    }

    /// The parent the provider shall have, if that is allowed.
    fn check_parent(&self, slot: Slot, parent: Parent) -> Result<Option<Slot>, PlacementError> {
        let present = self.provider_at(slot).parent;
        let (wanted, may_move) = match parent {
            Parent::Keep => return Ok(present),
            Parent::Adopt(parent) => (parent, false),
            Parent::Move(parent) => (parent, true),
        };
        let Some(wanted) = wanted else {
            return if present.is_some() && !may_move {
                Err(PlacementError::UnparentingNotAllowed)
            } else {
                Ok(None)
            };
        };
        let wanted = self.slot(wanted).map_err(|_| PlacementError::ParentNotFound)?;
        if !may_move && present.is_some_and(|present| present != wanted) {
            return Err(PlacementError::ReparentingNotAllowed);
        }
        if self.lineage(wanted).any(|ancestor| ancestor == slot) {
            return Err(PlacementError::ParentLoop);
        }
        Ok(Some(wanted))
    }

    /// The provider, its parent, and so on up to its root.
    pub(crate) fn lineage(&self, slot: Slot) -> impl Iterator<Item = Slot> {
        std::iter::successors(Some(slot), |slot| self.provider_at(*slot).parent)
    }

    fn move_subtree(&mut self, slot: Slot, new_parent: Option<Slot>) {
        let old_root = self.provider_at(slot).root;
        let new_root = new_parent.map_or(slot, |parent| self.provider_at(parent).root);
        self.unindex_tree(old_root);
        if new_root != old_root && new_root != slot {
            self.unindex_tree(new_root);
        }

        match self.provider_at(slot).parent {
            Some(parent) => {
                self.provider_mut(parent).children.remove(&slot);
            }
            None => {
                self.index.roots.remove(slot.0);
                self.index.nested += 1;
            }
        }
        self.provider_mut(slot).parent = new_parent;
        match new_parent {
            Some(parent) => {
                self.provider_mut(parent).children.insert(slot);
            }
            None => {
                self.index.roots.insert(slot.0);
                self.index.nested -= 1;
            }
        }
        for moved in self.subtree(slot) {
            self.provider_mut(old_root).tree.remove(&moved);
            self.provider_mut(moved).root = new_root;
            self.provider_mut(new_root).tree.insert(moved);
        }

        if old_root != slot {
            self.index_tree(old_root);
        }
        if new_root != old_root {
            self.index_tree(new_root);
        }
    }

    /// The provider and everything below it.
    fn subtree(&self, slot: Slot) -> Vec<Slot> {
        let mut found = vec![slot];
        let mut at = 0;
        while at < found.len() {
            found.extend(self.provider_at(found[at]).children.iter().copied());
            at += 1;
        }
        found
    }

    pub(crate) fn delete_provider(&mut self, id: ProviderId) -> Result<Event, PlacementError> {
        let slot = self.slot(id)?;
        let provider = self.provider_at(slot).clone();
        if !provider.children.is_empty() {
            return Err(PlacementError::ProviderHasChildren);
        }
        if !provider.consumers.is_empty() {
            return Err(PlacementError::ProviderInUse);
        }
        self.unindex_tree(provider.root);
        for class in provider.stocks.keys() {
            self.index.room_mut(*class).own.set(slot.0, 0);
        }
        for id in &provider.traits {
            self.index.with_trait_mut(*id).own.remove(slot.0);
        }
        for id in &provider.aggregates {
            self.index.change_aggregate(*id, |membership| membership.own.remove(slot.0));
        }
        self.by_id.remove(&id);
        self.by_name.remove(&provider.name);
        self.provider_mut(provider.root).tree.remove(&slot);
        if let Some(parent) = provider.parent {
            self.provider_mut(parent).children.remove(&slot);
            self.index.nested -= 1;
            self.index_tree(provider.root);
        } else {
            self.index.roots.remove(slot.0);
        }
        self.slots[slot.0 as usize] = None;
        Ok(Event::ProviderDeleted { id })
    }
}
