//! What a stack exports, and how it is entered.
//!
//! Where an exported function is found in a compiled stack is looked up once for all hosts that run it; whether it has the
//! types that Rust has for it is checked by the first call of all hosts. So a host that is started pays for nothing but its
//! instance, and a call for nothing but itself, however many methods the contract has.

use crate::bindings::types::{self, VirtError};
use crate::contract::{self, Version};
use crate::imports::HostState;
use crate::method::{Method, for_each_method};

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmtime::component::{
    Accessor, Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc,
};

/// An exported method with parameters `P` and answer `A`.
pub(crate) struct Export<P, A> {
    /// Where it is; none for a method of an optional interface that the stack does not export.
    index: Option<ComponentExportIndex>,
    /// Have its types been checked?
    checked: AtomicBool,
    types: PhantomData<fn(P) -> A>,
}

/// What a method answers.
type Answer<A> = Result<A, VirtError>;

impl<P, A> Export<P, A>
where
    P: ComponentNamedList + Lower + 'static,
    A: 'static,
    (Answer<A>,): ComponentNamedList + Lift + 'static,
{
    /// Calls the method on an instance of the stack. An error is a driver that broke.
    pub(crate) async fn call(
        &self,
        accessor: &Accessor<HostState>,
        instance: Instance,
        params: P,
    ) -> wasmtime::Result<Answer<A>> {
        let Some(index) = &self.index else { return Ok(Err(VirtError::NotImplemented)) };
        let function = accessor.with(|mut access| -> wasmtime::Result<TypedFunc<P, (Answer<A>,)>> {
            let function = instance
                .get_func(&mut access, index)
                .ok_or_else(|| wasmtime::format_err!("the instance lacks a function that its code has"))?;
            if self.checked.load(Ordering::Relaxed) {
                #[expect(unsafe_code, reason = "a check of every host's instance would be for nothing")]
                // SAFETY: the types were checked by an earlier call on an instance of the same compiled stack, and the
                // types of an exported function are those of the code.
                return Ok(unsafe { TypedFunc::new_unchecked(function) });
            }
            let typed = function.typed(&access)?;
            self.checked.store(true, Ordering::Relaxed);
            Ok(typed)
        })?;
        let (answer,) = function.call_concurrent(accessor, params).await?;
        Ok(answer)
    }
}

macro_rules! exports {
    ($($interface:ident {
        $($kind:ident $variant:ident $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*
    })*) => {
        /// Every method of the contract, as a compiled stack exports it.
        pub(crate) struct Exports {
            $($(pub(crate) $name: Export<($($type,)*), $answer>,)*)*
        }

        impl Exports {
            /// Finds the methods in a compiled stack. The error is a method that is not there although it has to be: a
            /// stack that was checked and composed has all of them.
            pub(crate) fn find(stack: &Component) -> Result<Self, Method> {
                $(
                    let $interface = interface(stack, stringify!($interface));
                )*
                Ok(Self {
                    $($($name: Export {
                        index: find(stack, $interface.as_ref(), Method::$variant)?,
                        checked: AtomicBool::new(false),
                        types: PhantomData,
                    },)*)*
                })
            }

            /// Whether the stack has this method. Only methods of optional interfaces can be missing.
            pub(crate) fn offers(&self, method: Method) -> bool {
                match method { $($(Method::$variant => self.$name.index.is_some(),)*)* }
            }
        }
    };
}
for_each_method!(exports);

fn interface(stack: &Component, name: &str) -> Option<ComponentExportIndex> {
    stack.get_export_index(None, contract::interface_name(&name.replace('_', "-"), Version::V1_0))
}

fn find(
    stack: &Component,
    interface: Option<&ComponentExportIndex>,
    method: Method,
) -> Result<Option<ComponentExportIndex>, Method> {
    let found = interface.and_then(|interface| stack.get_export_index(Some(interface), method.wit_name()));
    if found.is_none() && !method.is_optional() { Err(method) } else { Ok(found) }
}

/// The interfaces that every driver exports, by their full names.
pub(crate) fn mandatory_interfaces() -> Vec<String> {
    let mut interfaces: Vec<String> = Method::ALL
        .iter()
        .filter(|method| !method.is_optional())
        .map(|method| contract::interface_name(&method.interface(), Version::V1_0))
        .collect();
    // The methods of an interface stand together.
    interfaces.dedup();
    interfaces
}
