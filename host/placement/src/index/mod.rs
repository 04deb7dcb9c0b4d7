//! What the queries look things up in, kept in step with the providers by [`Index`]'s callers.
//!
//! Each fact is indexed twice: for the provider it holds of, and for the root of the tree the provider is in, so that
//! whole trees can be passed over.

pub(crate) mod bits;
pub(crate) mod headroom;
pub(crate) mod seek;

use crate::names::{ClassId, TraitId};
use bits::Bits;
use headroom::Headroom;
use model::AggregateId;
use std::collections::BTreeMap;

/// What is left of one resource class.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    /// By provider.
    pub(crate) own: Headroom,
    /// By root: the most any one provider of the tree can supply.
    pub(crate) tree: Headroom,
}

/// Who has one trait or is in one aggregate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    /// The providers.
    pub(crate) own: Bits,
    /// The roots of their trees.
    pub(crate) tree: Bits,
}

/// All indexes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    room: Vec<Room>,
    traits: Vec<Membership>,
    aggregates: BTreeMap<AggregateId, Membership>,
    /// Every provider without a parent.
    pub(crate) roots: Bits,
    /// How many providers have a parent.
    pub(crate) nested: usize,
}

static NO_ROOM: Room = Room { own: Headroom::EMPTY, tree: Headroom::EMPTY };
static NOBODY: Membership = Membership { own: Bits::EMPTY, tree: Bits::EMPTY };

impl Index {
    pub(crate) fn room(&self, class: ClassId) -> &Room {
        self.room.get(usize::from(class)).unwrap_or(&NO_ROOM)
    }

    pub(crate) fn room_mut(&mut self, class: ClassId) -> &mut Room {
        at(&mut self.room, class.into())
    }

    pub(crate) fn with_trait(&self, id: TraitId) -> &Membership {
        self.traits.get(usize::from(id)).unwrap_or(&NOBODY)
    }

    pub(crate) fn with_trait_mut(&mut self, id: TraitId) -> &mut Membership {
        at(&mut self.traits, id.into())
    }

    pub(crate) fn in_aggregate(&self, id: AggregateId) -> &Membership {
        self.aggregates.get(&id).unwrap_or(&NOBODY)
    }

    /// Changes who is in an aggregate. An aggregate without members is forgotten.
    pub(crate) fn change_aggregate(&mut self, id: AggregateId, change: impl FnOnce(&mut Membership)) {
        let membership = self.aggregates.entry(id).or_default();
        change(membership);
        if membership.own.is_empty() && membership.tree.is_empty() {
            self.aggregates.remove(&id);
        }
    }
}

fn at<T: Default>(list: &mut Vec<T>, place: usize) -> &mut T {
    if place >= list.len() {
        list.resize_with(place + 1, T::default);
    }
    &mut list[place]
}
