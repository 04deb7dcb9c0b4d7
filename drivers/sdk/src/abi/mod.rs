//! How calls cross the border of the component, in both directions.
//!
//! Generated bindings take every parameter of every function apart and put it together again in place: with 111 methods whose
//! parameters are whole servers that made a layer of 2.6 MB. Here each type is taken apart by one function of its own,
//! and a call that a layer only hands on is not taken apart at all: the block of memory in which its parameters came goes to
//! the driver below as it is, and so does its answer on the way back.
//!
//! The rules are those of the component model's canonical ABI. What a type looks like in memory follows from its fields
//! ([`Abi`], [`Shape`]); which fields the contract's types have, and the signatures of the methods, stand in `contract.rs`,
//! which is generated. A test compares the sizes with those of another implementation of the rules.
//!
//! All of it works with pointers of any width, so that the tests of this module run where there is no WebAssembly.

#![expect(
    unsafe_code,
    reason = "memory that the host has filled is read, and memory that it reads is filled"
)]

mod bytes;
mod calls;
#[rustfmt::skip]
mod contract;
mod shape;

pub(crate) use bytes::{from_bytes, to_bytes};
#[cfg(target_arch = "wasm32")]
pub(crate) use calls::below;
pub use calls::{
    Answer, BoxFuture, Component, Description, Handle, Method, Params, callback, forward, handle,
};
pub use contract::*;
pub use shape::{Kind, Shape};

use crate::methods::for_each_method;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

/// A type that crosses the border.
pub trait Abi: Sized {
    /// What it looks like.
    const SHAPE: &'static Shape;

    /// Takes a value out of memory, and with it what it points to.
    ///
    /// # Safety
    /// There is such a value at this place, and nobody uses it afterwards.
    unsafe fn lift(at: *const u8) -> Self;

    /// Puts a value into memory, and with it the ownership of what it points to.
    ///
    /// # Safety
    /// There is room for the value, and the place has its alignment.
    unsafe fn lower(self, at: *mut u8);
}

/// Memory of this size; nobody may read from or write to memory of no size.
pub(crate) fn allocate(size: usize, align: usize) -> *mut u8 {
    let Ok(layout) = Layout::from_size_align(size, align) else {
        unreachable!("a list is larger than memory")
    };
    if size == 0 {
        return std::ptr::without_provenance_mut(align);
    }
    // SAFETY: the size is not zero.
    let at = unsafe { alloc(layout) };
    if at.is_null() {
        handle_alloc_error(layout);
    }
    at
}

/// Gives memory back.
///
/// # Safety
/// It is from [`allocate`], or from the host, with this size and alignment.
pub(crate) unsafe fn deallocate(at: *mut u8, size: usize, align: usize) {
    if size > 0 {
        // SAFETY: as promised.
        unsafe { dealloc(at, Layout::from_size_align_unchecked(size, align)) }
    }
}

/// Goes through the fields of a record in memory.
pub(crate) struct Fields {
    at: *mut u8,
    offset: usize,
}

impl Fields {
    #[inline(always)]
    fn of(at: *const u8) -> Fields {
        Fields { at: at.cast_mut(), offset: 0 }
    }

    #[inline(always)]
    fn next<T: Abi>(&mut self) -> *mut u8 {
        let offset = self.offset.next_multiple_of(T::SHAPE.align);
        self.offset = offset + T::SHAPE.size;
        // SAFETY: the field is in the record.
        unsafe { self.at.add(offset) }
    }

    #[inline(always)]
    unsafe fn lift<T: Abi>(&mut self) -> T {
        // SAFETY: the caller has said that there is a record, and its fields are asked for in order.
        unsafe { T::lift(self.next::<T>()) }
    }

    #[inline(always)]
    unsafe fn lower<T: Abi>(&mut self, value: T) {
        // SAFETY: likewise.
        unsafe { value.lower(self.next::<T>()) }
    }
}

macro_rules! scalar {
    ($($type:ty),*) => {$(
        impl Abi for $type {
            const SHAPE: &'static Shape = &Shape::scalar(size_of::<$type>());

            #[inline(always)]
            unsafe fn lift(at: *const u8) -> Self {
                // SAFETY: there is a value of this type.
                unsafe { at.cast::<$type>().read() }
            }

            #[inline(always)]
            unsafe fn lower(self, at: *mut u8) {
                // SAFETY: there is room for one.
                unsafe { at.cast::<$type>().write(self) }
            }
        }
    )*};
}
scalar!(u8, u16, u32, u64, i32, i64, f64);

