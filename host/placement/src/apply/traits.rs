//! Traits of a provider (`placement/objects/resource_provider.py`, `_set_traits`).

use crate::command::Event;
use crate::error::PlacementError;
use crate::names::TraitName;
use crate::state::Placement;
use model::ProviderId;
use std::collections::BTreeSet;

impl Placement {
    pub(crate) fn set_traits(
        &mut self,
        provider: ProviderId,
        generation: Option<u64>,
        traits: &BTreeSet<TraitName>,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        if let Some(generation) = generation {
            self.check_generation(slot, generation)?;
        }
        let wanted = self.trait_ids(traits)?;
        let present = self.provider_at(slot).traits.clone();
        if wanted == present {
            return Ok(Event::ProviderChanged {
                id: provider,
                generation: self.provider_at(slot).generation,
            });
        }
        let root = self.provider_at(slot).root;
        self.provider_mut(slot).traits.clone_from(&wanted);
        for id in wanted.difference(&present) {
            let membership = self.index.with_trait_mut(*id);
            membership.own.insert(slot.0);
            membership.tree.insert(root.0);
        }
        for id in present.difference(&wanted) {
            let tree_keeps = self.tree_of(root).any(|slot| self.provider_at(slot).traits.contains(id));
            let membership = self.index.with_trait_mut(*id);
            membership.own.remove(slot.0);
            if !tree_keeps {
                membership.tree.remove(root.0);
            }
        }
        Ok(self.changed(slot))
    }
}
