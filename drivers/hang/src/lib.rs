//! Calls never return, or not for a long time.
//!
//! What a hypervisor does whose storage is gone. Other calls of the host go on. With `seconds` the call goes on after that
//! time, which is not the same as `slow`: the default strikes one method and for ever.

use novarig_driver_sdk::faults::Aim;
use novarig_driver_sdk::{
    Call, Driver, Intercept, Layer, VirtError, clock, export_driver, layer, log, settings,
};
use std::time::Duration;

#[derive(Default)]
struct Hang;

#[layer]
impl Driver<Layer> for Hang {}

impl Intercept for Hang {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let aim = Aim::from_settings("spawn")?;
        let limit: u64 = settings::get("seconds")?;
        if aim.strikes(call) {
            log::info(&format!("{} hangs", call.method));
            if limit > 0 {
                clock::sleep(Duration::from_secs(limit)).await;
            } else {
                clock::sleep(Duration::MAX).await;
                // Whoever calls has given up long ago.
                return Err(VirtError::Other(format!("{} has hung for ever", call.method)));
            }
        }
        Ok(())
    }
}

export_driver! {
    Hang: layer + intercept,
    name: "hang",
    summary: "Calls never return, or only after a time; which calls is chosen by settings",
    settings: {
        seconds: integer = "0", "Seconds after which the call goes on; 0: never";
        method: text = "spawn", "Method it strikes, by Nova's name; * stands for anything";
        server: text = "*", "Name or identifier of the server that the call is about; * stands for anything";
        on: integer = "1", "The first call that is struck, counted among those that method and server choose";
        times: integer = "0", "How many calls are struck; 0: no limit";
        probability: text = "1", "How likely each of them is struck, from 0 to 1";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, call, flavor, instance, run};

    #[test]
    fn a_chosen_call_goes_on_after_the_time_that_is_given_or_never() {
        testing::set("seconds", "3600");
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        run(Hang.before(&call("spawn", Some(&server)))).unwrap();
        assert_eq!(clock::now(), Duration::from_secs(3600));
        run(Hang.before(&call("destroy", Some(&server)))).unwrap();
        assert_eq!(clock::now(), Duration::from_secs(3600));
        testing::set("seconds", "0");
        assert!(run(Hang.before(&call("spawn", Some(&server)))).is_err());
        assert!(clock::now() > Duration::from_secs(u64::from(u32::MAX)));
    }
}