impl Abi for bool {
    const SHAPE: &'static Shape = &Shape::scalar(1);

    #[inline(always)]
    unsafe fn lift(at: *const u8) -> Self {
        // SAFETY: there is a byte.
        unsafe { at.read() != 0 }
    }

    #[inline(always)]
    unsafe fn lower(self, at: *mut u8) {
        // SAFETY: there is room for a byte.
        unsafe { at.write(u8::from(self)) }
    }
}

/// The address and length of a text or list in memory.
unsafe fn span(at: *const u8) -> (*mut u8, usize) {
    // SAFETY: as the caller says.
    unsafe { (at.cast::<*mut u8>().read(), at.cast::<usize>().add(1).read()) }
}

unsafe fn write_span(at: *mut u8, address: *mut u8, length: usize) {
    // SAFETY: as the caller says.
    unsafe {
        at.cast::<*mut u8>().write(address);
        at.cast::<usize>().add(1).write(length);
    }
}

impl Abi for String {
    const SHAPE: &'static Shape = &Shape::TEXT;

    #[inline(never)]
    unsafe fn lift(at: *const u8) -> Self {
        // SAFETY: there is a text, which is UTF-8, for the host has looked; its memory is now the string's.
        unsafe {
            let (address, length) = span(at);
            if length == 0 { String::new() } else { String::from_raw_parts(address, length, length) }
        }
    }

    #[inline(never)]
    unsafe fn lower(self, at: *mut u8) {
        let length = self.len();
        let address = Box::into_raw(self.into_boxed_str()).cast::<u8>();
        // SAFETY: there is room for a text.
        unsafe { write_span(at, address, length) }
    }
}

impl<T: Abi> Abi for Vec<T> {
    const SHAPE: &'static Shape = &Shape::list(T::SHAPE);

    #[inline(never)]
    unsafe fn lift(at: *const u8) -> Self {
        // SAFETY: there is a list, with so many elements one after the other; the memory of the list itself is given back.
        unsafe {
            let (address, length) = span(at);
            let shape = T::SHAPE;
            let list = (0..length).map(|index| T::lift(address.add(index * shape.size))).collect();
            deallocate(address, length * shape.size, shape.align);
            list
        }
    }

    #[inline(never)]
    unsafe fn lower(self, at: *mut u8) {
        let shape = T::SHAPE;
        let length = self.len();
        let address = allocate(length * shape.size, shape.align);
        for (index, element) in self.into_iter().enumerate() {
            // SAFETY: the memory is large enough for all of them.
            unsafe { element.lower(address.add(index * shape.size)) }
        }
        // SAFETY: there is room for a list.
        unsafe { write_span(at, address, length) }
    }
}

impl<T: Abi> Abi for Option<T> {
    const SHAPE: &'static Shape = &Shape::variant(&[None, Some(T::SHAPE)]);

    #[inline(never)]
    unsafe fn lift(at: *const u8) -> Self {
        // SAFETY: there is an option, and behind it a value if it says so.
        unsafe { if at.read() == 0 { None } else { Some(T::lift(at.add(Self::SHAPE.payload()))) } }
    }

    #[inline(never)]
    unsafe fn lower(self, at: *mut u8) {
        // SAFETY: there is room for an option.
        unsafe {
            at.write(u8::from(self.is_some()));
            if let Some(value) = self {
                value.lower(at.add(Self::SHAPE.payload()));
            }
        }
    }
}

impl<T: Abi, E: Abi> Abi for Result<T, E> {
    const SHAPE: &'static Shape = &Shape::variant(&[Some(T::SHAPE), Some(E::SHAPE)]);

    #[inline(never)]
    unsafe fn lift(at: *const u8) -> Self {
        // SAFETY: there is a result, and behind it what it says.
        unsafe {
            let payload = at.add(Self::SHAPE.payload());
            if at.read() == 0 { Ok(T::lift(payload)) } else { Err(E::lift(payload)) }
        }
    }

    #[inline(never)]
    unsafe fn lower(self, at: *mut u8) {
        // SAFETY: there is room for a result.
        unsafe {
            let payload = at.add(Self::SHAPE.payload());
            at.write(u8::from(self.is_err()));
            match self {
                Ok(value) => value.lower(payload),
                Err(error) => error.lower(payload),
            }
        }
    }
}

