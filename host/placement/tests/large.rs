//! Large clouds, and questions made to take forever: each is answered or refused with a reason, in bounded time and memory.

use model::{ConsumerId, ProviderId, ResourceClass};
use novarig_placement::{
    CandidatesRequest, Command, ConsumerAllocations, ExpectedGeneration, GroupPolicy, Inventory, Placement,
    PlacementError, ProviderFilter, RequestGroup, TraitName,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const MANY: u128 = 100_000;

fn id(number: u128) -> ProviderId {
    ProviderId(Uuid::from_u128(number))
}

fn provider(state: &mut Placement, number: u128, parent: Option<u128>, inventory: &[(ResourceClass, u32)]) {
    let create =
        Command::CreateProvider { id: id(number), name: format!("p{number}"), parent: parent.map(id) };
    state.apply(&create).expect("it is new");
    let inventories: BTreeMap<_, _> =
        inventory.iter().map(|(class, total)| (class.clone(), Inventory::of(*total))).collect();
    let set = Command::SetInventories { provider: id(number), generation: 0, inventories };
    state.apply(&set).expect("it is unused");
}

fn group(suffix: &str, resources: &[(ResourceClass, u64)]) -> RequestGroup {
    let resources = resources.iter().cloned().collect();
    RequestGroup { suffix: suffix.to_owned(), resources, ..RequestGroup::default() }
}

fn suppliers(state: &Placement, request: &CandidatesRequest) -> BTreeSet<ProviderId> {
    let found = state.candidates(request).expect("it is bounded").to_owned();
    found.allocation_requests.into_iter().flat_map(|candidate| candidate.allocations.into_keys()).collect()
}

#[test]
fn a_hundred_thousand_providers_are_held_listed_and_searched() {
    let mut state = Placement::new();
    let rare = TraitName::from("CUSTOM_RARE");
    state.apply(&Command::CreateTrait { name: rare.clone() }).expect("it is new");
    for number in 0..MANY {
        provider(&mut state, number, None, &[(ResourceClass::VCPU, 8), (ResourceClass::MEMORY_MB, 4_096)]);
    }
    let gifted = [id(70_000), id(99_999)];
    for provider in gifted {
        let traits = [rare.clone()].into();
        state.apply(&Command::SetTraits { provider, generation: None, traits }).expect("it exists");
    }
    // Every provider but the last hundred is full.
    for number in 0..MANY - 100 {
        let consumers = vec![ConsumerAllocations {
            consumer: ConsumerId(Uuid::from_u128(number)),
            allocations: [(id(number), [(ResourceClass::VCPU, 8)].into())].into(),
            project: "project".into(),
            user: "user".into(),
            consumer_type: None,
            generation: ExpectedGeneration::New,
        }];
        state.apply(&Command::WriteAllocations { consumers }).expect("it fits");
    }
    assert_eq!(state.providers().count(), 100_000);
    let roomy: BTreeSet<ProviderId> = (MANY - 100..MANY).map(id).collect();
    let plain = group("", &[(ResourceClass::VCPU, 1), (ResourceClass::MEMORY_MB, 1)]);
    let request =
        CandidatesRequest { groups: vec![plain], limit: Some(1_000), ..CandidatesRequest::default() };
    assert_eq!(suppliers(&state, &request), roomy);

    // Memory is left everywhere, so that all are candidates.
    let everywhere = CandidatesRequest {
        groups: vec![group("", &[(ResourceClass::MEMORY_MB, 1)])],
        ..CandidatesRequest::default()
    };
    assert_eq!(state.candidates(&everywhere).expect("it is bounded").len(), 100_000);
    let mut choosy = everywhere;
    choosy.groups[0].required = vec![[rare.clone()].into()];
    assert_eq!(suppliers(&state, &choosy), gifted.into());

    let filter = ProviderFilter {
        resources: [(ResourceClass::VCPU, 1)].into(),
        required: vec![[rare].into()],
        ..ProviderFilter::default()
    };
    let listed: Vec<ProviderId> =
        state.list_providers(&filter).expect("all names exist").iter().map(|p| p.id()).collect();
    assert_eq!(listed, [id(99_999)]);
}

/// A host with so many disks below it, each with more than can be asked for.
fn host_with_disks(disks: u128) -> Placement {
    let mut state = Placement::new();
    provider(&mut state, 0, None, &[(ResourceClass::VCPU, 8)]);
    for number in 1..=disks {
        provider(&mut state, number, Some(0), &[(ResourceClass::DISK_GB, 1_000_000)]);
    }
    state
}

/// One disk for each of so many groups.
fn one_disk_each(groups: usize) -> CandidatesRequest {
    let groups = (1..=groups).map(|n| group(&format!("_{n}"), &[(ResourceClass::DISK_GB, 1)])).collect();
    CandidatesRequest { groups, ..CandidatesRequest::default() }
}

#[test]
fn combinations_beyond_the_bound_are_an_error_and_a_limit_avoids_it() {
    let state = host_with_disks(30);
    let mut request = one_disk_each(7);
    assert_eq!(state.candidates(&request).map(|found| found.len()), Err(PlacementError::TooManyCandidates));
    request.limit = Some(50);
    assert_eq!(state.candidates(&request).map(|found| found.len()), Ok(50));
}

/// Thousands of groups that two providers can meet: a combination names few amounts, for what one provider gives is added
/// up, but each group's provider.
#[test]
fn candidates_of_thousands_of_groups_are_bounded_by_what_they_name() {
    let state = host_with_disks(2);
    let mut request = one_disk_each(3_000);
    assert_eq!(state.candidates(&request).map(|found| found.len()), Err(PlacementError::TooManyCandidates));
    request.limit = Some(20);
    assert_eq!(state.candidates(&request).map(|found| found.len()), Ok(20));
}

/// Combinations that fail only when they are whole, each after a walk up a deep tree.
#[test]
fn groups_tied_to_one_subtree_of_a_deep_tree_are_bounded_by_the_work() {
    let mut state = Placement::new();
    provider(&mut state, 0, None, &[]);
    // Two branches of a thousand levels, with disks at the ends.
    for branch in [1_000, 2_000] {
        for level in 1..1_000 {
            let parent = if level == 1 { 0 } else { branch + level - 1 };
            provider(&mut state, branch + level, Some(parent), &[]);
        }
        for disk in 0..10 {
            let number = branch * 10 + disk;
            provider(&mut state, number, Some(branch + 999), &[(ResourceClass::DISK_GB, 100)]);
        }
    }
    let mut request = one_disk_each(8);
    request.same_subtree = vec![request.groups.iter().map(|group| group.suffix.clone()).collect()];
    request.group_policy = GroupPolicy::Isolate;
    assert_eq!(state.candidates(&request).map(|found| found.len()), Err(PlacementError::TooManyCandidates));
}
