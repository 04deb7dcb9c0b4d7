//! Clients that act on what they last read, all at once: nobody overwrites what they have not seen, nothing is handed
//! out twice, what is refused changes nothing, and the indexes agree with the state whatever has happened to it.

use crate::reference::{Node, World};
use model::{AggregateId, ConsumerId, ProviderId, ResourceAmounts, ResourceClass};
use novarig_placement::{
    CandidatesRequest, Command, ConsumerAllocations, Event, Inventory, Parent, Placement, PlacementError,
    ProviderInventories, RequestGroup, SHARES_VIA_AGGREGATE, TraitName,
};
use proptest::bool::weighted;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const PROVIDERS: u128 = 4;
const CONSUMERS: u128 = 4;
const CLIENTS: usize = 3;

fn provider() -> impl Strategy<Value = ProviderId> {
    (0..PROVIDERS).prop_map(|n| ProviderId(Uuid::from_u128(n)))
}

fn consumer() -> impl Strategy<Value = ConsumerId> {
    (0..CONSUMERS).prop_map(|n| ConsumerId(Uuid::from_u128(n)))
}

fn class() -> impl Strategy<Value = ResourceClass> {
    select(vec![ResourceClass::VCPU, ResourceClass::DISK_GB])
}

type Wanted = BTreeMap<ProviderId, ResourceAmounts>;

fn wanted() -> impl Strategy<Value = Wanted> {
    btree_map(provider(), btree_map(class(), 1u64..5, 1..3), 0..3)
}

fn inventories() -> impl Strategy<Value = BTreeMap<ResourceClass, Inventory>> {
    btree_map(class(), (1u32..9).prop_map(Inventory::of), 0..3)
}

/// What a client does; every generation it sends is the one it last read.
#[derive(Clone, Debug)]
enum Act {
    Read,
    Write(Vec<(ConsumerId, Wanted)>),
    Delete(ConsumerId),
    SetInventories(ProviderId, BTreeMap<ResourceClass, Inventory>),
    SetTraits(ProviderId, bool),
    SetAggregates(ProviderId, BTreeSet<u128>),
    Reshape(ProviderId, BTreeMap<ResourceClass, Inventory>, ConsumerId, Wanted),
    Move(ProviderId, Option<ProviderId>),
    Remove(ProviderId),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => proptest::strategy::Just(Act::Read),
        6 => vec((consumer(), wanted()), 1..3).prop_map(Act::Write),
        1 => consumer().prop_map(Act::Delete),
        3 => (provider(), inventories()).prop_map(|(id, new)| Act::SetInventories(id, new)),
        1 => (provider(), any::<bool>()).prop_map(|(id, shares)| Act::SetTraits(id, shares)),
        1 => (provider(), btree_set(0u128..2, 0..3)).prop_map(|(id, ids)| Act::SetAggregates(id, ids)),
        1 => (provider(), inventories(), consumer(), wanted()).prop_map(|(p, i, c, w)| Act::Reshape(p, i, c, w)),
        1 => (provider(), weighted(0.6), provider()).prop_map(|(id, under, parent)| {
            Act::Move(id, under.then_some(parent))
        }),
        1 => provider().prop_map(Act::Remove),
    ]
}

/// The generations a client has read. What it has not read does not exist as far as it knows.
#[derive(Clone, Debug, Default)]
struct Memory {
    providers: BTreeMap<ProviderId, u64>,
    consumers: BTreeMap<ConsumerId, u64>,
}

impl Memory {
    fn of(state: &Placement) -> Self {
        Self {
            providers: state.providers().map(|provider| (provider.id(), provider.generation())).collect(),
            consumers: state.consumers().map(|consumer| (consumer.id(), consumer.generation())).collect(),
        }
    }

    fn generation(&self, id: ProviderId) -> u64 {
        self.providers.get(&id).copied().unwrap_or_default()
    }

