//! Whatever is in a driver's file, as a driver and as a layer: it is refused with a message that names it, or it is ready to
//! run. Begins with the shipped drivers and with files that have next to nothing in them.

use novarig_fuzz::{Target, kind_of};
use std::cell::Cell;
use std::process::ExitCode;
use virt::{Engine, Library, LoadError, Stack};

/// Of so many files that fit as layers one is put over a driver and compiled, which takes seconds.
const COMPOSED: u64 = 50;

fn main() -> ExitCode {
    // Without an engine nothing can be fuzzed.
    let (Ok(engine), Ok(driver), Ok(layered)) =
        (Engine::new(None), "odd".parse::<Stack>(), "fake+odd".parse::<Stack>())
    else {
        return ExitCode::FAILURE;
    };
    let mut shipped = Library::new();
    for driver in drivers::SHIPPED {
        shipped.add(driver.name, driver.wasm);
    }
    let layers = Cell::new(0);
    let load = |library: &Library, stack: &Stack| match engine.prepare(stack, library) {
        Ok(_) => "ready".to_owned(),
        Err(LoadError::LayerAtBottom { .. }) => "a layer".to_owned(),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("odd"), "{message}");
            kind_of(&message)
        }
    };
    let run = |input: &[u8]| {
        let mut library = shipped.clone();
        library.add("odd", input.to_vec());
        let became = load(&library, &driver);
        if became != "a layer" {
            return became;
        }
        layers.set(layers.get() + 1);
        if layers.get() % COMPOSED == 1 { format!("a layer, {}", load(&library, &layered)) } else { became }
    };
    let mut seeds = vec![Vec::new(), b"\0asm\x01\0\0\0".to_vec(), b"\0asm\x0d\0\x01\0".to_vec()];
    seeds.extend(
        drivers::SHIPPED
            .iter()
            .filter(|driver| matches!(driver.name, "fake" | "build-abort"))
            .map(|driver| driver.wasm.to_vec()),
    );
    let words = [
        "nova:virt/driver@0.1.0",
        "nova:virt/power@1.0.0",
        "component-type",
        "cm32p2",
        "\0asm",
        "wasi:io/poll@0.2.0",
    ];
    Target { name: "loader", seeds, words: &words, may_abort: true, run: &run }.main()
}
