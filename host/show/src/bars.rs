//! Allocations over time: for each resource provider a row of bars, one wherever allocations changed, each stacked of what
//! the consumers hold there.

use crate::history::{History, Moment};
use explore::report::seconds;
use model::{ConsumerId, ProviderId, ResourceClass};
use runtime::{TraceEvent, TraceRecord};
use serde::Serialize;
use std::collections::BTreeSet;

/// Colours there are before they repeat.
pub const COLOURS: usize = 8;
/// The height of the tallest bar.
const TALLEST: u64 = 90;
/// From bar to bar.
const STEP: u32 = 62;
/// The width of a bar.
const WIDTH: u32 = 40;
/// Above the bars.
const TOP: u32 = 14;
/// Left of the bars.
const LEFT: u32 = 12;

/// The bars of one resource class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bars {
    /// The class.
    pub class: String,
    /// Each provider's row.
    pub providers: Vec<ProviderBars>,
}

/// The bars of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProviderBars {
    /// Its name.
    pub name: String,
    /// In units of the picture.
    pub width: u32,
    /// The line on which the bars stand.
    pub base: u32,
    /// The width of a bar.
    pub bar: u32,
    /// One wherever any allocation changed.
    pub bars: Vec<Stack>,
}

/// What is held at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// The left side.
    pub x: u32,
    /// The middle.
    pub middle: u32,
    /// When.
    pub time: String,
    /// The number of the event.
    pub n: u64,
    /// How much is held in all.
    pub total: u64,
    /// The upper end of the whole stack.
    pub top: u32,
    /// Each consumer's part, from the bottom up.
    pub parts: Vec<Part>,
}

/// What one consumer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Whose.
    pub consumer: String,
    /// Its colour, below [`COLOURS`].
    pub colour: usize,
    /// How much.
    pub amount: u64,
    /// The upper side.
    pub y: u32,
    /// At least one, so that it can be seen.
    pub height: u32,
}

fn base() -> u32 {
    TOP + u32::try_from(TALLEST).unwrap_or(u32::MAX)
}

/// The consumers that ever hold anything, and the colour of each.
pub fn legend(trace: &[TraceRecord]) -> Vec<(String, usize)> {
    let (changes, last) = changes(trace);
    let consumers = consumers(&changes);
    consumers.iter().enumerate().map(|(at, consumer)| (last.consumer(*consumer), at % COLOURS)).collect()
}

/// The bars of each resource class of which anything is held; that of processors comes first.
pub fn bars(trace: &[TraceRecord]) -> Vec<Bars> {
    let (changes, last) = changes(trace);
    let consumers = consumers(&changes);
    let held = |moment: &Moment, consumer: &ConsumerId, provider: &ProviderId, class: &ResourceClass| {
        let amounts = moment.allocations.get(consumer).and_then(|holding| holding.get(provider));
        amounts.and_then(|amounts| amounts.get(class)).copied().unwrap_or_default()
    };
    let all = changes.iter().flat_map(|(_, _, moment)| moment.allocations.values());
    let classes: BTreeSet<&ResourceClass> =
        all.flat_map(|holding| holding.values()).flat_map(|amounts| amounts.keys()).collect();
    let mut classes: Vec<_> = classes.into_iter().collect();
    classes.sort_by_key(|class| (class.to_string() != "VCPU", class.to_string()));
    let mut of_classes = Vec::new();
    for class in classes {
        let total = |moment: &Moment, provider: &ProviderId| -> u64 {
            consumers.iter().map(|consumer| held(moment, consumer, provider, class)).sum()
        };
        let totals = changes
            .iter()
            .flat_map(|(_, _, moment)| last.providers.keys().map(move |provider| total(moment, provider)));
        let most = totals.max().unwrap_or_default().max(1);
        let of_provider = |(provider, name): (&ProviderId, &String)| {
            let mut bars = Vec::new();
            for ((n, t, moment), at) in changes.iter().zip(0..) {
                let (mut y, mut parts) = (base(), Vec::new());
                for (place, consumer) in consumers.iter().enumerate() {
                    let amount = held(moment, consumer, provider, class);
                    if amount == 0 {
                        continue;
                    }
                    let height = u32::try_from(amount * TALLEST / most).unwrap_or(u32::MAX).max(1);
                    y = y.saturating_sub(height);
                    let consumer = last.consumer(*consumer);
                    parts.push(Part { consumer, colour: place % COLOURS, amount, y, height });
                }
                let x = LEFT + at * STEP;
                let middle = x + WIDTH / 2;
                let total = parts.iter().map(|part| part.amount).sum();
                bars.push(Stack { x, middle, time: seconds(*t), n: *n, total, top: y, parts });
            }
            let count = u32::try_from(bars.len()).unwrap_or(u32::MAX);
            ProviderBars { name: name.clone(), width: LEFT + count * STEP, base: base(), bar: WIDTH, bars }
        };
        let mut providers: Vec<_> = last.providers.iter().map(of_provider).collect();
        // Of many hosts, those that matter.
        providers.retain(|provider| provider.bars.iter().any(|bar| bar.total > 0));
        providers.sort_by(|one, other| one.name.cmp(&other.name));
        of_classes.push(Bars { class: class.to_string(), providers });
    }
    of_classes
}

/// The moments at which allocations changed, with number and time of the event; and the last moment of all.
fn changes(trace: &[TraceRecord]) -> (Vec<(u64, u64, Moment)>, Moment) {
    let mut history = History::new();
    let mut changes: Vec<(u64, u64, Moment)> = Vec::new();
    for record in trace {
        history.apply(record);
        let wrote = matches!(record.event, TraceEvent::PlacementWrite { error: None, .. });
        let before = changes.last().map(|(_, _, moment)| &moment.allocations);
        let now = &history.now().allocations;
        if wrote && before.map_or(!now.is_empty(), |before| before != now) {
            changes.push((record.n, record.t, history.now().clone()));
        }
    }
    (changes, history.now().clone())
}

/// Everyone that ever holds anything, in the order in which they come.
fn consumers(changes: &[(u64, u64, Moment)]) -> Vec<ConsumerId> {
    let mut consumers = Vec::new();
    for consumer in changes.iter().flat_map(|(_, _, moment)| moment.allocations.keys()) {
        if !consumers.contains(consumer) {
            consumers.push(*consumer);
        }
    }
    consumers
}
