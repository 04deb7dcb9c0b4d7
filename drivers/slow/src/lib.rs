//! Calls take their time: a fixed one, or one that is drawn.
//!
//! In Nova nothing stands for it; real hypervisors are slow, and races show only when they are. What is drawn is the same in
//! every run with the same seed. The time passes before the call reaches the driver below.

use novarig_driver_sdk::faults::Aim;
use novarig_driver_sdk::{
    Call, Driver, Intercept, Layer, VirtError, clock, export_driver, layer, random, settings,
};
use std::time::Duration;

#[derive(Default)]
struct Slow;

#[layer]
impl Driver<Layer> for Slow {}

impl Intercept for Slow {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let aim = Aim::from_settings("*")?;
        let shortest: u64 = settings::get("ms")?;
        let longest = match settings::text("to_ms") {
            Some(text) if !text.is_empty() => settings::get("to_ms")?,
            _ => shortest,
        };
        if aim.strikes(call) {
            let spread = longest.saturating_sub(shortest).saturating_add(1);
            let drawn = if spread > 1 { random::next_u64() % spread } else { 0 };
            clock::sleep(Duration::from_millis(shortest.saturating_add(drawn))).await;
        }
        Ok(())
    }
}

export_driver! {
    Slow: layer + intercept,
    name: "slow",
    summary: "Calls take longer: all, or those chosen by settings; a fixed time, or one that is drawn",
    settings: {
        ms: integer = "1000", "How much longer, in milliseconds";
        to_ms: text = "", "If it is given: drawn from ms to this, each as likely as any other";
        method: text = "*", "Method it strikes, by Nova's name; * stands for anything";
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
    fn a_chosen_call_takes_longer() {
        testing::set("ms", "1500");
        testing::set("method", "spawn");
        run(Slow.before(&call("destroy", None))).unwrap();
        assert_eq!(clock::now(), Duration::ZERO);
        let server = instance("a", flavor("m1.small", 1, 2048, 20));
        run(Slow.before(&call("spawn", Some(&server)))).unwrap();
        assert_eq!(clock::now(), Duration::from_millis(1500));
    }

    #[test]
    fn a_drawn_time_lies_between_the_two_that_are_given() {
        testing::set("ms", "10");
        testing::set("to_ms", "20");
        let times: std::collections::BTreeSet<Duration> = (0..100)
            .map(|_| {
                let before = clock::now();
                run(Slow.before(&call("spawn", None))).unwrap();
                clock::now().saturating_sub(before)
            })
            .collect();
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(20));
        assert!(times.iter().all(|time| (least..=most).contains(time)), "{times:?}");
        assert!(times.len() > 5, "{times:?}");
    }
}
