//! The trait that drivers and layers implement, and what its defaults do.

use crate::defaults;
use crate::methods::for_each_method;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use crate::types::*;

/// What the methods do that a driver does not implement.
///
/// Rust gives a trait one set of defaults, but a driver's missing methods do what Nova's base class does, while a layer's
/// missing methods go to the driver below. So each default asks the trait's parameter, which is one of two types that both
/// come from the same list of methods: [`Bottom`], which is meant when nothing is said, or [`Layer`].
pub trait Below: Sized + 'static {
    /// Is there a driver below?
    #[doc(hidden)]
    const IS_LAYER: bool;
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
    const IS_LAYER: bool = false;
    type Sealed = ();
}

impl Below for Layer {
    const IS_LAYER: bool = true;
    type Sealed = ();
}

macro_rules! driver_trait {
    ($($interface:ident {
        $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty: $default:ident;)*
    })*) => {
        /// A hypervisor driver (`impl Driver for …`) or a layer over one (`impl Driver<Layer> for …`).
        #[expect(async_fn_in_trait, reason = "a component has one thread, so no future has to be `Send`")]
        pub trait Driver<B: Defaults = Bottom>: Default + 'static {
            /// The methods that the `impl` has itself, if the attribute [`layer`](crate::layer) has said so.
            #[doc(hidden)]
            const OVERRIDES: Option<&'static [&'static str]> = None;

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
            #[cfg(target_arch = "wasm32")]
            use crate::abi;
            use crate::types::*;
            // What the methods' documentation speaks of.
            #[cfg(doc)]
            use super::Driver;

            $($(
                $(#[$doc])*
                pub async fn $name($($arg: $type),*) -> Result<$answer, VirtError> {
                    #[cfg(target_arch = "wasm32")]
                    return abi::below::<abi::$name>(($($arg,)*)).await;
                    #[cfg(not(target_arch = "wasm32"))]
                    {
                        let _ = ($($arg,)*);
                        crate::testing::answer(stringify!($name))
                    }
                }
            )*)*
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

/// Are calls of this method only handed on to the driver below? So it is if there is one and the `impl` is known not to have
/// the method.
pub(crate) const fn forwards<D: Driver<B>, B: Defaults>(method: &str) -> bool {
    if !B::IS_LAYER {
        return false;
    }
    let Some(overrides) = D::OVERRIDES else { return false };
    // This one says what the layer's own capabilities say.
    if same(method, "capabilities_as_traits") && contains(overrides, "capabilities") {
        return false;
    }
    !contains(overrides, method)
}

const fn contains(list: &[&str], wanted: &str) -> bool {
    let mut index = 0;
    while index < list.len() {
        if same(list[index], wanted) {
            return true;
        }
        index += 1;
    }
    false
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{Driver, Layer, forwards};
    use crate::types::{Capability, Instance, VirtError};

    #[derive(Default)]
    struct Marked;

    #[crate::layer]
    impl Driver<Layer> for Marked {
        async fn pause(&self, _: Instance) -> Result<(), VirtError> {
            async fn resume() {}
            resume().await;
            Ok(())
        }

        async fn capabilities(&self) -> Result<Vec<Capability>, VirtError> {
            Ok(vec![])
        }
    }

    #[derive(Default)]
    struct Unmarked;

    impl Driver<Layer> for Unmarked {}

    #[test]
    fn a_marked_layer_forwards_what_it_does_not_have_except_what_follows_from_what_it_has() {
        assert!(forwards::<Marked, Layer>("spawn"));
        assert!(forwards::<Marked, Layer>("resume"));
        assert!(!forwards::<Marked, Layer>("pause"));
        assert!(!forwards::<Marked, Layer>("capabilities"));
        assert!(!forwards::<Marked, Layer>("capabilities_as_traits"));
        assert!(!forwards::<Unmarked, Layer>("spawn"));
    }
}