    fn allocations(&self, consumer: ConsumerId, allocations: &Wanted) -> ConsumerAllocations {
        ConsumerAllocations {
            consumer,
            allocations: allocations.clone(),
            project: "project".into(),
            user: "user".into(),
            consumer_type: None,
            generation: self.consumers.get(&consumer).copied().into(),
        }
    }

    /// The command of an act, and the generations it relies on; none for what only reads.
    fn command(&self, act: &Act) -> Option<(Command, Vec<ProviderId>, Vec<ConsumerId>)> {
        Some(match act {
            Act::Read => return None,
            Act::Write(each) => {
                let consumers = each.iter().map(|(id, wanted)| self.allocations(*id, wanted)).collect();
                (Command::WriteAllocations { consumers }, vec![], each.iter().map(|(id, _)| *id).collect())
            }
            Act::Delete(id) => (Command::DeleteAllocations { consumer: *id }, vec![], vec![]),
            Act::SetInventories(id, new) => {
                let generation = self.generation(*id);
                let command = Command::SetInventories { provider: *id, generation, inventories: new.clone() };
                (command, vec![*id], vec![])
            }
            Act::SetTraits(id, shares) => {
                let traits = shares.then(|| TraitName::from(SHARES_VIA_AGGREGATE)).into_iter().collect();
                let generation = Some(self.generation(*id));
                (Command::SetTraits { provider: *id, generation, traits }, vec![*id], vec![])
            }
            Act::SetAggregates(id, ids) => {
                let aggregates = ids.iter().map(|n| AggregateId(Uuid::from_u128(*n))).collect();
                let generation = Some(self.generation(*id));
                (Command::SetAggregates { provider: *id, generation, aggregates }, vec![*id], vec![])
            }
            Act::Reshape(id, new, consumer, wanted) => {
                let new = ProviderInventories { generation: self.generation(*id), inventories: new.clone() };
                let allocations = vec![self.allocations(*consumer, wanted)];
                (
                    Command::Reshape { inventories: [(*id, new)].into(), allocations },
                    vec![*id],
                    vec![*consumer],
                )
            }
            Act::Move(id, parent) => (
                Command::UpdateProvider { id: *id, name: id.to_string(), parent: Parent::Move(*parent) },
                vec![],
                vec![],
            ),
            Act::Remove(id) => (Command::DeleteProvider { id: *id }, vec![], vec![]),
        })
    }
}

/// Everything there is to see, for comparing states.
fn visible(state: &Placement) -> String {
    let providers = state.providers().map(|p| {
        let inventories: Vec<_> = p.inventories().collect();
        let (traits, aggregates): (Vec<_>, Vec<_>) = (p.traits().collect(), p.aggregates().collect());
        format!("{} {} {:?} {inventories:?} {traits:?} {aggregates:?}", p.id(), p.generation(), p.parent())
    });
    let consumers = state.consumers().map(|c| format!("{} {} {:?}", c.id(), c.generation(), c.to_map()));
    providers.chain(consumers).collect::<Vec<_>>().join("\n")
}

fn world(state: &Placement) -> World {
    let node = |provider: &novarig_placement::ProviderRef<'_>| Node {
        parent: provider.parent(),
        stocks: provider
            .inventories()
            .map(|(class, inventory, used)| (class.clone(), (inventory, used)))
            .collect(),
        traits: provider.traits().cloned().collect(),
        aggregates: provider.aggregates().collect(),
    };
    state.providers().map(|provider| (provider.id(), node(&provider))).collect()
}

/// What is used of every inventory is what the consumers hold of it, and both ends know of each other.
fn check_sums(state: &Placement) {
    let mut held: BTreeMap<(ProviderId, ResourceClass), u64> = BTreeMap::new();
    for consumer in state.consumers() {
        for (provider, amounts) in consumer.allocations() {
            assert!(provider.consumers().any(|other| other.id() == consumer.id()));
            for (class, amount) in amounts {
                *held.entry((provider.id(), class.clone())).or_default() += amount;
            }
        }
    }
    for provider in state.providers() {
        for (class, _, used) in provider.inventories() {
            assert_eq!(held.remove(&(provider.id(), class.clone())).unwrap_or_default(), used);
        }
    }
    assert!(held.is_empty(), "every allocation is of an inventory: {held:?}");
}

