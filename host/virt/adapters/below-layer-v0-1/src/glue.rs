//! Gives back the memory in which large parameters arrive.
//!
//! Parameters that are more than sixteen numbers come in a block of memory that the host allocates in the component. The
//! generated code takes them out when the function is entered and never frees the block (wit-bindgen 0.60 to 0.63, for async
//! exports). So the component's exports are made with the functions below in place of the generated ones: each calls the
//! generated one, which has taken everything out when it returns, and frees the block.

use crate::blocks::for_each_block;

macro_rules! exported_functions {
    ($($function:ident, $name:literal: $size:literal;)*) => {
        /// Stands in for the module of the generated exports.
        pub(crate) mod exports {
            pub(crate) mod nova {
                pub(crate) mod virt {
                    #[expect(unsafe_code, reason = "memory that the host has allocated is freed")]
                    pub(crate) mod driver {
                        use crate::blocks::ALIGN;
                        use std::alloc::{Layout, dealloc};

                        pub(crate) use crate::old::exports::nova::virt::driver::*;

                        $(
                            #[doc = concat!("`", $name, "`, and frees the block of its parameters.")]
                            ///
                            /// # Safety
                            /// `block` is what the host hands to this function of the contract.
                            pub(crate) unsafe fn $function<T: Guest>(block: *mut u8) -> i32 {
                                // SAFETY: the host has allocated the block with this layout through `cabi_realloc`, and
                                // the generated function, which polls its future at once, has read all of it.
                                unsafe {
                                    let answer = crate::old::exports::nova::virt::driver::$function::<T>(block);
                                    dealloc(block, Layout::from_size_align_unchecked($size, ALIGN));
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
for_each_block!(exported_functions);
