//! How the candidate search grows with the cloud: `cargo bench -p novarig-placement --profile dev`.
//!
//! Prints a table by number of providers: the median time to find 100 candidates in an empty cloud, in one where only
//! the last hundredth of the providers has room, and behind a trait that few have; all candidates; one allocation
//! written and deleted; and the memory a provider takes.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use model::{ConsumerId, ProviderId, ResourceClass};
use novarig_placement::{
    CandidatesRequest, Command, ConsumerAllocations, ExpectedGeneration, Inventory, Placement,
    PlacementError, RequestGroup, TraitName,
};
use std::time::{Duration, Instant};
use uuid::Uuid;

const SIZES: [u128; 3] = [1_000, 10_000, 100_000];

fn main() -> Result<(), PlacementError> {
    println!(
        "providers  limit 100   nearly full   rare trait   all candidates   write+delete   memory/provider"
    );
    for size in SIZES {
        let before = resident();
        let mut state = cloud(size)?;
        let memory = (resident().saturating_sub(before)) / usize::try_from(size).unwrap_or(1);
        let plain = request(Some(100), None);
        let limited = median(201, || found(&state, &plain));
        let rare = request(Some(100), Some("CUSTOM_RARE"));
        let rare_trait = median(201, || found(&state, &rare));
        // Beyond its bound the engine refuses to list them all.
        let everything = request(None, None);
        let all = median(5, || found(&state, &everything));
        let mut number = 0;
        let written = median(201, || {
            number += 1;
            write_and_delete(&mut state, number, ProviderId(Uuid::from_u128(number % size)))
        });
        fill(&mut state, size - size / 100)?;
        let nearly_full = median(201, || found(&state, &plain));
        println!(
            "{size:>9}  {limited:>9.2?}  {nearly_full:>12.2?} {rare_trait:>12.2?} {all:>16.2?} {written:>14.2?} {memory:>10} bytes"
        );
    }
    Ok(())
}

fn id(number: u128) -> ProviderId {
    ProviderId(Uuid::from_u128(number))
}

/// Compute nodes as in Placement's own benchmark; one in a hundred has a rare trait.
fn cloud(size: u128) -> Result<Placement, PlacementError> {
    let mut state = Placement::new();
    state.apply(&Command::CreateTrait { name: TraitName::from("CUSTOM_RARE") })?;
    for number in 0..size {
        let provider = id(number);
        state.apply(&Command::CreateProvider {
            id: provider,
            name: format!("host{number}"),
            parent: None,
        })?;
        let inventories = [
            (ResourceClass::VCPU, Inventory::of(64)),
            (ResourceClass::MEMORY_MB, Inventory::of(262_144)),
            (ResourceClass::DISK_GB, Inventory::of(4_000)),
        ];
        let inventories = inventories.into();
        state.apply(&Command::SetInventories { provider, generation: 0, inventories })?;
        if number % 100 == 99 {
            let traits = [TraitName::from("CUSTOM_RARE")].into();
            state.apply(&Command::SetTraits { provider, generation: None, traits })?;
        }
    }
    Ok(state)
}

fn request(limit: Option<usize>, required: Option<&str>) -> CandidatesRequest {
    let resources =
        [(ResourceClass::VCPU, 1), (ResourceClass::MEMORY_MB, 512), (ResourceClass::DISK_GB, 1)].into();
    let required = required.map(|name| [TraitName::from(name)].into()).into_iter().collect();
    let group = RequestGroup { resources, required, ..RequestGroup::default() };
    CandidatesRequest { groups: vec![group], limit, ..CandidatesRequest::default() }
}

fn found(state: &Placement, request: &CandidatesRequest) -> usize {
    state.candidates(request).map_or(0, |found| found.len())
}

fn consumer(number: u128, provider: ProviderId, vcpus: u64) -> ConsumerAllocations {
    let resources =
        [(ResourceClass::VCPU, vcpus), (ResourceClass::MEMORY_MB, 512), (ResourceClass::DISK_GB, 1)].into();
    ConsumerAllocations {
        consumer: ConsumerId(Uuid::from_u128(number)),
        allocations: [(provider, resources)].into(),
        project: "project".into(),
        user: "user".into(),
        consumer_type: None,
        generation: ExpectedGeneration::New,
    }
}

fn write_and_delete(state: &mut Placement, number: u128, provider: ProviderId) -> usize {
    let consumers = vec![consumer(number, provider, 1)];
    let written = state.apply(&Command::WriteAllocations { consumers });
    let deleted = state.apply(&Command::DeleteAllocations { consumer: ConsumerId(Uuid::from_u128(number)) });
    usize::from(written.is_ok() && deleted.is_ok())
}

/// Takes all processors of the first so many providers.
fn fill(state: &mut Placement, count: u128) -> Result<(), PlacementError> {
    for number in 0..count {
        let consumers = vec![consumer(1_000_000 + number, id(number), 64)];
        state.apply(&Command::WriteAllocations { consumers })?;
    }
    Ok(())
}

fn median(runs: usize, mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..runs)
        .map(|_| {
            let begin = Instant::now();
            std::hint::black_box(work());
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[runs / 2]
}

/// The memory of this process, in bytes; 0 where the system does not say.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
