//! The control API, `/_novarig/v1`: what a test harness does to a cloud from outside, in any language.
//!
//! Each call answers 200 with a JSON object when it is done; what cannot be done answers 400, 404 or 409 with
//! `{"error": …}` and changes nothing.

mod clock;
mod config;
mod faults;
mod fixtures;
mod hosts;
mod openapi;
mod payload;
mod read;

pub(crate) use config::Overrides;
pub(crate) use faults::PlannedFault;
pub(crate) use payload::describer;

use crate::answer::{Answer, Ask};
use crate::caller::Requester;
use crate::world::World;
use axum::http::Method;
use serde_json::{Value, json};

/// A call that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    fn bad_request(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into() }
    }

    fn not_found(message: impl Into<String>) -> Self {
        Self { status: 404, message: message.into() }
    }

    fn conflict(message: impl Into<String>) -> Self {
        Self { status: 409, message: message.into() }
    }
}

type Outcome = Result<Value, Refusal>;

/// Nothing to say but that it is done.
fn done() -> Outcome {
    Ok(json!({}))
}

/// Answers a request.
pub(crate) async fn answer(world: &World, ask: &Ask) -> Answer {
    let is_admin = || Requester::of(world, ask).is_some_and(|requester| requester.is_admin);
    if world.config.guarded && !is_admin() {
        return Answer::json(403, json!({"error": "the control API is for administrators here"}));
    }
    match call(world, ask).await {
        Ok(body) => Answer::json(200, body),
        Err(Refusal { status, message }) => Answer::json(status, json!({"error": message})),
    }
}

async fn call(world: &World, ask: &Ask) -> Outcome {
    let body = ask.json().map_err(|error| Refusal::bad_request(format!("the body is no JSON: {error}")))?;
    let (get, put, post, delete) = (&Method::GET, &Method::PUT, &Method::POST, &Method::DELETE);
    let method = &ask.method;
    match ask.parts().as_slice() {
        ["openapi.json"] if method == get => Ok(openapi::document(&ask.base())),
        ["openapi", "compute.json"] if method == get => {
            let version = ask.query.get("microversion");
            crate::compute::openapi_document(world, &ask.origin(), version)
                .await
                .map_err(Refusal::bad_request)
        }
        ["reset"] if method == post => config::reset(world, &body),
        ["config"] if method == put => config::put(world, &body),
        ["config"] if method == delete => config::delete(world, &body),
        ["fixtures"] if method == post => fixtures::switch_on(world, &body),
        ["services"] if method == post => hosts::start(world, &body).await,
        ["services", name, host, verb] if method == post => {
            hosts::change(world, name, host, verb, &body).await
        }
        ["hosts", host, "driver"] if method == put => hosts::swap(world, host, &body).await,
        ["periodics"] if method == post => hosts::periodics(world, &body).await,
        ["notifications"] if method == get => Ok(read::notifications(world, ask)),
        ["notifications"] if method == delete => {
            world.cloud().services().notifier.reset();
            done()
        }
        ["log"] if method == get => Ok(json!({"log": world.heard().borrow().log()})),
        ["trace"] if method == get => read::trace(world, ask),
        ["invariants"] if method == get => match world.config.oracle {
            Some(oracle) => Ok(oracle(world.cloud()).await),
            None => Err(Refusal::not_found("nothing here says what must be true")),
        },
        ["census"] if method == get => Ok(read::census(world)),
        ["request-specs", server] if method == get => read::request_spec(world, server),
        ["images"] if method == post => {
            crate::image::create_by_harness(world, &body).map_err(Refusal::bad_request)
        }
        ["faults"] if method == get => Ok(faults::list(world)),
        ["faults"] if method == put => faults::plan(world, &body),
        ["faults"] if method == delete => {
            faults::forget(world);
            done()
        }
        ["clock"] if method == get => Ok(clock::show(world)),
        ["clock"] if method == post => clock::advance(world, &body).await,
        _ => Err(Refusal::not_found(format!("there is no call {} {} here", ask.method, ask.path))),
    }
}

