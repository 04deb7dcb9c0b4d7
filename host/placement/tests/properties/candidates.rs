//! The candidate search finds exactly what a naive reference finds, on random trees, traits, aggregates, allocations
//! and requests; with a limit it finds a beginning of the same list.

use crate::reference::{Node, World};
use model::{AggregateId, ConsumerId, ProviderId, ResourceAmounts, ResourceClass};
use novarig_placement::{
    CandidatesRequest, Command, ConsumerAllocations, ExpectedGeneration, GroupPolicy, Inventory, Parent,
    Placement, ProviderFilter, RequestGroup, SHARES_VIA_AGGREGATE, TraitName,
};
use proptest::bool::weighted;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::sample::select;
use std::collections::BTreeSet;
use uuid::Uuid;

const CLASSES: [ResourceClass; 3] = [ResourceClass::VCPU, ResourceClass::MEMORY_MB, ResourceClass::DISK_GB];
const TRAITS: [&str; 4] = [SHARES_VIA_AGGREGATE, "HW_CPU_X86_AVX2", "STORAGE_DISK_SSD", "COMPUTE_NODE"];

fn provider_id(number: usize) -> ProviderId {
    ProviderId(Uuid::from_u128(number as u128 + 1))
}

fn aggregate() -> impl Strategy<Value = AggregateId> {
    (1u128..4).prop_map(|n| AggregateId(Uuid::from_u128(n)))
}

/// The trait of sharing is rarer than others, so that not everything is shared with everything.
fn trait_name() -> impl Strategy<Value = TraitName> {
    select(vec![TRAITS[0], TRAITS[1], TRAITS[2], TRAITS[3], TRAITS[1], TRAITS[2], TRAITS[3]])
        .prop_map(TraitName::from)
}

/// Mostly roomy and without constraints, so that there is something to find.
fn inventory() -> impl Strategy<Value = Inventory> {
    let rarely = |value: u32| prop_oneof![9 => Just(1), 1 => Just(value)];
    (
        2u32..10,
        rarely(2),
        prop_oneof![8 => Just(100), 2 => 2u32..5],
        rarely(2),
        select(vec![1.0, 1.0, 1.5, 0.5]),
    )
        .prop_map(|(total, min_unit, max_unit, step_size, allocation_ratio)| Inventory {
            min_unit,
            max_unit,
            step_size,
            allocation_ratio,
            ..Inventory::of(total)
        })
}

/// A provider that may hang below one of those before it. The usage is a wish, cut down to what fits.
fn node(number: usize) -> impl Strategy<Value = (Option<usize>, Node)> {
    let parent = if number == 0 { Just(None).boxed() } else { option::of(0..number).boxed() };
    let stocks =
        vec(option::weighted(0.7, (inventory(), prop_oneof![6 => Just(0), 4 => 1u64..6])), CLASSES.len())
            .prop_map(|stocks| {
                CLASSES.into_iter().zip(stocks).filter_map(|(class, stock)| Some((class, stock?))).collect()
            });
    (parent, stocks, btree_set(trait_name(), 0..3), btree_set(aggregate(), 0..3)).prop_map(
        |(parent, stocks, traits, aggregates)| (parent, Node { parent: None, stocks, traits, aggregates }),
    )
}

fn world() -> impl Strategy<Value = World> {
    (1usize..8).prop_flat_map(|count| (0..count).map(node).collect::<Vec<_>>()).prop_map(|nodes| {
        let place = |(number, (parent, node)): (usize, (Option<usize>, Node))| {
            let mut node = Node { parent: parent.map(provider_id), ..node };
            for (inventory, used) in node.stocks.values_mut() {
                let fitting = (0..=*used)
                    .rev()
                    .find(|used| *used == 0 || inventory.permits(*used) && inventory.holds(*used));
                *used = fitting.unwrap_or(0);
            }
            (provider_id(number), node)
        };
        nodes.into_iter().enumerate().map(place).collect()
    })
}

/// One to three amounts, and now and then a condition; more would leave nothing to find.
fn group(suffix: &'static str) -> impl Strategy<Value = RequestGroup> {
    let least = usize::from(suffix.is_empty());
    let resources = btree_map(select(CLASSES.to_vec()), 1u64..4, least..4);
    let required = prop_oneof![3 => Just(Vec::new()), 1 => vec(btree_set(trait_name(), 1..3), 1..3)];
    let forbidden = prop_oneof![4 => Just(BTreeSet::new()), 1 => btree_set(trait_name(), 1..2)];
    let member_of = prop_oneof![4 => Just(Vec::new()), 1 => vec(btree_set(aggregate(), 1..3), 1..3)];
    let not_member_of = prop_oneof![4 => Just(BTreeSet::new()), 1 => btree_set(aggregate(), 1..2)];
    let in_tree = option::weighted(0.1, (0usize..9).prop_map(provider_id));
    (resources, required, forbidden, member_of, not_member_of, in_tree).prop_map(
        move |(resources, required, forbidden, member_of, not_member_of, in_tree)| RequestGroup {
            suffix: suffix.to_string(),
            resources,
            required,
            forbidden,
            member_of,
            not_member_of,
            in_tree,
        },
    )
}

