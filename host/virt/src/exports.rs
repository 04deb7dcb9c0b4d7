//! The functions a driver exports.
//!
//! A stack's functions are found by name once, when it is prepared. An instance takes one of them, and has its type checked,
//! when it is first called: a host calls a few of the contract's methods, and to take all of them would be a tenth of what it
//! costs to start one.

use crate::bindings::types::{
    BlockDevice, BlockDeviceInfo, Capability, CleanupRequest, DestroyRequest, DeviceNamesRequest,
    FinishMigrationRequest, FinishRevertMigrationRequest, ImageMeta, Instance, InstanceInfo,
    MigrateDiskAndPowerOffRequest, Migration, NetworkInfo, NodeResources, ProviderTree, RebootRequest,
    SpawnRequest, Uuid, VirtError, VolumeConnector,
};
use crate::contract::DRIVER;
use crate::imports::HostState;
use crate::method::{Method, for_each_method};
use crate::prepared::PreparedStack;
use std::cell::OnceCell;
use wasmtime::component::{
    Accessor, Component, ComponentExportIndex, Instance as ComponentInstance, TypedFunc,
};

/// A function of the contract, with its parameters and its answer.
type Function<Parameters, Answer> = OnceCell<TypedFunc<Parameters, (Result<Answer, VirtError>,)>>;

macro_rules! exports {
    ($($kind:ident $variant:ident $name:ident $call:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// Where the functions of a stack are.
        pub(crate) struct Exports {
            $($name: ComponentExportIndex,)*
        }

        impl Exports {
            /// Finds them all. The error names the first that is missing, which the check of the contract lets not happen.
            pub(crate) fn find(component: &Component) -> Result<Self, String> {
                let driver = component.get_export_index(None, DRIVER).ok_or_else(|| format!("{DRIVER} is not exported"))?;
                let find = |method: Method| {
                    let name = method.wit_name();
                    component.get_export_index(Some(&driver), &*name).ok_or_else(|| format!("{DRIVER}#{name} is not exported"))
                };
                Ok(Self { $($name: find(Method::$variant)?,)* })
            }
        }

        /// The driver in one instance.
        pub(crate) struct Guest {
            instance: ComponentInstance,
            stack: PreparedStack,
            $($name: Function<($($type,)*), $answer>,)*
        }

        impl Guest {
            pub(crate) fn new(instance: ComponentInstance, stack: PreparedStack) -> Self {
                Self { instance, stack, $($name: OnceCell::new(),)* }
            }

            $(
                pub(crate) async fn $call(
                    &self,
                    accessor: &Accessor<HostState>
                    $(, $arg: $type)*
                ) -> wasmtime::Result<Result<$answer, VirtError>> {
                    let function = match self.$name.get() {
                        Some(function) => *function,
                        None => {
                            let index = &self.stack.exports().$name;
                            let function = accessor.with(|access| self.instance.get_typed_func(access, index))?;
                            *self.$name.get_or_init(|| function)
                        }
                    };
                    let (answer,) = function.call_concurrent(accessor, ($($arg,)*)).await?;
                    Ok(answer)
                }
            )*
        }
    };
}
for_each_method!(exports);
