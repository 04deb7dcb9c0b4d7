//! Stacks ready to run, each compiled once.
//!
//! Compiled code is kept beside the test binary, which belongs to whoever runs it, so a second run of the tests
//! compiles nothing. Within a thread, and so within a test, a stack is prepared once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use virt::{Engine, EngineError, Library, LoadError, PreparedStack, Stack, StackSyntaxError};

/// A text that gives no stack that can run.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// It is not written as a stack is.
    #[error(transparent)]
    Syntax(#[from] StackSyntaxError),
    /// A component cannot be loaded, or does not fit.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// This machine cannot run WebAssembly.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

thread_local! {
    static PREPARED: RefCell<BTreeMap<String, PreparedStack>> = const { RefCell::new(BTreeMap::new()) };
}

/// The engine of all tests of a program.
pub fn engine() -> Result<&'static Engine, EngineError> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let made = Engine::new(code_directory())?;
    Ok(ENGINE.get_or_init(|| made))
}

/// The shipped drivers and layers.
pub fn shipped() -> Library {
    let mut shipped = Library::new();
    for driver in drivers::SHIPPED {
        shipped.add(driver.name, driver.wasm);
    }
    shipped
}

/// Where the tests keep compiled code. Nowhere when that place is unknown.
fn code_directory() -> Option<PathBuf> {
    // `target/PROFILE/deps/PROGRAM`.
    let program = std::env::current_exe().ok()?;
    Some(program.ancestors().nth(3)?.join("tmp/novarig-cache/code"))
}

/// A stack of shipped drivers and files, by its text: `fake(vcpus=8)+./my-layer`.
pub fn prepare(text: &str) -> Result<PreparedStack, StackError> {
    if let Some(prepared) = PREPARED.with_borrow(|all| all.get(text).cloned()) {
        return Ok(prepared);
    }
    let prepared = engine()?.prepare(&text.parse::<Stack>()?, &shipped())?;
    PREPARED.with_borrow_mut(|all| all.insert(text.to_owned(), prepared.clone()));
    Ok(prepared)
}

/// The same, with drivers of the test's own, which have precedence over shipped ones of their name.
pub(crate) fn prepare_with(text: &str, own: &BTreeMap<String, Vec<u8>>) -> Result<PreparedStack, StackError> {
    if own.is_empty() {
        return prepare(text);
    }
    let mut library = shipped();
    for (name, wasm) in own {
        library.add(name.clone(), wasm.clone());
    }
    Ok(engine()?.prepare(&text.parse::<Stack>()?, &library)?)
}
