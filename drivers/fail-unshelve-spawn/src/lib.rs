//! A server that was shelved and offloaded cannot be unshelved here: its spawn raises VirtualInterfaceCreateException.
//!
//! In Nova's tests this is `FakeUnshelveSpawnFailDriver` (`nova/virt/fake.py`). Any other spawn succeeds.

use novarig_driver_sdk::{Driver, Layer, SpawnRequest, VirtError, VmState, below, export_driver, layer};

#[derive(Default)]
struct FailUnshelveSpawn;

#[layer]
impl Driver<Layer> for FailUnshelveSpawn {
    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        if request.instance.vm_state == VmState::ShelvedOffloaded {
            return Err(VirtError::VirtualInterfaceCreate("FakeUnshelveSpawnFailDriver".to_owned()));
        }
        below::spawn(request).await
    }
}

export_driver! {
    FailUnshelveSpawn: layer,
    name: "fail-unshelve-spawn",
    summary: "The spawn of a shelved and offloaded server raises VirtualInterfaceCreateException, so unshelving fails",
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, flavor, instance, run, spawn_request};

    #[test]
    fn only_the_spawn_of_an_offloaded_server_fails() {
        testing::below("spawn", [Ok(())]);
        let mut request = spawn_request(instance("a", flavor("m1.small", 1, 2048, 20)));
        assert_eq!(run(FailUnshelveSpawn.spawn(request.clone())), Ok(()));
        request.instance.vm_state = VmState::ShelvedOffloaded;
        let message = "FakeUnshelveSpawnFailDriver".to_owned();
        assert_eq!(run(FailUnshelveSpawn.spawn(request)), Err(VirtError::VirtualInterfaceCreate(message)));
    }
}