macro_rules! tuple {
    ($($type:ident $value:ident),*) => {
        impl<$($type: Abi),*> Abi for ($($type,)*) {
            const SHAPE: &'static Shape = &Shape::record(&[$($type::SHAPE),*]);

            #[inline(always)]
            unsafe fn lift(at: *const u8) -> Self {
                let mut fields = Fields::of(at);
                // SAFETY: there is a tuple.
                unsafe { ($(fields.lift::<$type>(),)*) }
            }

            #[inline(always)]
            unsafe fn lower(self, at: *mut u8) {
                let mut fields = Fields::of(at);
                let ($($value,)*) = self;
                // SAFETY: there is room for a tuple.
                unsafe { $(fields.lower($value);)* }
            }
        }
    };
}

impl Abi for () {
    const SHAPE: &'static Shape = &Shape::record(&[]);

    unsafe fn lift(_: *const u8) -> Self {}

    unsafe fn lower(self, _: *mut u8) {}
}

tuple!(A a);
tuple!(A a, B b);
tuple!(A a, B b, C c);

macro_rules! record {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        impl $crate::abi::Abi for $name {
            const SHAPE: &'static $crate::abi::Shape =
                &$crate::abi::Shape::record(&[$(<$type as $crate::abi::Abi>::SHAPE),*]);

            #[inline(never)]
            unsafe fn lift(at: *const u8) -> Self {
                let mut fields = $crate::abi::Fields::of(at);
                // SAFETY: there is such a record.
                unsafe { $name { $($field: fields.lift(),)* } }
            }

            #[inline(never)]
            unsafe fn lower(self, at: *mut u8) {
                let mut fields = $crate::abi::Fields::of(at);
                // SAFETY: there is room for such a record.
                unsafe { $(fields.lower(self.$field);)* }
            }
        }
    };
}
use record;

macro_rules! enumeration {
    ($name:ident { $($number:literal $case:ident,)* }) => {
        impl $crate::abi::Abi for $name {
            const SHAPE: &'static $crate::abi::Shape =
                &$crate::abi::Shape::variant(&[None; [$($number),*].len()]);

            #[inline(never)]
            unsafe fn lift(at: *const u8) -> Self {
                // SAFETY: there is a byte.
                match unsafe { at.read() } {
                    $($number => $name::$case,)*
                    _ => unreachable!("the host has looked"),
                }
            }

            #[inline(never)]
            unsafe fn lower(self, at: *mut u8) {
                let number = match self { $($name::$case => $number,)* };
                // SAFETY: there is room for a byte.
                unsafe { at.write(number) }
            }
        }
    };
}
use enumeration;

macro_rules! variant {
    ($name:ident { $($number:literal $case:ident,)* } with { $($full:literal $with:ident($payload:ty),)* } as { $($type:ty,)* }) => {
        impl $crate::abi::Abi for $name {
            const SHAPE: &'static $crate::abi::Shape =
                &$crate::abi::Shape::variant(&[$(Some(<$type as $crate::abi::Abi>::SHAPE)),*]);

            #[inline(never)]
            unsafe fn lift(at: *const u8) -> Self {
                // SAFETY: there is such a variant, and behind its number what belongs to it.
                unsafe {
                    let payload = at.add(Self::SHAPE.payload());
                    match at.read() {
                        $($number => $name::$case,)*
                        $($full => $name::$with(<$payload as $crate::abi::Abi>::lift(payload)),)*
                        _ => unreachable!("the host has looked"),
                    }
                }
            }

            #[inline(never)]
            unsafe fn lower(self, at: *mut u8) {
                // SAFETY: there is room for such a variant.
                unsafe {
                    let payload = at.add(Self::SHAPE.payload());
                    match self {
                        $($name::$case => at.write($number),)*
                        $($name::$with(value) => {
                            at.write($full);
                            value.lower(payload);
                        })*
                    }
                }
            }
        }
    };
}
use variant;

