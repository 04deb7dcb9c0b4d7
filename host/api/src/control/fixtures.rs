//! What Nova's test fixtures stand for.

use super::{Outcome, Refusal, done, text};
use crate::control::config;
use crate::world::World;
use serde_json::Value;

/// What is always as these fixtures make it.
const ALWAYS_ON: &[&str] = &[
    "AllServicesCurrent",
    "CinderFixture",
    "ConfFixture",
    "Database",
    "DefaultFlavorsFixture",
    "GlanceFixture",
    "NeutronFixture",
    "NotificationFixture",
    "OSAPIFixture",
    "PlacementFixture",
    "RealPolicyFixture",
    "SpawnIsSynchronousFixture",
    // The identity service has no limits, as the fixture at first.
    "UnifiedLimitsFixture",
];

pub(super) fn switch_on(world: &World, body: &Value) -> Outcome {
    match text(body, "name")? {
        "CastAsCallFixture" | "CastAsCall" => {
            world.heard().borrow_mut().keep_first();
            done()
        }
        "HostNameWeigherFixture" => {
            let weigher = "HostNameWeigher".to_owned();
            config::set(world, "filter_scheduler", "weight_classes", weigher)?;
            done()
        }
        name if ALWAYS_ON.contains(&name) => done(),
        name => Err(Refusal::not_found(format!("there is nothing here that fixture {name} stands for"))),
    }
}
