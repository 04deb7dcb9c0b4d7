//! The hypervisor's agent dies in the middle of a call, with all other calls of the host that are under way.
//!
//! What happens when `nova-compute`, or what it talks to, is killed. A new agent takes its place and finds the guests, which
//! live in the driver's durable storage. With `when=after` it dies after the effect. The default strikes once: one that
//! strikes every time is `times=0`.

use novarig_driver_sdk::faults::Aim;
use novarig_driver_sdk::{Call, Driver, Intercept, Layer, VirtError, export_driver, layer, settings};

#[derive(Default)]
struct Trap;

#[layer]
impl Driver<Layer> for Trap {}

fn when() -> String {
    settings::text("when").unwrap_or_else(|| "before".to_owned())
}

/// A panic ends the agent, and its message reaches whoever called.
fn die(call: &Call) -> ! {
    let words = settings::text("message").unwrap_or_else(|| "the agent was killed".to_owned());
    panic!("in {}: {words}", call.method)
}

impl Intercept for Trap {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let aim = Aim::from_settings("spawn")?;
        if when() == "before" && aim.strikes(call) {
            die(call);
        }
        Ok(())
    }

    async fn after(&self, call: &Call, _: Result<(), VirtError>) -> Option<VirtError> {
        if when() == "after" && Aim::from_settings("spawn").ok()?.strikes(call) {
            die(call);
        }
        None
    }
}

export_driver! {
    Trap: layer + intercept,
    name: "trap",
    summary: "The hypervisor's agent dies in a call, before or after its effect; which call is chosen by settings",
    settings: {
        when: one_of["before", "after"] = "before", "Whether it dies before or after the effect of the call";
        message: text = "the agent was killed", "Its last words";
        method: text = "spawn", "Method it strikes, by Nova's name; * stands for anything";
        server: text = "*", "Name or identifier of the server that the call is about; * stands for anything";
        on: integer = "1", "The first call that is struck, counted among those that method and server choose";
        times: integer = "1", "How many calls are struck; 0: no limit";
        probability: text = "1", "How likely each of them is struck, from 0 to 1";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, call, flavor, instance, run};

    #[test]
    #[should_panic(expected = "in spawn: the agent was killed")]
    fn it_dies_before_the_effect() {
        let _ = run(Trap.before(&call("spawn", None)));
    }

    #[test]
    fn it_lives_through_all_other_calls() {
        testing::set("when", "after");
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        assert_eq!(run(Trap.before(&call("spawn", Some(&server)))), Ok(()));
        assert_eq!(run(Trap.after(&call("destroy", Some(&server)), Ok(()))), None);
    }

    #[test]
    #[should_panic(expected = "in spawn: no more")]
    fn it_dies_after_the_effect() {
        testing::set("when", "after");
        testing::set("message", "no more");
        let _ = run(Trap.after(&call("spawn", None), Ok(())));
    }
}