/// No write takes more than there is, unless it takes no more than was taken before.
fn check_no_over_commit(before: &Placement, after: &Placement) {
    for provider in after.providers() {
        for (class, inventory, used) in provider.inventories() {
            let earlier = before.provider(provider.id()).ok().and_then(|old| old.inventory(class));
            let used_before = earlier.map_or(0, |(_, used)| used);
            assert!(
                inventory.holds(used) || used <= used_before,
                "{class} of {} is over-committed",
                provider.id()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn clients_with_generations_never_lose_an_update_nor_over_commit(
        steps in vec((0..CLIENTS, act()), 1..60),
    ) {
        let mut state = Placement::new();
        for n in 0..PROVIDERS {
            let id = ProviderId(Uuid::from_u128(n));
            let inventories = [(ResourceClass::VCPU, Inventory::of(6)), (ResourceClass::DISK_GB, Inventory::of(6))].into();
            state.apply(&Command::CreateProvider { id, name: id.to_string(), parent: None }).expect("it is new");
            state.apply(&Command::SetInventories { provider: id, generation: 0, inventories }).expect("it is unused");
        }
        let mut memories = vec![Memory::of(&state); CLIENTS];
        for (client, act) in steps {
            let Some((command, providers, consumers)) = memories[client].command(&act) else {
                memories[client] = Memory::of(&state);
                continue;
            };
            let before = state.clone();
            let current = Memory::of(&before);
            let seen = &memories[client];
            let up_to_date = providers.iter().all(|id| current.generation(*id) == seen.generation(*id))
                && consumers.iter().all(|id| current.consumers.get(id) == seen.consumers.get(id));
            match state.apply(&command) {
                Ok(event) => {
                    assert!(up_to_date, "{command:?} was made by a client that had not seen the last change");
                    let is_event_true = match &event {
                        Event::AllocationsWritten { consumers, providers } => {
                            consumers.iter().all(|(id, now)| state.consumer(*id).map(|c| c.generation()) == *now)
                                && providers.iter().all(|(id, now)| state.provider(*id).is_ok_and(|p| p.generation() == *now))
                        }
                        Event::ProviderChanged { id, generation } => {
                            state.provider(*id).is_ok_and(|p| p.generation() == *generation)
                        }
                        _ => true,
                    };
                    assert!(is_event_true, "{event:?} says what is so");
                }
                Err(error) => {
                    assert_eq!(visible(&before), visible(&state), "{command:?} was refused ({error}) and changes nothing");
                    let conflict = matches!(
                        error,
                        PlacementError::ProviderGenerationConflict { .. } | PlacementError::ConsumerGenerationConflict { .. }
                    );
                    assert!(!(conflict && up_to_date), "{command:?} is no conflict");
                }
            }
            check_sums(&state);
            if !matches!(act, Act::SetInventories(..)) {
                check_no_over_commit(&before, &state);
            }
        }
        for class in [ResourceClass::VCPU, ResourceClass::DISK_GB] {
            let group = RequestGroup { resources: [(class, 2)].into(), ..RequestGroup::default() };
            let request = CandidatesRequest { groups: vec![group], ..CandidatesRequest::default() };
            let found = state.candidates(&request).expect("all names exist").to_owned();
            let found: BTreeSet<_> = found.allocation_requests.into_iter().collect();
            assert_eq!(found, crate::reference::candidates(&world(&state), &request));
        }
    }

    /// A journal of commands, replayed, gives the same state.
    #[test]
    fn commands_survive_the_journal(acts in vec(act(), 1..20)) {
        let memory = Memory::default();
        for (command, _, _) in acts.iter().filter_map(|act| memory.command(act)) {
            let line = serde_json::to_string(&command).expect("a command is data");
            let read: Command = serde_json::from_str(&line).expect("it was written by this");
            assert_eq!(read, command);
        }
    }
}
