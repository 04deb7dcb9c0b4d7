//! Makes a layer of contract 0.1 one of 1.0: calls that 0.1 has go to the layer, all others past it to the driver below.

#[path = "../../conversions.rs"]
mod conversions;
#[path = "../../methods.rs"]
mod methods;
#[path = "../../upward.rs"]
mod upward;

use novarig_driver_sdk::{export_driver, types as new};
use upward::Adapter;

/// What 0.1 does not have goes to the driver below the layer.
type Rest = novarig_driver_sdk::Layer;

/// Contract 0.1, as it is called.
mod old {
    wit_bindgen::generate!({
        path: "../../../../wit/v0.1",
        inline: "
            package novarig:adapter;
            world called {
                import nova:virt/driver@0.1.0;
            }
        ",
        world: "novarig:adapter/called",
        generate_all,
    });

    pub(crate) use self::nova::virt::driver;
    pub(crate) use self::nova::virt::errors::{
        EncryptedVolume, FlatError, ImageReason, InstanceReason, QosNetwork, TaskStateConflict,
        UnexpectedError, VideoMemory, VirtError,
    };
    pub(crate) use self::nova::virt::requests::{
        CleanupRequest, DestroyRequest, DeviceNamesRequest, FinishMigrationRequest,
        FinishRevertMigrationRequest, MigrateDiskAndPowerOffRequest, RebootRequest, SpawnRequest,
    };
    pub(crate) use self::nova::virt::types::*;
}

export_driver! {
    Adapter: layer,
    name: "layer-v0-1",
    summary: "A layer of nova:virt@0.1.0 as one of 1.0.0",
}
