//! The way up: a driver of contract 1.0 whose calls go to one of 0.1. What 0.1 does not have is what [`super::Rest`] says it
//! is: Nova's base class, or the driver of 1.0 below a layer.

use super::conversions::To;
use super::methods::for_each_kept_method;
use super::{Rest, old};
use novarig_driver_sdk::Driver;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use novarig_driver_sdk::types::*;
use old::driver;

/// Stands between the two versions and keeps nothing.
#[derive(Default)]
pub(crate) struct Adapter;

macro_rules! upward {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Driver<Rest> for Adapter {
            $(
                async fn $name(&self $(, $arg: $type)*) -> Result<$answer, VirtError> {
                    driver::$name($($arg.to()),*).await.map(To::to).map_err(To::to)
                }
            )*

            /// A driver of 0.1 never sees allocations and so moves none.
            async fn update_provider_tree(
                &self,
                tree: ProviderTree,
                nodename: String,
                allocations: Option<Vec<ConsumerAllocations>>,
            ) -> Result<ProviderTreeUpdate, VirtError> {
                let tree = driver::update_provider_tree(tree.to(), nodename).await.map_err(To::to)?;
                Ok(ProviderTreeUpdate { tree: tree.to(), allocations })
            }

            /// Accelerators and shares do not reach it.
            async fn power_on(&self, request: PowerOnRequest) -> Result<(), VirtError> {
                let PowerOnRequest { instance, network_info, block_device_info, .. } = request;
                driver::power_on(instance.to(), network_info.to(), block_device_info.to()).await.map_err(To::to)
            }

            /// The disks that it names keep what it does not know of them.
            async fn default_device_names_for_instance(
                &self,
                request: DeviceNamesRequest,
            ) -> Result<Vec<BlockDevice>, VirtError> {
                let known = request.devices.clone();
                let named = driver::default_device_names_for_instance(request.to()).await.map_err(To::to)?;
                let mut named: Vec<BlockDevice> = named.to();
                for device in &mut named {
                    if let Some(known) = known.iter().find(|known| known.uuid == device.uuid) {
                        device.image_id.clone_from(&known.image_id);
                        device.snapshot_id.clone_from(&known.snapshot_id);
                        device.volume_type.clone_from(&known.volume_type);
                        device.encryption.clone_from(&known.encryption);
                    }
                }
                Ok(named)
            }
        }
    };
}
for_each_kept_method!(upward);
