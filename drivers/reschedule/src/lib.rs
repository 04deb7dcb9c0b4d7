//! The first spawn of each server on this host raises ComputeResourcesUnavailable; later ones succeed.
//!
//! In Nova's tests this is `FakeRescheduleDriver` (`nova/virt/fake.py`): a build fails on the first host it is tried on and
//! succeeds on the next. There all services of the process share one memory of the servers that have failed once. Here a host
//! sees nothing of another, so put the layer only over the host that is tried first, or name the hosts on which it
//! strikes in the setting `hosts`.

use novarig_driver_sdk::{
    Driver, Layer, SpawnRequest, VirtError, below, config, durable, export_driver, layer, settings,
};

#[derive(Default)]
struct Reschedule;

/// Is this host one of those that the setting names?
fn strikes_here() -> bool {
    let hosts = settings::text("hosts").unwrap_or_default();
    let host = config::get().host;
    hosts.is_empty() || hosts.split_whitespace().any(|name| name == host)
}

/// Is it the first time? Durable, as the memory of Nova's services outlives a guest.
fn is_first(uuid: &str) -> bool {
    let key = format!("spawned/{uuid}");
    let first = durable::get(&key).is_none();
    durable::set(&key, &[]);
    first
}

#[layer]
impl Driver<Layer> for Reschedule {
    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        if strikes_here() && is_first(&request.instance.uuid) {
            return Err(VirtError::ComputeResourcesUnavailable("FakeRescheduleDriver".to_owned()));
        }
        below::spawn(request).await
    }
}

export_driver! {
    Reschedule: layer,
    name: "reschedule",
    summary: "The first spawn of each server raises ComputeResourcesUnavailable, so the build is tried on another host",
    settings: {
        hosts: text = "", "Names of the hosts on which it strikes, with blanks between them; empty: every one it stands on";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, flavor, instance, run, spawn_request};

    fn spawn(name: &str) -> Result<(), VirtError> {
        run(Reschedule.spawn(spawn_request(instance(name, flavor("m1.small", 1, 2048, 20)))))
    }

    #[test]
    fn the_first_spawn_of_each_server_fails_and_the_next_goes_on() {
        testing::below("spawn", [Ok(())]);
        let unavailable = Err(VirtError::ComputeResourcesUnavailable("FakeRescheduleDriver".to_owned()));
        assert_eq!(spawn("a"), unavailable);
        assert_eq!(spawn("b"), unavailable);
        assert_eq!(spawn("a"), Ok(()));
        assert_eq!(testing::called(), ["spawn"]);
    }

    #[test]
    fn it_strikes_only_on_the_hosts_that_are_named() {
        testing::below("spawn", [Ok(())]);
        testing::set("hosts", "host2 host3");
        assert_eq!(spawn("a"), Ok(()));
        testing::set("hosts", "host2 host1");
        assert!(spawn("b").is_err());
    }
}
