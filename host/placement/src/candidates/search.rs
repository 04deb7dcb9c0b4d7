//! The search itself: anchor by anchor, and at each anchor every combination of providers that keeps to the rules.

use super::resolve::{Group, Question};
use crate::error::PlacementError;
use crate::index::seek::next_of_all;
use crate::names::ClassId;
use crate::state::{Placement, Slot};
use std::collections::BTreeSet;

/// The most combinations looked at for one request: about a second's work.
const MAX_STEPS: usize = 10_000_000;

/// How much of what is done once for each part or provider of a combination is as much work as looking at one.
const LIGHT_WORK: usize = 8;

/// The most amounts that the candidates of one answer name together, or the most providers of groups if those are more:
/// some 150 MB of JSON. With three resource classes that is a third as many candidates.
const MAX_NAMED: usize = 1_000_000;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Who supplies what, each provider and class once, in ascending order.
    pub(super) resources: Vec<(Slot, ClassId, u64)>,
    /// Which providers meet which group, by the group's place, in ascending order.
    pub(super) mappings: Vec<(usize, Slot)>,
}

/// One choice to make: which provider supplies this.
enum Part {
    /// One class of the group that may be spread.
    Class { group: usize, class: ClassId, amount: u64 },
    /// All of a granular group.
    Whole { group: usize },
}

impl Part {
    fn group(&self) -> usize {
        match self {
            Self::Class { group, .. } | Self::Whole { group } => *group,
        }
    }
}

pub(super) fn search(
    state: &Placement,
    mut question: Question<'_>,
    limit: Option<usize>,
) -> Result<Vec<Found>, PlacementError> {
    let mut steps = 0;
    match question.unknown.take() {
        None => search_with(state, &question, limit, &mut steps),
        // The real service looks at one group after the other, and at none after one that has no candidates of its own:
        // what later ones name does not matter then (`_get_by_requests`).
        Some(unknown) => {
            (question.isolate, question.one_per_tree) = (false, false);
            question.same_subtree.clear();
            for group in std::mem::take(&mut question.groups) {
                question.groups = vec![group];
                if search_with(state, &question, Some(1), &mut steps)?.is_empty() {
                    return Ok(Vec::new());
                }
            }
            Err(unknown)
        }
    }
}

fn search_with(
    state: &Placement,
    question: &Question<'_>,
    limit: Option<usize>,
    steps: &mut usize,
) -> Result<Vec<Found>, PlacementError> {
    let shared = question.shared_roots(state);
    let conditions = question.anchor_conditions(state, &shared);
    let mut search = Search::new(state, question, limit, steps);
    let mut from = 0;
    while let Some(root) = next_of_all(&conditions, from) {
        search.at_anchor(Slot(root))?;
        if search.is_done() {
            break;
        }
        from = root + 1;
    }
    Ok(search.found)
}

