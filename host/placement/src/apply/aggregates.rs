//! Aggregates of a provider (`placement/objects/resource_provider.py`, `_set_aggregates`). An aggregate is nothing but
//! the id that some providers have in common.

use crate::command::Event;
use crate::error::PlacementError;
use crate::state::Placement;
use model::{AggregateId, ProviderId};
use std::collections::BTreeSet;

impl Placement {
    pub(crate) fn set_aggregates(
        &mut self,
        provider: ProviderId,
        generation: Option<u64>,
        aggregates: &BTreeSet<AggregateId>,
    ) -> Result<Event, PlacementError> {
        let slot = self.slot(provider)?;
        if let Some(generation) = generation {
            self.check_generation(slot, generation)?;
        }
        let root = self.provider_at(slot).root;
        let present = std::mem::replace(&mut self.provider_mut(slot).aggregates, aggregates.clone());
        for id in aggregates.difference(&present) {
            self.index.change_aggregate(*id, |membership| {
                membership.own.insert(slot.0);
                membership.tree.insert(root.0);
            });
        }
        for id in present.difference(aggregates) {
            let tree_keeps = self.tree_of(root).any(|slot| self.provider_at(slot).aggregates.contains(id));
            self.index.change_aggregate(*id, |membership| {
                membership.own.remove(slot.0);
                if !tree_keeps {
                    membership.tree.remove(root.0);
                }
            });
        }
        if generation.is_some() {
            return Ok(self.changed(slot));
        }
        Ok(Event::ProviderChanged { id: provider, generation: self.provider_at(slot).generation })
    }
}