/// The function of a method that is imported, the one that takes its answer, and what both look like. Only the signatures
/// differ: every number is handed to [`calls`] in 64 bits. Methods with the same type of answer share the function that takes
/// it, which stands with the first of them.
macro_rules! method {
    (
        $name:ident ($($param:ty,)*) -> $answer:ty, instance $instance:expr, export $export:literal,
        import $import:literal $interface:literal $function:literal ($($argument:tt $argument_type:ident),*),
        answer $flat:literal $answers:literal $answered:literal ($($result:tt $result_type:ident),*)
    ) => {
        method! {
            $name ($($param,)*) -> $answer, instance $instance, export $export,
            import $import $interface $function ($($argument $argument_type),*),
            answer $flat as $name
        }

        impl $name {
            unsafe fn give_answer(_flat: &[u64; 16]) {
                #[cfg(target_arch = "wasm32")]
                {
                    #[link(wasm_import_module = $answers)]
                    unsafe extern "C" {
                        #[link_name = $answered]
                        fn give_answer($(_: method!(@type $result $result_type)),*);
                    }
                    // SAFETY: this is the signature that the contract gives the function.
                    unsafe { give_answer($(method!(@number $result_type _flat[$result])),*) }
                }
                #[cfg(not(target_arch = "wasm32"))]
                unreachable!("nobody calls what is no component")
            }
        }
    };
    (
        $name:ident ($($param:ty,)*) -> $answer:ty, instance $instance:expr, export $export:literal,
        import $import:literal $interface:literal $function:literal ($($argument:tt $argument_type:ident),*),
        answer $flat:literal as $first:ident
    ) => {
        #[doc = concat!("`", $function, "` of `", $interface, "`.")]
        #[derive(Debug)]
        #[expect(non_camel_case_types, reason = "stands for a method")]
        pub enum $name {}

        impl $crate::abi::Method for $name {
            type Params = ($($param,)*);
            type Answer = $answer;

            const DESCRIPTION: &'static $crate::abi::Description = &$crate::abi::Description {
                name: stringify!($name),
                params: <Self::Params as $crate::abi::Abi>::SHAPE,
                answer: <$answer as $crate::abi::Abi>::SHAPE,
                export_is_flat: $export,
                import_is_flat: $import,
                answer_is_flat: $flat,
                instance: $instance,
                give_answer: $first::give_answer,
            };

            unsafe fn import(_arguments: &[u64; 4], _answer: *mut u8) -> u32 {
                #[cfg(target_arch = "wasm32")]
                {
                    #[link(wasm_import_module = $interface)]
                    unsafe extern "C" {
                        #[link_name = $function]
                        fn import($(_: method!(@type $argument $argument_type),)* answer: *mut u8) -> u32;
                    }
                    // SAFETY: this is the signature that the contract gives the function.
                    unsafe { import($(method!(@number $argument_type _arguments[$argument]),)* _answer) }
                }
                #[cfg(not(target_arch = "wasm32"))]
                unreachable!("there is nothing below a layer that is no component")
            }
        }
    };
    (@type $number:tt $type:ident) => { $type };
    (@number f64 $bits:expr) => { f64::from_bits($bits) };
    (@number $type:ident $bits:expr) => { $bits as $type };
}
use method;

/// Exports one method.
#[doc(hidden)]
#[macro_export]
macro_rules! export_method {
    ($component:ty, $method:ident, $name:literal, $callback:literal, ($($argument:ident),*)) => {
        const _: () = {
            #[unsafe(export_name = $name)]
            unsafe extern "C" fn export($($argument: u32),*) -> i32 {
                unsafe { $crate::abi::handle::<$crate::abi::$method, $component>(&[$(u64::from($argument)),*]) }
            }

            #[unsafe(export_name = $callback)]
            unsafe extern "C" fn callback(event: u32, waitable: u32, code: u32) -> u32 {
                unsafe { $crate::abi::callback(event, waitable, code) }
            }
        };
    };
}

macro_rules! interfaces {
    ($($interface:ident {
        $($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty: $default:ident;)*
    })*) => {
        /// The interfaces of the contract and the methods of each, in order.
        pub const INTERFACES: &[(&str, &[&str])] = &[$((stringify!($interface), &[$(stringify!($name)),*])),*];
    };
}
for_each_method!(interfaces);

/// The shape of each named type of the contract: bytes, alignment, and numbers if it is flat.
#[must_use]
pub fn layouts() -> Vec<(&'static str, (usize, usize, usize))> {
    NAMED.iter().map(|(name, shape)| (*name, (shape.size, shape.align, shape.flat))).collect()
}

#[cfg(test)]
mod tests;
