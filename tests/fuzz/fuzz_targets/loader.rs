//! Whatever is in a driver's file, as a driver and as a layer: it is refused with a message that names it, or it is ready to
//! run. Begins with the shipped drivers and with files that have next to nothing in them.

use novarig_fuzz::{Target, kind_of};
use std::process::ExitCode;
use virt::{Engine, Library, Stack};

/// How the file is loaded.
const STACKS: [&str; 2] = ["odd", "fake+odd"];

fn main() -> ExitCode {
    let engine = match Engine::new(None) {
        Ok(engine) => engine,
        // Without it nothing can be fuzzed, and nothing is found.
        Err(error) => {
            return Target { name: "loader", seeds: vec![vec![]], words: &[], run: &|_| panic!("{error}") }
                .main();
        }
    };
    let mut shipped = Library::new();
    for driver in drivers::SHIPPED {
        shipped.add(driver.name, driver.wasm);
    }
    let stacks: Vec<Stack> = STACKS.iter().filter_map(|text| text.parse().ok()).collect();
    let run = |input: &[u8]| {
        let mut library = shipped.clone();
        library.add("odd", input.to_vec());
        let became = stacks.iter().map(|stack| match engine.prepare(stack, &library) {
            Ok(_) => format!("{stack} is ready"),
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains("odd"), "{message}");
                kind_of(&message)
            }
        });
        became.collect::<Vec<_>>().join("; ")
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
    Target { name: "loader", seeds, words: &words, run: &run }.main()
}
