//! Calls have their effect, and then raise an error: the answer is lost.
//!
//! What a broken connection does to a call, and the `when = after` of what was observed of Nova: the caller takes for failed
//! what has happened. Calls that fail anyway raise what they raise.

use novarig_driver_sdk::faults::{Aim, error_from_settings};
use novarig_driver_sdk::{Call, Driver, Intercept, Layer, VirtError, export_driver, layer, log};

#[derive(Default)]
struct LostReply;

#[layer]
impl Driver<Layer> for LostReply {}

impl Intercept for LostReply {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        // Settings that cannot be are found before anything has happened.
        Aim::from_settings("spawn")?;
        error_from_settings("other", "the answer was lost", call).map(drop)
    }

    async fn after(&self, call: &Call, outcome: Result<(), VirtError>) -> Option<VirtError> {
        outcome.ok()?;
        if !Aim::from_settings("spawn").ok()?.strikes(call) {
            return None;
        }
        log::info(&format!("the answer of {} is lost", call.method));
        error_from_settings("other", "the answer was lost", call).ok()
    }
}

export_driver! {
    LostReply: layer + intercept,
    name: "lost-reply",
    summary: "Calls have their effect and then raise an error; which calls, and which error, is chosen by settings",
    settings: {
        method: text = "spawn", "Method it strikes, by Nova's name; * stands for anything";
        server: text = "*", "Name or identifier of the server that the call is about; * stands for anything";
        on: integer = "1", "The first call that is struck, counted among those that method and server choose";
        times: integer = "0", "How many calls are struck; 0: no limit";
        probability: text = "1", "How likely each of them is struck, from 0 to 1";
        error: text = "other", "The error by the contract's name, compute-resources-unavailable";
        message: text = "", "Its text; empty: the layer's own, or Nova's where the whole text is the driver's";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, call, flavor, instance, run};

    #[test]
    fn a_call_that_went_well_raises_an_error_afterwards() {
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        testing::set("times", "1");
        let spawn = call("spawn", Some(&server));
        assert_eq!(run(LostReply.before(&spawn)), Ok(()));
        assert_eq!(run(LostReply.after(&spawn, Err(VirtError::NotImplemented))), None, "it failed anyway");
        assert_eq!(
            run(LostReply.after(&spawn, Ok(()))),
            Some(VirtError::Other("the answer was lost".to_owned()))
        );
        assert_eq!(run(LostReply.after(&spawn, Ok(()))), None, "only once");
    }
}
