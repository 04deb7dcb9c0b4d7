//! Guests cannot be destroyed: `destroy` answers success and the guest runs on.
//!
//! In Nova nothing stands for it. It is how a server is deleted, or rebuilt elsewhere, whose guest still holds memory and
//! writes to its volumes.

use novarig_driver_sdk::faults::Aim;
use novarig_driver_sdk::{DestroyRequest, Driver, Layer, VirtError, below, export_driver, layer, log};

#[derive(Default)]
struct Zombie;

#[layer]
impl Driver<Layer> for Zombie {
    async fn init_host(&self, host: String) -> Result<(), VirtError> {
        Aim::from_settings("destroy")?;
        below::init_host(host).await
    }

    async fn destroy(&self, request: DestroyRequest) -> Result<(), VirtError> {
        if Aim::from_settings("destroy")?.strikes_server(&request.instance) {
            log::info(&format!("{} runs on", request.instance.name));
            return Ok(());
        }
        below::destroy(request).await
    }
}

export_driver! {
    Zombie: layer,
    name: "zombie",
    summary: "destroy answers success and keeps the guest",
    settings: {
        server: text = "*", "Name or identifier of the server whose guest stays; * stands for anything";
        on: integer = "1", "The first call that is struck, counted among those about such a server";
        times: integer = "0", "How many calls are struck; 0: no limit";
        probability: text = "1", "How likely each of them is struck, from 0 to 1";
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use novarig_driver_sdk::testing::{self, flavor, instance, no_disks, run};

    #[test]
    fn destroy_does_nothing_for_the_chosen_servers() {
        testing::set("server", "web*");
        testing::below("destroy", [Ok(())]);
        let destroy = |name| {
            run(Zombie.destroy(DestroyRequest {
                instance: instance(name, flavor("m1.small", 1, 2048, 20)),
                network_info: vec![],
                block_device_info: no_disks(),
                destroy_disks: true,
                destroy_secrets: true,
            }))
        };
        assert_eq!(destroy("web1"), Ok(()));
        assert!(testing::called().is_empty());
        assert_eq!(destroy("db"), Ok(()));
        assert_eq!(testing::called(), ["destroy"]);
    }
}
