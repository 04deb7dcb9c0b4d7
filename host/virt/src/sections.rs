//! The outermost structure of a WebAssembly file: magic number, kind, and sections, each with its length.

/// What a file is at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// The kind of file; none if it is not WebAssembly.
pub(crate) fn kind(wasm: &[u8]) -> Option<FileKind> {
    match wasm.get(..8)?.strip_prefix(b"\0asm")? {
        [1, 0, 0, 0] => Some(FileKind::Module),
        [_, 0, 1, 0] => Some(FileKind::Component),
        _ => None,
    }
}

/// A section: its number and content, or none if the file ends within it.
type Section<'a> = Option<(u8, &'a [u8])>;

/// The sections of a file that is WebAssembly. Ends after a section that is cut off.
pub(crate) fn sections(wasm: &[u8]) -> impl Iterator<Item = Section<'_>> {
    let mut rest = Some(wasm.get(8..).unwrap_or_default());
    std::iter::from_fn(move || {
        let (&id, after) = rest?.split_first()?;
        let section = leb128(after).and_then(|(size, after)| after.split_at_checked(size));
        rest = section.map(|(_, after)| after);
        Some(section.map(|(content, _)| (id, content)))
    })
}

/// Does the file end within a section?
pub(crate) fn is_cut_off(wasm: &[u8]) -> bool {
    sections(wasm).any(|section| section.is_none())
}

/// Depth to which components are searched for modules.
const NESTING: u8 = 4;

/// The content of the custom section of this name, at the top or in the modules and components inside.
pub(crate) fn custom_section<'a>(wasm: &'a [u8], name: &str) -> Option<&'a [u8]> {
    search(wasm, name, NESTING)
}

fn search<'a>(wasm: &'a [u8], name: &str, nesting: u8) -> Option<&'a [u8]> {
    const CUSTOM: u8 = 0;
    const CORE_MODULE: u8 = 1;
    const COMPONENT: u8 = 4;
    let inside = kind(wasm)? == FileKind::Component && nesting > 0;
    sections(wasm).map_while(|section| section).find_map(|(id, content)| match id {
        CUSTOM => {
            let (length, rest) = leb128(content)?;
            let (found, data) = rest.split_at_checked(length)?;
            (found == name.as_bytes()).then_some(data)
        }
        CORE_MODULE | COMPONENT if inside => search(content, name, nesting - 1),
        _ => None,
    })
}

/// A number of at most 32 bits and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (position, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, &bytes[position + 1..]));
        }
    }
    None
}
