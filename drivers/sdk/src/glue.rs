//! Gives back the memory in which large parameters arrive.
//!
//! Parameters that are more than sixteen numbers come in a block of memory that the host allocates in the driver. The
//! generated code takes them out when the function is entered and never frees the block (wit-bindgen 0.60 to 0.63, for async
//! exports), so that a driver would grow by some hundred bytes with every call until it meets its limit. So the component's
//! exports are made with the functions below in place of the generated ones: each calls the generated one, which has taken
//! everything out when it returns, and frees the block. Remove this file when wit-bindgen does it.

macro_rules! exported_functions {
    ($($function:ident, $name:literal: $size:literal;)*) => {
        /// The functions whose parameters arrive in a block, with its size in bytes; all are aligned to [`ALIGN`]. A test of
        /// the host compares this with the contract.
        pub const BLOCKS: &[(&str, usize)] = &[$(($name, $size)),*];

        /// Stands in for the module of the generated exports.
        pub mod exports {
            pub mod nova {
                pub mod virt {
                    #[expect(unsafe_code, reason = "memory that the host has allocated is freed")]
                    pub mod driver {
                        use std::alloc::{Layout, dealloc};

                        pub use crate::bindings::exports::nova::virt::driver::*;

                        $(
                            #[doc = concat!("`", $name, "`, and frees the block of its parameters.")]
                            ///
                            /// # Safety
                            /// `block` is what the host hands to this function of the contract.
                            pub unsafe fn $function<T: Guest>(block: *mut u8) -> i32 {
                                // SAFETY: the host has allocated the block with this layout through `cabi_realloc`, and
                                // the generated function, which polls its future at once, has read all of it.
                                unsafe {
                                    let answer = crate::bindings::exports::nova::virt::driver::$function::<T>(block);
                                    dealloc(block, Layout::from_size_align_unchecked($size, super::super::super::super::ALIGN));
                                    answer
                                }
                            }
                        )*
                    }
                }
            }
        }
    };
}

/// Bytes to whose multiple every block is aligned.
pub const ALIGN: usize = 8;

exported_functions! {
    _export_network_binding_host_id_cabi, "network-binding-host-id": 200;
    _export_get_info_cabi, "get-info": 208;
    _export_instance_exists_cabi, "instance-exists": 200;
    _export_prepare_for_spawn_cabi, "prepare-for-spawn": 200;
    _export_prepare_networks_before_block_device_mapping_cabi, "prepare-networks-before-block-device-mapping": 208;
    _export_clean_networks_preparation_cabi, "clean-networks-preparation": 208;
    _export_failed_spawn_cleanup_cabi, "failed-spawn-cleanup": 200;
    _export_default_root_device_name_cabi, "default-root-device-name": 448;
    _export_default_device_names_for_instance_cabi, "default-device-names-for-instance": 216;
    _export_spawn_cabi, "spawn": 368;
    _export_destroy_cabi, "destroy": 232;
    _export_cleanup_cabi, "cleanup": 232;
    _export_plug_vifs_cabi, "plug-vifs": 208;
    _export_unplug_vifs_cabi, "unplug-vifs": 208;
    _export_get_volume_connector_cabi, "get-volume-connector": 200;
    _export_reboot_cabi, "reboot": 232;
    _export_power_off_cabi, "power-off": 208;
    _export_power_on_cabi, "power-on": 232;
    _export_migrate_disk_and_power_off_cabi, "migrate-disk-and-power-off": 312;
    _export_finish_migration_cabi, "finish-migration": 560;
    _export_confirm_migration_cabi, "confirm-migration": 400;
    _export_finish_revert_migration_cabi, "finish-revert-migration": 424;
    _export_check_instance_shared_storage_local_cabi, "check-instance-shared-storage-local": 200;
}