/// A text of the body that must be there.
fn text<'b>(body: &'b Value, key: &str) -> Result<&'b str, Refusal> {
    body[key].as_str().ok_or_else(|| Refusal::bad_request(format!("the body has no text {key:?}")))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of};
    use serde_json::json;

    #[test]
    fn options_are_set_by_novas_names_and_what_is_unknown_is_said() {
        Rig::open().run(async |rig| {
            let set = json!({"group": null, "options": {"allow_resize_to_same_host": true, "vif_plugging_timeout": 0}});
            let answer = rig.put("/_novarig/v1/config", set).await;
            assert_eq!(body_of(&answer), json!({"ignored": ["vif_plugging_timeout"]}));
            let options = || rig.world().cloud().services().options.get().clone();
            assert!(options().allow_resize_to_same_host);
            let unset = json!({"group": null, "names": ["allow_resize_to_same_host"]});
            assert_eq!(rig.delete_with("/_novarig/v1/config", unset).await.status(), 200);
            assert!(!options().allow_resize_to_same_host);
            let bad = json!({"group": "scheduler", "options": {"max_attempts": "many"}});
            assert_eq!(rig.put("/_novarig/v1/config", bad).await.status(), 400);
        });
    }

    #[test]
    fn compute_services_start_stop_and_restart_and_reset_empties_the_cloud() {
        Rig::open().run(async |rig| {
            let start = json!({"name": "compute", "host": "host1", "driver": "fake"});
            assert_eq!(rig.post("/_novarig/v1/services", start.clone()).await.status(), 200);
            assert_eq!(rig.post("/_novarig/v1/services", start.clone()).await.status(), 409);
            let up = || rig.world().cloud().records().services().iter().any(|service| service.running);
            assert!(up());
            assert_eq!(rig.post("/_novarig/v1/services/compute/host1/stop", json!(null)).await.status(), 200);
            assert!(!up());
            let restart = json!({"keep_hypervisor_state": false});
            assert_eq!(rig.post("/_novarig/v1/services/compute/host1/restart", restart).await.status(), 200);
            assert!(up());
            assert_eq!(rig.post("/_novarig/v1/services/compute/host9/stop", json!(null)).await.status(), 404);
            assert_eq!(
                rig.post("/_novarig/v1/periodics", json!({"host": null, "task": null})).await.status(),
                200
            );
            assert_eq!(rig.post("/_novarig/v1/reset", json!({"number_of_cells": 1})).await.status(), 200);
            assert!(rig.world().cloud().host_names().is_empty());
            assert_eq!(rig.post("/_novarig/v1/services", start).await.status(), 200);
        });
    }

    #[test]
    fn virtual_time_moves_when_it_is_told_to() {
        Rig::open().run(async |rig| {
            let before = body_of(&rig.get("/_novarig/v1/clock").await);
            assert_eq!(before["now"], "2026-01-01T00:00:00.000000");
            let after = body_of(&rig.post("/_novarig/v1/clock", json!({"advance_s": 60})).await);
            assert_eq!(after["now"], "2026-01-01T00:01:00.000000");
            assert_eq!(rig.post("/_novarig/v1/clock", json!({"advance_s": -1})).await.status(), 400);
        });
    }

    #[test]
    fn faults_are_planned_listed_and_forgotten() {
        Rig::open().run(async |rig| {
            let plan = json!({"faults": [{"at": "host1:spawn#1", "trap": true}]});
            assert_eq!(rig.put("/_novarig/v1/faults", plan).await.status(), 200);
            let listed = body_of(&rig.get("/_novarig/v1/faults").await);
            assert_eq!(listed["faults"][0]["at"], "host1:spawn#1");
            assert_eq!(listed["struck"], json!([]));
            let wrong = json!({"faults": [{"at": "host1:spwan#1"}]});
            assert_eq!(rig.put("/_novarig/v1/faults", wrong).await.status(), 400);
            assert_eq!(rig.delete("/_novarig/v1/faults").await.status(), 200);
            assert_eq!(body_of(&rig.get("/_novarig/v1/faults").await)["faults"], json!([]));
        });
    }
}
