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

/// What begins the line of the file's description that names the methods a layer has itself.
const HANDLES: &str = "handles";

/// How long a description is with the line of the methods that a layer has itself.
#[doc(hidden)]
pub const fn metadata_length<D: Driver<B>, B: Defaults>(text: &str) -> usize {
    let Some(overrides) = D::OVERRIDES else { return text.len() };
    let mut length = text.len() + HANDLES.len() + 1;
    let mut index = 0;
    while index < overrides.len() {
        length += 1 + overrides[index].len();
        index += 1;
    }
    length
}

/// A description with that line, `handles<TAB>spawn<TAB>destroy`.
#[doc(hidden)]
pub const fn metadata<D: Driver<B>, B: Defaults, const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    let (bytes, at) = put([0; LENGTH], 0, text);
    let Some(overrides) = D::OVERRIDES else { return bytes };
    let (mut bytes, mut at) = put(bytes, at, HANDLES);
    let mut index = 0;
    while index < overrides.len() {
        (bytes, at) = put(bytes, at, "\t");
        (bytes, at) = put(bytes, at, overrides[index]);
        index += 1;
    }
    put(bytes, at, "\n").0
}

/// Writes a text into an array and answers where it ends.
const fn put<const LENGTH: usize>(mut bytes: [u8; LENGTH], at: usize, text: &str) -> ([u8; LENGTH], usize) {
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        bytes[at + index] = text[index];
        index += 1;
    }
    (bytes, at + text.len())
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
            static METADATA: [u8; LENGTH] = $crate::metadata::<$type, $crate::export_driver!(@below $kind), LENGTH>(TEXT);
            #[cfg(target_arch = "wasm32")]
            const LENGTH: usize = $crate::metadata_length::<$type, $crate::export_driver!(@below $kind)>(TEXT);
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
                $crate::export_driver!(@sees $($intercept)?),
            );
        };
    };
    (@interception) => { $crate::intercept::Unseen };
    (@interception intercept) => { $crate::intercept::Seen };
    (@sees) => { "" };
    (@sees intercept) => { "intercepts\n" };
    (@below driver) => { $crate::Bottom };
    (@below layer) => { $crate::Layer };
    (@value integer) => { "integer" };
    (@value text) => { "text" };
    (@value boolean) => { "boolean" };
    (@value one_of [$first:literal $(, $word:literal)*]) => { concat!("one of ", $first $(, "|", $word)*) };
}

#[cfg(test)]
mod tests {
    use super::{metadata, metadata_length};
    use crate::{Driver, Instance, Layer, VirtError};

    #[derive(Default)]
    struct Marked;

    #[crate::layer]
    impl Driver<Layer> for Marked {
        async fn pause(&self, _: Instance) -> Result<(), VirtError> {
            Ok(())
        }

        async fn unpause(&self, _: Instance) -> Result<(), VirtError> {
            Ok(())
        }
    }

    #[derive(Default)]
    struct Unmarked;

    impl Driver<Layer> for Unmarked {}

    #[test]
    fn the_description_names_the_methods_of_a_marked_layer() {
        const MARKED: usize = metadata_length::<Marked, Layer>("name\ta\n");
        assert_eq!(&metadata::<Marked, Layer, MARKED>("name\ta\n"), b"name\ta\nhandles\tpause\tunpause\n");
        const UNMARKED: usize = metadata_length::<Unmarked, Layer>("name\ta\n");
        assert_eq!(&metadata::<Unmarked, Layer, UNMARKED>("name\ta\n"), b"name\ta\n");
    }
}
