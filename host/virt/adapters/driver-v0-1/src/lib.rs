//! Makes a driver of contract 0.1 one of 1.0.

#[path = "../../conversions.rs"]
mod conversions;
#[path = "../../methods.rs"]
mod methods;
#[path = "../../upward.rs"]
mod upward;

use novarig_driver_sdk::{export_driver, types as new};
use upward::Adapter;

/// What 0.1 does not have is not offered.
type Rest = novarig_driver_sdk::Bottom;

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
    Adapter: driver,
    name: "driver-v0-1",
    summary: "A driver of nova:virt@0.1.0 as one of 1.0.0",
}
