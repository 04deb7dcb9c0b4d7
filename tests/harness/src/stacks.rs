//! Stacks ready to run, each compiled once.
//!
//! Compiled code is kept beside the test binary, which belongs to whoever runs it, so a second run of the tests
//! compiles nothing. Within a thread, and so within a test, a stack is prepared once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
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

/// What a thread has for running drivers.
struct Workshop {
    engine: Engine,
    shipped: Library,
    prepared: RefCell<BTreeMap<String, PreparedStack>>,
}

thread_local! {
    static WORKSHOP: RefCell<Option<Rc<Workshop>>> = const { RefCell::new(None) };
}

fn workshop() -> Result<Rc<Workshop>, EngineError> {
    WORKSHOP.with_borrow_mut(|workshop| {
        if let Some(workshop) = workshop {
            return Ok(Rc::clone(workshop));
        }
        let mut shipped = Library::new();
        for driver in drivers::SHIPPED {
            shipped.add(driver.name, driver.wasm);
        }
        let engine = Engine::new(code_directory())?;
        let made = Rc::new(Workshop { engine, shipped, prepared: RefCell::default() });
        *workshop = Some(Rc::clone(&made));
        Ok(made)
    })
}

/// Where the tests keep compiled code. Nowhere when that place is unknown.
fn code_directory() -> Option<PathBuf> {
    // `target/PROFILE/deps/PROGRAM`.
    let program = std::env::current_exe().ok()?;
    Some(program.ancestors().nth(3)?.join("tmp/novarig-cache/code"))
}

/// A stack of shipped drivers and files, by its text: `fake(vcpus=8)+./my-layer`.
pub fn prepare(text: &str) -> Result<PreparedStack, StackError> {
    let workshop = workshop()?;
    if let Some(prepared) = workshop.prepared.borrow().get(text) {
        return Ok(prepared.clone());
    }
    let prepared = workshop.engine.prepare(&text.parse::<Stack>()?, &workshop.shipped)?;
    workshop.prepared.borrow_mut().insert(text.to_owned(), prepared.clone());
    Ok(prepared)
}

/// The same, with drivers of the test's own, which have precedence over shipped ones of their name.
pub(crate) fn prepare_with(text: &str, own: &BTreeMap<String, Vec<u8>>) -> Result<PreparedStack, StackError> {
    if own.is_empty() {
        return prepare(text);
    }
    let workshop = workshop()?;
    let mut library = workshop.shipped.clone();
    for (name, wasm) in own {
        library.add(name.clone(), wasm.clone());
    }
    Ok(workshop.engine.prepare(&text.parse::<Stack>()?, &library)?)
}