fn request() -> impl Strategy<Value = CandidatesRequest> {
    let groups = prop_oneof![
        group("").prop_map(|g| vec![g]),
        (group(""), group("_A")).prop_map(|(a, b)| vec![a, b]),
        (group("_A"), group("_B")).prop_map(|(a, b)| vec![a, b]),
        (group("_B"), group(""), group("_A")).prop_map(|(a, b, c)| vec![a, b, c]),
    ];
    let policy = select(vec![GroupPolicy::None, GroupPolicy::Isolate]);
    let root = (option::weighted(0.1, trait_name()), option::weighted(0.1, trait_name()));
    (groups, policy, root, weighted(0.2), weighted(0.8)).prop_map(
        |(groups, group_policy, (required, forbidden), tied, nested_aware)| {
            let suffixes: BTreeSet<String> =
                groups.iter().map(|group| group.suffix.clone()).filter(|suffix| !suffix.is_empty()).collect();
            CandidatesRequest {
                same_subtree: if tied && !suffixes.is_empty() { vec![suffixes] } else { Vec::new() },
                groups,
                group_policy,
                limit: None,
                root_required: required.into_iter().collect(),
                root_forbidden: forbidden.into_iter().collect(),
                nested_aware,
            }
        },
    )
}

/// The same world in the engine. Each usage is one consumer's.
fn build(world: &World) -> Placement {
    let mut placement = Placement::new();
    let mut apply = |command: Command| {
        placement.apply(&command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    };
    for (id, node) in world {
        // Half of the children are moved to their place later, so that indexes must follow.
        let later = id.0.as_u128().is_multiple_of(2);
        let parent = node.parent.filter(|_| !later);
        apply(Command::CreateProvider { id: *id, name: id.to_string(), parent });
        let inventories =
            node.stocks.iter().map(|(class, (inventory, _))| (class.clone(), *inventory)).collect();
        apply(Command::SetInventories { provider: *id, generation: 0, inventories });
        apply(Command::SetTraits { provider: *id, generation: None, traits: node.traits.clone() });
        apply(Command::SetAggregates {
            provider: *id,
            generation: None,
            aggregates: node.aggregates.clone(),
        });
        for (number, (class, (_, used))) in
            node.stocks.iter().enumerate().filter(|(_, (_, (_, used)))| *used > 0)
        {
            let consumer = ConsumerId(Uuid::from_u128(id.0.as_u128() * 100 + number as u128));
            let resources: ResourceAmounts = [(class.clone(), *used)].into();
            apply(Command::WriteAllocations {
                consumers: vec![ConsumerAllocations {
                    consumer,
                    allocations: [(*id, resources)].into(),
                    project: "project".into(),
                    user: "user".into(),
                    consumer_type: None,
                    generation: ExpectedGeneration::New,
                }],
            });
        }
        if later {
            apply(Command::UpdateProvider {
                id: *id,
                name: format!("moved {id}"),
                parent: Parent::Move(node.parent),
            });
        }
    }
    placement
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_search_finds_what_the_naive_reference_finds(world in world(), request in request(), limit in 1usize..4) {
        let placement = build(&world);
        let found = placement.candidates(&request).expect("all names exist").to_owned();
        let set: BTreeSet<_> = found.allocation_requests.iter().cloned().collect();
        assert_eq!(set.len(), found.allocation_requests.len(), "no candidate comes twice");
        assert_eq!(set, crate::reference::candidates(&world, &request));

        let limited = CandidatesRequest { limit: Some(limit), ..request };
        let beginning = placement.candidates(&limited).expect("all names exist").to_owned();
        let expected: Vec<_> = found.allocation_requests.into_iter().take(limit).collect();
        assert_eq!(beginning.allocation_requests, expected);
    }

    #[test]
    fn a_list_has_the_providers_that_pass_its_filter(world in world(), group in group("")) {
        let placement = build(&world);
        let filter = ProviderFilter {
            in_tree: group.in_tree,
            resources: group.resources.clone(),
            required: group.required.clone(),
            forbidden: group.forbidden.clone(),
            member_of: group.member_of.clone(),
            not_member_of: group.not_member_of.clone(),
            ..ProviderFilter::default()
        };
        let found: Vec<ProviderId> =
            placement.list_providers(&filter).expect("all names exist").iter().map(|provider| provider.id()).collect();
        assert_eq!(found, crate::reference::listed(&world, &group));
    }
}