struct Search<'s, 'a> {
    state: &'s Placement,
    question: &'s Question<'a>,
    limit: usize,
    parts: Vec<Part>,
    /// The place after the last part of the group that may be spread.
    spread_end: usize,
    /// By part, who could supply it at this anchor.
    options: Vec<Vec<Slot>>,
    /// By part, who does in the combination at hand.
    chosen: Vec<Slot>,
    /// What the combination takes so far, part by part.
    taken: Vec<(Slot, ClassId, u64)>,
    found: Vec<Found>,
    /// How many amounts the candidates found so far name, or providers of groups.
    named: usize,
    /// Candidates made of sharing providers only, which show up at every anchor these share with.
    without_anchor: BTreeSet<Found>,
    /// By part, how many of its options have been tried; kept for its memory only.
    tried: Vec<usize>,
    /// How much work has been done for the request.
    steps: &'s mut usize,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(
        state: &'s Placement,
        question: &'s Question<'a>,
        limit: Option<usize>,
        steps: &'s mut usize,
    ) -> Self {
        let mut parts = Vec::new();
        for (group, spread) in question.groups.iter().enumerate().filter(|(_, group)| !group.granular) {
            parts.extend(spread.resources.iter().map(|(class, amount)| Part::Class {
                group,
                class: *class,
                amount: *amount,
            }));
        }
        let spread_end = parts.len();
        let granular = question.groups.iter().enumerate().filter(|(_, group)| group.granular);
        parts.extend(granular.map(|(group, _)| Part::Whole { group }));
        Self {
            state,
            question,
            limit: limit.unwrap_or(usize::MAX),
            options: parts.iter().map(|_| Vec::new()).collect(),
            parts,
            spread_end,
            chosen: Vec::new(),
            taken: Vec::new(),
            found: Vec::new(),
            named: 0,
            without_anchor: BTreeSet::new(),
            tried: Vec::new(),
            steps,
        }
    }

    fn is_done(&self) -> bool {
        self.found.len() >= self.limit
    }

    fn group(&self, place: usize) -> &'s Group<'a> {
        &self.question.groups[place]
    }

    fn spend(&mut self, steps: usize) -> Result<(), PlacementError> {
        *self.steps += steps;
        if *self.steps > MAX_STEPS { Err(PlacementError::TooManyCandidates) } else { Ok(()) }
    }

    fn at_anchor(&mut self, anchor: Slot) -> Result<(), PlacementError> {
        let traits = &self.state.provider_at(anchor).traits;
        if !self.question.root_forbidden.is_disjoint(traits) || !self.list_options(anchor)? {
            return Ok(());
        }
        let mut tried = std::mem::take(&mut self.tried);
        tried.clear();
        tried.push(0);
        while let Some(part) = tried.len().checked_sub(1) {
            let option = self.options[part].get(tried[part]).copied();
            tried[part] += 1;
            self.chosen.truncate(part);
            let Some(option) = option else {
                tried.pop();
                continue;
            };
            self.spend(1 + part / LIGHT_WORK)?;
            if !self.choose(part, option) {
                continue;
            }
            if part + 1 < self.parts.len() {
                tried.push(0);
            } else {
                self.finish(anchor)?;
                if self.is_done() {
                    break;
                }
            }
        }
        self.chosen.clear();
        self.tried = tried;
        Ok(())
    }

    /// Finds who could supply each part at this anchor; false if there is a part that nobody can.
    fn list_options(&mut self, anchor: Slot) -> Result<bool, PlacementError> {
        let sharing = self.sharing_with(anchor);
        let tree = &self.state.provider_at(anchor).tree;
        self.spend(self.parts.len() * (tree.len() + sharing.len()))?;
        for place in 0..self.parts.len() {
            let part = &self.parts[place];
            let group = self.group(part.group());
            let fits = |slot: &Slot| match part {
                Part::Class { class, amount, .. } => {
                    group.supplied_by(self.state, *slot, anchor, (*class, *amount))
                }
                Part::Whole { .. } => group.met_by(self.state, *slot),
            };
            let mut options = std::mem::take(&mut self.options[place]);
            options.clear();
            options.extend(tree.iter().chain(&sharing).copied().filter(fits));
            let any = !options.is_empty();
            self.options[place] = options;
            if !any {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The providers of other trees that share with this one.
    fn sharing_with(&self, anchor: Slot) -> BTreeSet<Slot> {
        let mut sharing = BTreeSet::new();
        if self.question.sharing.is_empty() {
            return sharing;
        }
        for member in self.state.tree_of(anchor) {
            for aggregate in &self.state.provider_at(member).aggregates {
                sharing.extend(self.question.sharing.get(aggregate).into_iter().flatten());
            }
        }
        sharing.retain(|slot| self.state.provider_at(*slot).root != anchor);
        sharing
    }

    /// Adds a choice to the combination, unless that breaks a rule.
    fn choose(&mut self, place: usize, slot: Slot) -> bool {
        let earlier: usize = self.parts[..place].iter().map(|part| self.size_of(part)).sum();
        self.taken.truncate(earlier);
        let part = &self.parts[place];
        match part {
            Part::Class { class, amount, .. } => {
                if !self.take(slot, *class, *amount) {
                    return false;
                }
            }
            Part::Whole { group } => {
                if self.question.isolate && self.chosen[self.spread_end..].contains(&slot) {
                    return false;
                }
                let resources = &self.question.groups[*group].resources;
                if !resources.iter().all(|(class, amount)| self.take(slot, *class, *amount)) {
                    return false;
                }
            }
        }
        self.chosen.push(slot);
        place + 1 != self.spread_end || self.have_required_traits()
    }

    fn size_of(&self, part: &Part) -> usize {
        match part {
            Part::Class { .. } => 1,
            Part::Whole { group } => self.group(*group).resources.len(),
        }
    }

    /// Takes an amount in addition to what the combination takes already. What is taken alone is known to fit.
    fn take(&mut self, slot: Slot, class: ClassId, amount: u64) -> bool {
        let same = self.taken.iter().filter(|(s, c, _)| *s == slot && *c == class);
        let before = same.fold(0_u64, |sum, (_, _, amount)| sum.saturating_add(*amount));
        if before > 0 {
            let total = before.saturating_add(amount);
            let fits = self.state.provider_at(slot).stocks.get(&class).is_some_and(|stock| {
                stock.inventory.holds(stock.used.saturating_add(total))
                    && total <= u64::from(stock.inventory.max_unit)
            });
            if !fits {
                return false;
            }
        }
        self.taken.push((slot, class, amount));
        true
    }

    /// Whether those who supply the spread group have all its required traits between them.
    fn have_required_traits(&self) -> bool {
        let group = self.group(self.parts[self.spread_end - 1].group());
        group.required.iter().all(|any| {
            self.chosen[..self.spread_end]
                .iter()
                .any(|slot| !any.is_disjoint(&self.state.provider_at(*slot).traits))
        })
    }

    /// Adds the combination at hand to what is found, if it keeps the rules that only show in the whole.
    fn finish(&mut self, anchor: Slot) -> Result<(), PlacementError> {
        if !self.in_same_subtrees()? || self.question.one_per_tree && !self.one_per_tree() {
            return Ok(());
        }
        let mut resources = self.taken.clone();
        resources.sort_unstable();
        resources.dedup_by(|next, kept| {
            let same = next.0 == kept.0 && next.1 == kept.1;
            if same {
                kept.2 += next.2;
            }
            same
        });
        let mut mappings: Vec<(usize, Slot)> =
            self.parts.iter().map(Part::group).zip(self.chosen.iter().copied()).collect();
        mappings.sort_unstable();
        mappings.dedup();
        let found = Found { resources, mappings };

        let all_sharing = !self.question.sharing.is_empty()
            && self
                .chosen
                .iter()
                .all(|slot| self.state.provider_at(*slot).traits.contains(&self.state.sharing));
        let at_other_anchors =
            all_sharing || self.chosen.iter().all(|s| self.state.provider_at(*s).root != anchor);
        if at_other_anchors && !self.without_anchor.insert(found.clone()) {
            return Ok(());
        }
        self.named += found.resources.len().max(found.mappings.len());
        if self.named > MAX_NAMED {
            return Err(PlacementError::TooManyCandidates);
        }
        self.found.push(found);
        Ok(())
    }

    /// Whether of the providers of each set of tied groups, one is an ancestor of, or the same as, all the others.
    fn in_same_subtrees(&mut self) -> Result<bool, PlacementError> {
        let question = self.question;
        for groups in &question.same_subtree {
            let parts =
                self.parts.iter().zip(&self.chosen).filter(|(part, _)| groups.contains(&part.group()));
            let slots: BTreeSet<Slot> = parts.map(|(_, slot)| *slot).collect();
            let mut walked = self.parts.len();
            let Some(first) = slots.first() else { return Ok(false) };
            // It is the highest of them above the first.
            let top = self
                .state
                .lineage(*first)
                .inspect(|_| walked += 1)
                .filter(|above| slots.contains(above))
                .last();
            let below = |slot: &Slot| {
                self.state.lineage(*slot).inspect(|_| walked += 1).any(|above| Some(above) == top)
            };
            let tied = slots.iter().all(below);
            self.spend(walked / LIGHT_WORK)?;
            if !tied {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn one_per_tree(&self) -> bool {
        let slots: BTreeSet<Slot> = self.taken.iter().map(|(slot, _, _)| *slot).collect();
        let roots: BTreeSet<Slot> = slots.iter().map(|slot| self.state.provider_at(*slot).root).collect();
        roots.len() == slots.len()
    }
}
