//! What a value looks like in memory and as a row of numbers, and what can be done to it by one who knows only that.

use super::{deallocate, span};

/// What the values of a type look like.
#[derive(Debug)]
pub struct Shape {
    /// Bytes it takes.
    pub size: usize,
    /// A place for it is a multiple of this.
    pub align: usize,
    /// Numbers it is when it is handed over flat.
    pub flat: usize,
    /// Does it point to memory?
    pub owns: bool,
    /// What it is made of.
    pub kind: Kind,
}

/// What a value is made of.
#[derive(Debug)]
pub enum Kind {
    /// One number, or truth.
    Scalar,
    /// An address and a length.
    Text,
    /// An address and a number of elements.
    List(&'static Shape),
    /// One after the other.
    Record(&'static [&'static Shape]),
    /// A number, and what belongs to that one of the cases.
    Variant(&'static [Option<&'static Shape>]),
}

const POINTER: usize = size_of::<usize>();

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

impl Shape {
    pub(super) const TEXT: Shape =
        Shape { size: 2 * POINTER, align: POINTER, flat: 2, owns: true, kind: Kind::Text };

    pub(super) const fn scalar(size: usize) -> Shape {
        Shape { size, align: size, flat: 1, owns: false, kind: Kind::Scalar }
    }

    pub(super) const fn list(element: &'static Shape) -> Shape {
        Shape { size: 2 * POINTER, align: POINTER, flat: 2, owns: true, kind: Kind::List(element) }
    }

    pub(super) const fn record(fields: &'static [&'static Shape]) -> Shape {
        let (mut size, mut align, mut flat, mut owns) = (0_usize, 1, 0, false);
        let mut index = 0;
        while index < fields.len() {
            let field = fields[index];
            size = size.next_multiple_of(field.align) + field.size;
            align = max(align, field.align);
            flat += field.flat;
            owns |= field.owns;
            index += 1;
        }
        Shape { size: size.next_multiple_of(align), align, flat, owns, kind: Kind::Record(fields) }
    }

    /// There are at most 256 cases, so that the number of one is a byte.
    pub(super) const fn variant(cases: &'static [Option<&'static Shape>]) -> Shape {
        assert!(cases.len() <= 256);
        let (mut size, mut align, mut flat, mut owns) = (0, 1, 0, false);
        let mut index = 0;
        while index < cases.len() {
            if let Some(case) = cases[index] {
                size = max(size, case.size);
                align = max(align, case.align);
                flat = max(flat, case.flat);
                owns |= case.owns;
            }
            index += 1;
        }
        let size = (1_usize.next_multiple_of(align) + size).next_multiple_of(align);
        Shape { size, align, flat: 1 + flat, owns, kind: Kind::Variant(cases) }
    }

    /// How far behind its number what belongs to the case of a variant is.
    pub(super) const fn payload(&self) -> usize {
        1_usize.next_multiple_of(self.align)
    }

    /// How far behind the beginning of a record one of its fields is, and what it looks like.
    pub(super) fn field(&self, number: usize) -> Option<(usize, &'static Shape)> {
        match self.kind {
            Kind::Record(fields) => offsets(fields).nth(number),
            Kind::Scalar | Kind::Text | Kind::List(_) | Kind::Variant(_) => None,
        }
    }
}

/// How far behind the beginning of a record its fields are.
pub(super) fn offsets(fields: &'static [&'static Shape]) -> impl Iterator<Item = (usize, &'static Shape)> {
    let mut end = 0_usize;
    fields.iter().map(move |field| {
        let offset = end.next_multiple_of(field.align);
        end = offset + field.size;
        (offset, *field)
    })
}

/// What belongs to the case of the variant at this place.
pub(super) unsafe fn case(cases: &'static [Option<&'static Shape>], at: *const u8) -> Option<&'static Shape> {
    // SAFETY: there is a variant.
    let number = unsafe { at.read() };
    cases.get(usize::from(number)).copied().flatten()
}

/// Gives back the memory that a value points to.
///
/// # Safety
/// There is such a value at this place, and nobody uses it afterwards.
pub(super) unsafe fn free(shape: &Shape, at: *mut u8) {
    if !shape.owns {
        return;
    }
    // SAFETY: the value is one of this shape, so what is read is there.
    unsafe {
        match shape.kind {
            Kind::Scalar => {}
            Kind::Text => {
                let (address, length) = span(at);
                deallocate(address, length, 1);
            }
            Kind::List(element) => {
                let (address, length) = span(at);
                if element.owns {
                    for index in 0..length {
                        free(element, address.add(index * element.size));
                    }
                }
                deallocate(address, length * element.size, element.align);
            }
            Kind::Record(fields) => {
                for (offset, field) in offsets(fields) {
                    free(field, at.add(offset));
                }
            }
            Kind::Variant(cases) => {
                if let Some(case) = case(cases, at) {
                    free(case, at.add(shape.payload()));
                }
            }
        }
    }
}

/// Writes a value as a row of `shape.flat` numbers; those that its case does not need are zero.
///
/// # Safety
/// There is such a value at this place.
///
/// # Panics
/// If the row is too short.
pub(super) unsafe fn flatten(shape: &Shape, at: *const u8, row: &mut [u64]) {
    // SAFETY: the value is one of this shape, so what is read is there.
    unsafe {
        match shape.kind {
            Kind::Scalar => {
                row[0] = match shape.size {
                    1 => at.read().into(),
                    2 => at.cast::<u16>().read().into(),
                    4 => at.cast::<u32>().read().into(),
                    _ => at.cast::<u64>().read(),
                }
            }
            Kind::Text | Kind::List(_) => {
                row[0] = at.cast::<usize>().read() as u64;
                row[1] = at.cast::<usize>().add(1).read() as u64;
            }
            Kind::Record(fields) => {
                let mut start = 0;
                for (offset, field) in offsets(fields) {
                    flatten(field, at.add(offset), &mut row[start..]);
                    start += field.flat;
                }
            }
            Kind::Variant(cases) => {
                row[..shape.flat].fill(0);
                row[0] = at.read().into();
                if let Some(case) = case(cases, at) {
                    flatten(case, at.add(shape.payload()), &mut row[1..]);
                }
            }
        }
    }
}

/// Puts a value into memory that was handed over as a row of numbers.
///
/// # Safety
/// The row stands for such a value, and there is room for it at this place.
///
/// # Panics
/// If the row is too short.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the numbers are handed over in more bits than they have"
)]
pub(super) unsafe fn store(shape: &Shape, row: &[u64], at: *mut u8) {
    // SAFETY: there is room for all that belongs to the value.
    unsafe {
        match shape.kind {
            Kind::Scalar => match shape.size {
                1 => at.write(row[0] as u8),
                2 => at.cast::<u16>().write(row[0] as u16),
                4 => at.cast::<u32>().write(row[0] as u32),
                _ => at.cast::<u64>().write(row[0]),
            },
            Kind::Text | Kind::List(_) => {
                at.cast::<usize>().write(row[0] as usize);
                at.cast::<usize>().add(1).write(row[1] as usize);
            }
            Kind::Record(fields) => {
                let mut start = 0;
                for (offset, field) in offsets(fields) {
                    store(field, &row[start..], at.add(offset));
                    start += field.flat;
                }
            }
            Kind::Variant(cases) => {
                at.write(row[0] as u8);
                if let Some(case) = case(cases, at) {
                    store(case, &row[1..], at.add(shape.payload()));
                }
            }
        }
    }
}
