//! The build of each server fails on the first host it is tried on with ComputeResourcesUnavailable, and succeeds on the next.
//!
//! In Nova's tests this is `FakeRescheduleDriver` (`nova/virt/fake.py`). There all services of the process share one memory
//! of the servers whose spawn has failed once. Here a host sees nothing of another, but it sees which is the first: a build
//! asks the driver for the name of the root device only while the server has none (`_default_block_device_names` of the
//! compute manager), and it keeps that name wherever the build goes on. So the layer strikes where it has been asked,
//! once; it can stand over one host or over all of them. Not struck are servers that were made with a name for their root
//! device, and spawns that are not the first, such as those of unshelving, on a host that has not built the server.

use novarig_driver_sdk::{
    BlockDevice, Driver, ImageMeta, Instance, Layer, SpawnRequest, VirtError, below, durable, export_driver,
    layer,
};

#[derive(Default)]
struct Reschedule;

/// The key under which it stands that this host is the first that builds a server. Durable, as the memory of Nova's
/// services outlives a guest.
fn first_here(uuid: &str) -> String {
    format!("first/{uuid}")
}

#[layer]
impl Driver<Layer> for Reschedule {
    async fn default_root_device_name(
        &self,
        instance: Instance,
        image_meta: ImageMeta,
        root: Option<BlockDevice>,
    ) -> Result<String, VirtError> {
        durable::set(&first_here(&instance.uuid), &[]);
        below::default_root_device_name(instance, image_meta, root).await
    }

    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        let key = first_here(&request.instance.uuid);
        if durable::get(&key).is_some() {
            durable::delete(&key);
            return Err(VirtError::ComputeResourcesUnavailable("FakeRescheduleDriver".to_owned()));
        }
        below::spawn(request).await
    }
}

export_driver! {
    Reschedule: layer,
    name: "reschedule",
    summary: "The build of each server raises ComputeResourcesUnavailable on the first host and succeeds on the next",
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, flavor, instance, run, spawn_request};

    fn server(name: &str) -> Instance {
        instance(name, flavor("m1.small", 1, 2048, 20))
    }

    fn spawn(name: &str) -> Result<(), VirtError> {
        run(Reschedule.spawn(spawn_request(server(name))))
    }

    /// The first host that builds a server is asked for the name of its root device.
    fn is_the_first_host_of(name: &str) {
        let image_meta = spawn_request(server(name)).image_meta;
        testing::below("default_root_device_name", [Err::<String, _>(VirtError::NotImplemented)]);
        let named = run(Reschedule.default_root_device_name(server(name), image_meta, None));
        assert_eq!(named, Err(VirtError::NotImplemented));
    }

    #[test]
    fn on_the_first_host_of_a_server_its_first_spawn_fails_and_the_next_goes_on() {
        testing::below("spawn", [Ok(())]);
        let unavailable = Err(VirtError::ComputeResourcesUnavailable("FakeRescheduleDriver".to_owned()));
        is_the_first_host_of("a");
        is_the_first_host_of("b");
        assert_eq!(spawn("a"), unavailable);
        assert_eq!(spawn("b"), unavailable);
        assert_eq!(spawn("a"), Ok(()));
    }

    #[test]
    fn on_any_other_host_every_spawn_goes_on() {
        testing::below("spawn", [Ok(())]);
        assert_eq!(spawn("a"), Ok(()));
        assert_eq!(testing::called(), ["spawn"]);
    }
}
