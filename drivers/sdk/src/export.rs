//! Makes a component of a driver.

use crate::abi::{self, Component, Handle};
use crate::driver::{Defaults, Driver, forwards};
use crate::intercept::{Hooks, Interception};
use crate::methods::for_each_method;
#[cfg_attr(
    not(test),
    expect(clippy::wildcard_imports, reason = "the contract's methods name nearly all of its types")
)]
use crate::types::*;
use std::any::Any;
use std::cell::OnceCell;
use std::future::Future;
use std::marker::PhantomData;

/// Stands between the contract's functions, which have no object, and a driver, which is one.
#[derive(Debug)]
pub struct Exported<D, B, I>(PhantomData<(D, B, I)>);

thread_local! {
    /// The driver of this component; it lives as long as the component.
    static DRIVER: OnceCell<&'static dyn Any> = const { OnceCell::new() };
}

/// The driver, made by the first call.
fn driver<D: Driver<B>, B: Defaults>() -> &'static D {
    let any = DRIVER.with(|driver| {
        *driver.get_or_init(|| {
            std::panic::set_hook(Box::new(|panic| crate::log::last_words(&panic.to_string())));
            Box::leak(Box::<D>::default())
        })
    });
    match any.downcast_ref() {
        Some(driver) => driver,
        None => unreachable!("a component exports one driver"),
    }
}

/// Has the compiler check that a type can be exported, where it is not.
pub fn fits<T: Component>() {}

impl<D: Driver<B>, B: Defaults, I: Interception<D> + 'static> Component for Exported<D, B, I> {
    fn hooks() -> Option<&'static dyn Hooks> {
        I::hooks(driver::<D, B>())
    }
}

macro_rules! methods {
    ($($interface:ident {
        $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty: $default:ident;)*
    })*) => {$($(
        impl<D: Driver<B>, B: Defaults, I: Interception<D> + 'static> Handle<abi::$name> for Exported<D, B, I> {
            const FORWARDS: bool = forwards::<D, B>(stringify!($name));

            fn handle(
                ($($arg,)*): ($($type,)*),
            ) -> impl Future<Output = Result<$answer, VirtError>> + 'static {
                async move { driver::<D, B>().$name($($arg),*).await }
            }
        }
    )*)*};
}
for_each_method!(methods);

/// Makes a component of a driver or layer, and writes into the file what it is.
///
/// ```text
/// export_driver! {
///     TYPE: driver,                    or: layer, or: layer + intercept
///     name: "my-driver",               lower case letters, digits and `-`
///     summary: "One line on what it is for",
///     settings: {                      may be left out
///         vcpus: integer = "8", "Processors of the host";
///         owner: text = "", "Whose it is";
///         broken: boolean = "false", "Whether it fails";
///         mode: one_of["fast", "slow"] = "fast", "How it works";
///     },
/// }
/// ```
///
/// The host checks the settings that are given against this list, and hands out the defaults of the others. No text may
/// have a tab or a line break in it.
#[macro_export]
macro_rules! export_driver {
    (
        $type:ident: $kind:ident $(+ $intercept:ident)?,
        name: $name:literal,
        summary: $summary:literal
        $(, settings: { $($key:ident: $value:ident $([$($word:literal),+])? = $default:literal, $description:literal;)* })?
        $(,)?
    ) => {
        const _: () = {
            type Component = $crate::Exported<
                $type,
                $crate::export_driver!(@below $kind),
                $crate::export_driver!(@interception $($intercept)?),
            >;
            // The names of the exports are none that other targets' linkers take.
            #[cfg(target_arch = "wasm32")]
            $crate::export_methods!(Component);
            // This exports nothing; it writes the contract into the file.
            #[cfg(target_arch = "wasm32")]
            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = $crate::fits::<Component>;

            /// What the host reads of the file without running it.
            #[cfg(target_arch = "wasm32")]
            #[unsafe(link_section = "nova-virt-driver")]
            static METADATA: [u8; TEXT.len()] = {
                let mut bytes = [0; TEXT.len()];
                bytes.copy_from_slice(TEXT.as_bytes());
                bytes
            };
            #[cfg(target_arch = "wasm32")]
            const TEXT: &str = concat!(
                "name\t", $name, "\n",
                "kind\t", stringify!($kind), "\n",
                "summary\t", $summary, "\n",
                $($(
                    "setting\t", stringify!($key), "\t",
                    $crate::export_driver!(@value $value $([$($word),+])?), "\t",
                    $default, "\t", $description, "\n",
                )*)?
            );
        };
    };
    (@interception) => { $crate::intercept::Unseen };
    (@interception intercept) => { $crate::intercept::Seen };
    (@below driver) => { $crate::Bottom };
    (@below layer) => { $crate::Layer };
    (@value integer) => { "integer" };
    (@value text) => { "text" };
    (@value boolean) => { "boolean" };
    (@value one_of [$first:literal $(, $word:literal)*]) => { concat!("one of ", $first $(, "|", $word)*) };
}
