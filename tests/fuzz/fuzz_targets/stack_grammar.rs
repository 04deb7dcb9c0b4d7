//! Whatever is written for a stack: it is one, and its own form means the same, or the error points into the text.

use novarig_fuzz::{Target, kind_of};
use std::process::ExitCode;
use virt::Stack;

fn run(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    match text.parse::<Stack>() {
        Ok(stack) => {
            let written = stack.to_string();
            let again: Result<Stack, _> = written.parse();
            assert_eq!(again.as_ref(), Ok(&stack), "{text:?} is written {written:?}");
            let settings: usize = stack.components.iter().map(|component| component.settings.len()).sum();
            format!("{} components, {settings} settings", stack.components.len())
        }
        Err(error) => {
            assert!(error.text.is_char_boundary(error.at), "{text:?}: {}", error.at);
            assert!(!error.problem.is_empty(), "{text:?}");
            // The arrow is drawn as well.
            let drawn = error.to_string();
            assert!(drawn.starts_with(&error.text), "{drawn}");
            kind_of(&error.problem)
        }
    }
}

fn main() -> ExitCode {
    let seeds = [
        "fake",
        "fake(size=small)+fail-finish-migration",
        "fake(quirks=nova,vcpus=8)+fail(method=spawn,message=\"no, not \\\"here\\\"\",on=2)+slow(ms=100)",
        "./target/driver.wasm(server=web)+\"a (b)/c.wasm\"",
    ];
    let words =
        ["+", "(", ")", ",", "=", "\"", "\\", " ", "fake", "/", ".wasm", "é", "\u{0}", "\n", "key=value"];
    Target {
        name: "stack-grammar",
        seeds: seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        words: &words,
        may_abort: false,
        run: &run,
    }
    .main()
}
