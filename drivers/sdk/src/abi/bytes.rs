//! A value as bytes, for durable storage: what it is made of one after the other, numbers in little-endian order, texts and
//! lists with their length before them. Only the same contract can read it.

use super::{Abi, Kind, Shape, allocate, deallocate, span, write_span};

/// The bytes of a value.
pub(crate) fn to_bytes<T: Abi>(value: T) -> Vec<u8> {
    let shape = T::SHAPE;
    let at = allocate(shape.size, shape.align);
    let mut bytes = Vec::new();
    // SAFETY: there is room for the value, it is read, and then given back with all that it points to.
    unsafe {
        value.lower(at);
        write(shape, at, &mut bytes);
        super::shape::free(shape, at);
        deallocate(at, shape.size, shape.align);
    }
    bytes
}

/// The value, if the bytes are those of one.
pub(crate) fn from_bytes<T: Abi>(bytes: &[u8]) -> Option<T> {
    let shape = T::SHAPE;
    let at = allocate(shape.size, shape.align);
    let mut rest = bytes;
    // SAFETY: there is room for the value, and it is only taken when all of it is there; what is missing is zero, which
    // stands for an empty text, an empty list and a case that points to nothing that is not zero itself.
    unsafe {
        at.write_bytes(0, shape.size);
        let complete = read(shape, &mut rest, at).is_some() && rest.is_empty();
        let value = if complete {
            Some(T::lift(at))
        } else {
            super::shape::free(shape, at);
            None
        };
        deallocate(at, shape.size, shape.align);
        value
    }
}

/// # Safety
/// There is such a value at this place.
unsafe fn write(shape: &Shape, at: *const u8, out: &mut Vec<u8>) {
    // SAFETY: the value is one of this shape, so what is read is there.
    unsafe {
        match shape.kind {
            Kind::Scalar => out.extend_from_slice(std::slice::from_raw_parts(at, shape.size)),
            Kind::Text => {
                let (address, length) = span(at);
                out.extend_from_slice(&(length as u64).to_le_bytes());
                if length > 0 {
                    out.extend_from_slice(std::slice::from_raw_parts(address, length));
                }
            }
            Kind::List(element) => {
                let (address, length) = span(at);
                out.extend_from_slice(&(length as u64).to_le_bytes());
                for index in 0..length {
                    write(element, address.add(index * element.size), out);
                }
            }
            Kind::Record(fields) => {
                for (offset, field) in super::shape::offsets(fields) {
                    write(field, at.add(offset), out);
                }
            }
            Kind::Variant(cases) => {
                out.push(at.read());
                if let Some(case) = super::shape::case(cases, at) {
                    write(case, at.add(shape.payload()), out);
                }
            }
        }
    }
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

fn length(from: &mut &[u8]) -> Option<usize> {
    let number: [u8; 8] = take(from, 8)?.try_into().ok()?;
    // No element is less than a byte, so there cannot be more of them than bytes.
    usize::try_from(u64::from_le_bytes(number)).ok().filter(|length| *length <= from.len())
}

/// # Safety
/// There is room for such a value at this place, and it is zero.
unsafe fn read(shape: &Shape, from: &mut &[u8], at: *mut u8) -> Option<()> {
    // SAFETY: there is room for the parts of the value.
    unsafe {
        match shape.kind {
            Kind::Scalar => {
                let bytes = take(from, shape.size)?;
                at.copy_from_nonoverlapping(bytes.as_ptr(), shape.size);
            }
            Kind::Text => {
                let length = length(from)?;
                let text = std::str::from_utf8(take(from, length)?).ok()?.to_owned();
                text.lower(at);
            }
            Kind::List(element) => {
                let length = length(from)?;
                let address = allocate(length * element.size, element.align);
                address.write_bytes(0, length * element.size);
                // From here on the list is there, with elements that are not yet.
                write_span(at, address, length);
                for index in 0..length {
                    read(element, from, address.add(index * element.size))?;
                }
            }
            Kind::Record(fields) => {
                for (offset, field) in super::shape::offsets(fields) {
                    read(field, from, at.add(offset))?;
                }
            }
            Kind::Variant(cases) => {
                let number = *take(from, 1)?.first()?;
                let case = *cases.get(usize::from(number))?;
                at.write(number);
                if let Some(case) = case {
                    read(case, from, at.add(shape.payload()))?;
                }
            }
        }
    }
    Some(())
}
