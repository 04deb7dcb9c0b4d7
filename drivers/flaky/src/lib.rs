//! Calls fail at first and then work: the first few of each server, or of the whole host.
//!
//! In Nova nothing stands for it; it is what retries are for. With `per=server` (the default) every server's calls fail
//! `times` times; with `per=host` all of them together do.

use novarig_driver_sdk::faults::{error_from_settings, matches};
use novarig_driver_sdk::{
    Call, Driver, Intercept, Layer, VirtError, durable, export_driver, layer, log, settings,
};

#[derive(Default)]
struct Flaky;

#[layer]
impl Driver<Layer> for Flaky {}

impl Intercept for Flaky {
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let method = settings::text("method").unwrap_or_else(|| "spawn".to_owned());
        let times: u64 = settings::get("times")?;
        let error = error_from_settings("other", "not yet", call)?;
        if !matches(&method, call.method) {
            return Ok(());
        }
        let server = match settings::text("per").as_deref() {
            Some("host") => "",
            _ => call.instance.as_ref().map_or("", |instance| instance.uuid.as_str()),
        };
        let key = format!("failed/{}/{server}", call.method);
        let failed = durable::load::<u64>(&key).unwrap_or(0);
        if failed >= times {
            return Ok(());
        }
        durable::store(&key, failed + 1);
        log::info(&format!("{} fails, time {} of {times}", call.method, failed + 1));
        Err(error)
    }
}

export_driver! {
    Flaky: layer + intercept,
    name: "flaky",
    summary: "Calls fail the first times and then work, for each server or the whole host",
    settings: {
        method: text = "spawn", "Method it strikes, by Nova's name; * stands for anything";
        times: integer = "2", "How often it fails before it works";
        per: one_of["server", "host"] = "server", "Whether each server's calls are counted for themselves, or all of the host";
        error: text = "other", "The error by the contract's name, compute-resources-unavailable";
        message: text = "", "Its text; empty: the layer's own, or Nova's where the whole text is the driver's";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, call, flavor, instance, run};

    #[test]
    fn the_first_calls_of_each_server_fail() {
        testing::set("times", "2");
        let (a, b) = (instance("a", flavor("f", 1, 1, 1)), instance("b", flavor("f", 1, 1, 1)));
        let works = |server| run(Flaky.before(&call("spawn", Some(server)))).is_ok();
        assert_eq!([works(&a), works(&a), works(&a)], [false, false, true]);
        assert_eq!([works(&b), works(&b), works(&b)], [false, false, true]);
        assert_eq!(run(Flaky.before(&call("destroy", Some(&a)))), Ok(()));
    }

    #[test]
    fn the_first_calls_of_the_host_fail() {
        testing::set("times", "1");
        testing::set("per", "host");
        let (a, b) = (instance("a", flavor("f", 1, 1, 1)), instance("b", flavor("f", 1, 1, 1)));
        let works = |server| run(Flaky.before(&call("spawn", Some(server)))).is_ok();
        assert_eq!([works(&a), works(&b)], [false, true]);
    }
}
