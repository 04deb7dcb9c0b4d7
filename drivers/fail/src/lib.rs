//! Calls fail, chosen by settings, and have no effect.
//!
//! What Nova's tests do by replacing a method of one host's driver: "fail method M on host H for server S, from the n-th call
//! on, k times, with exception E", and with a probability. For errors that come after the effect see `lost-reply`.

use novarig_driver_sdk::faults::{Aim, error_from_settings};
use novarig_driver_sdk::{Call, Driver, Intercept, Layer, VirtError, export_driver, layer, log};

#[derive(Default)]
struct Fail;

#[layer]
impl Driver<Layer> for Fail {}

impl Intercept for Fail {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let aim = Aim::from_settings("spawn")?;
        let error = error_from_settings("other", "driver says no", call)?;
        if aim.strikes(call) {
            log::info(&format!("{} fails", call.method));
            return Err(error);
        }
        Ok(())
    }
}

export_driver! {
    Fail: layer + intercept,
    name: "fail",
    summary: "Calls raise an error and have no effect; which calls, and which error, is chosen by settings",
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
    fn the_chosen_call_raises_the_chosen_error() {
        testing::set("method", "finish_migration");
        testing::set("error", "compute-resources-unavailable");
        testing::set("message", "too small");
        testing::set("on", "2");
        testing::set("times", "1");
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        let before = |method| run(Fail.before(&call(method, Some(&server))));
        assert_eq!(before("spawn"), Ok(()));
        assert_eq!(before("finish_migration"), Ok(()));
        let error = Err(VirtError::ComputeResourcesUnavailable("too small".to_owned()));
        assert_eq!(before("finish_migration"), error);
        assert_eq!(before("finish_migration"), Ok(()));
    }

    #[test]
    fn without_settings_every_spawn_fails() {
        let error = Err(VirtError::Other("driver says no".to_owned()));
        assert_eq!(run(Fail.before(&call("spawn", None))), error);
        assert_eq!(run(Fail.before(&call("destroy", None))), Ok(()));
    }

    #[test]
    fn settings_that_cannot_be_are_found_when_the_service_starts() {
        testing::set("error", "nonsense");
        assert!(matches!(run(Fail.before(&call("init_host", None))), Err(VirtError::InvalidInput(_))));
    }
}
