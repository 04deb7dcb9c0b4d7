//! Time.

use super::{Outcome, Refusal};
use crate::world::World;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest advance at once, in seconds: ten years.
const MAX_ADVANCE: f64 = 315_360_000.0;

pub(super) fn show(world: &World) -> Value {
    json!({"now": world.now().to_string(), "elapsed_s": world.cloud().services().clock.elapsed().as_secs_f64()})
}

pub(super) async fn advance(world: &World, body: &Value) -> Outcome {
    let seconds = body["advance_s"].as_f64().filter(|seconds| (0.0..=MAX_ADVANCE).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        Refusal::bad_request(format!("\"advance_s\" must be a number of seconds from 0 to {MAX_ADVANCE}"))
    })?;
    if world.still.advance(Duration::from_secs_f64(seconds)).await {
        return Ok(show(world));
    }
    Err(Refusal::conflict("time is real here; serve with virtual time to move it"))
}
