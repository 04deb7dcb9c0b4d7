//! The trait that drivers and layers implement, and what its defaults do.

use crate::defaults;
use crate::methods::for_each_method;
#[expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")]
use crate::types::*;

/// What the methods do that a driver does not implement.
///
/// Rust gives a trait one set of defaults, but a driver's missing methods do what Nova's base class does, while a layer's
/// missing methods go to the driver below. So each default asks the trait's parameter, which is one of two types that both
/// come from the same list of methods: [`Bottom`], which is meant when nothing is said, or [`Layer`].
pub trait Below: Sized + 'static {
    #[doc(hidden)]
    type Sealed: sealed::Sealed;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
}

/// There is nothing below: the defaults are those of Nova's base class.
#[derive(Debug)]
pub enum Bottom {}

/// There is a driver below: the defaults forward to it.
#[derive(Debug)]
pub enum Layer {}

impl Below for Bottom {
    type Sealed = ();
}

impl Below for Layer {
    type Sealed = ();
}

macro_rules! driver_trait {
    ($($interface:ident {
        $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty: $default:ident;)*
    })*) => {
        /// A hypervisor driver (`impl Driver for …`) or a layer over one (`impl Driver<Layer> for …`).
        #[expect(async_fn_in_trait, reason = "a component has one thread, so no future has to be `Send`")]
        pub trait Driver<B: Defaults = Bottom>: Default + 'static {
            $($(
                $(#[$doc])*
                async fn $name(&self $(, $arg: $type)*) -> Result<$answer, VirtError> {
                    B::$name(self $(, $arg)*).await
                }
            )*)*
        }

        /// The defaults of [`Driver`], method by method.
        #[doc(hidden)]
        #[expect(async_fn_in_trait, reason = "a component has one thread, so no future has to be `Send`")]
        pub trait Defaults: Below {
            $($(async fn $name<D: Driver<Self>>(driver: &D $(, $arg: $type)*) -> Result<$answer, VirtError>;)*)*
        }

        impl Defaults for Bottom {
            $($(
                async fn $name<D: Driver<Self>>(driver: &D $(, $arg: $type)*) -> Result<$answer, VirtError> {
                    driver_trait!(@bottom $default $name driver $($arg)*)
                }
            )*)*
        }

        impl Defaults for Layer {
            $($(
                async fn $name<D: Driver<Self>>(driver: &D $(, $arg: $type)*) -> Result<$answer, VirtError> {
                    driver_trait!(@layer $default $name driver $($arg)*)
                }
            )*)*
        }

        /// The driver below a layer: one function for each method of [`Driver`].
        pub mod below {
            $(pub use crate::bindings::nova::virt::$interface::{$($name),*};)*
        }
    };
    (@bottom nothing $name:ident $driver:ident $($arg:ident)*) => {{
        let _ = ($driver $(, $arg)*);
        Ok(())
    }};
    (@bottom not_implemented $name:ident $driver:ident $($arg:ident)*) => {{
        let _ = ($driver $(, $arg)*);
        Err(VirtError::NotImplemented)
    }};
    (@bottom $default:ident $name:ident $driver:ident $($arg:ident)*) => {
        defaults::$name($driver $(, $arg)*).await
    };
    (@layer own_defaults $name:ident $driver:ident $($arg:ident)*) => {
        defaults::$name($driver $(, $arg)*).await
    };
    (@layer $default:ident $name:ident $driver:ident $($arg:ident)*) => {{
        let _ = $driver;
        below::$name($($arg),*).await
    }};
}
for_each_method!(driver_trait);
