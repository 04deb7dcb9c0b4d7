//! Every spawn raises BuildAbortException, so that no other host is tried and the server goes to ERROR.
//!
//! In Nova's tests this is `FakeBuildAbortDriver` (`nova/virt/fake.py`).

use novarig_driver_sdk::{Driver, InstanceReason, Layer, SpawnRequest, VirtError, export_driver, layer};

#[derive(Default)]
struct BuildAbort;

#[layer]
impl Driver<Layer> for BuildAbort {
    async fn spawn(&self, request: SpawnRequest) -> Result<(), VirtError> {
        Err(VirtError::BuildAbort(InstanceReason {
            instance: request.instance.uuid,
            reason: "FakeBuildAbortDriver".to_owned(),
        }))
    }
}

export_driver! {
    BuildAbort: layer,
    name: "build-abort",
    summary: "Every spawn raises BuildAbortException, so the build fails and is not tried on another host",
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{flavor, instance, run, spawn_request};

    #[test]
    fn every_spawn_is_aborted() {
        let request = spawn_request(instance("a", flavor("m1.small", 1, 2048, 20)));
        let reason = InstanceReason { instance: "a".to_owned(), reason: "FakeBuildAbortDriver".to_owned() };
        assert_eq!(run(BuildAbort.spawn(request)), Err(VirtError::BuildAbort(reason)));
    }
}
