//! Oracles: components that judge a cloud (`wit/oracle-v1.0`).
//!
//! An oracle imports nothing, and every question is asked of a new instance within the [`Limits`] of a driver's call: so it
//! cannot remember, wait, or do harm, and the same cloud is judged alike on every machine.

use crate::agent::one_line;
use crate::cache::Key;
use crate::engine::Engine;
use crate::library::BUILT_DRIVER;
use crate::limits::{FILE_BYTES, Limits};
use crate::sections::{self, FileKind};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use wasmtime::component::{Component, Linker};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap};
use wit_component::ComponentEncoder;

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit/oracle-v1.0",
        world: "oracle",
    });
}

use generated::OraclePre;
pub use generated::Violation as OracleViolation;

/// An oracle, compiled. It can be asked from any thread.
pub struct Oracle {
    name: String,
    statement: String,
    digest: String,
    engine: wasmtime::Engine,
    pre: OraclePre<StoreLimits>,
}

/// A file that is no oracle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no oracle that can be used: {problem}", path.display())]
pub struct OracleError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, and what was expected.
    pub problem: String,
}

/// What a file without the right exports is told.
const EXPECTED: &str = "an oracle exports `statement` and `check` as wit/oracle-v1.0 has them";

impl std::fmt::Debug for Oracle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oracle").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Engine {
    /// Loads, checks and compiles an oracle: a file, or a folder in which one was built.
    ///
    /// # Errors
    /// [`OracleError`] for what cannot be read, is not WebAssembly, is no oracle, or does not say what it demands.
    pub fn oracle(&self, path: &Path) -> Result<Oracle, OracleError> {
        let wrong = |problem: String| OracleError { path: path.to_owned(), problem };
        let wasm = read(path).map_err(wrong)?;
        let bytes = match sections::kind(&wasm) {
            Some(FileKind::Component) => wasm,
            Some(FileKind::Module) => ComponentEncoder::default()
                .module(&wasm)
                .and_then(|mut encoder| encoder.encode())
                .map_err(|error| wrong(format!("{EXPECTED}, and nothing else; {error:#}")))?,
            None => {
                return Err(wrong(
                    "this is not WebAssembly; build one with `novarig driver build`".to_owned(),
                ));
            }
        };
        let (engine, cache) = self.for_oracles();
        let key = Key::new(engine, std::iter::once(&*bytes));
        let compiled = match cache.and_then(|cache| cache.load(engine, &key)) {
            Some(compiled) => compiled,
            None => {
                let compiled = Component::new(engine, &bytes).map_err(|error| wrong(one_line(&error)))?;
                if let Some(cache) = cache {
                    cache.store(&key, &compiled);
                }
                compiled
            }
        };
        let pre = Linker::new(engine)
            .instantiate_pre(&compiled)
            .map_err(|error| wrong(format!("an oracle imports nothing; {}", one_line(&error))))?;
        let pre = OraclePre::new(pre).map_err(|error| wrong(format!("{EXPECTED}; {}", one_line(&error))))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut oracle = Oracle {
            name: stem.unwrap_or_else(|| "oracle".to_owned()).replace('-', "_"),
            statement: String::new(),
            digest: blake3::hash(&bytes).to_hex().to_string(),
            engine: engine.clone(),
            pre,
        };
        oracle.statement = oracle
            .ask(|oracle, store| oracle.call_statement(store))
            .map_err(|problem| wrong(format!("it does not say what it demands: {problem}")))?;
        Ok(oracle)
    }
}

impl Oracle {
    /// What the invariant is called that it is: its file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What must be true, in its words.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// What tells it from others of its name.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Judges a cloud, whose state is a JSON document.
    ///
    /// # Errors
    /// In words what became of an oracle that did not answer.
    pub fn check(&self, state: &str) -> Result<Vec<OracleViolation>, String> {
        self.ask(|oracle, store| oracle.call_check(store, state))
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&generated::Oracle, &mut Store<StoreLimits>) -> wasmtime::Result<T>,
    ) -> Result<T, String> {
        let limits = Limits::DEFAULT;
        let memory = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .table_elements(limits.table_elements)
            .trap_on_grow_failure(true);
        let mut store = Store::new(&self.engine, memory.build());
        store.limiter(|limits| limits);
        store.set_hostcall_fuel(limits.message_bytes);
        let answer = store.set_fuel(limits.fuel_per_call).and_then(|()| {
            let oracle = self.pre.instantiate(&mut store)?;
            question(&oracle, &mut store)
        });
        answer.map_err(|error| match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                let limit = limits.fuel_per_call;
                format!(
                    "it computes longer than it may ({limit} units of fuel), most likely in an endless loop"
                )
            }
            Some(trap) => format!("it traps: {trap}"),
            None => one_line(&error),
        })
    }
}

/// The bytes of an oracle's file.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = if path.is_dir() { path.join(BUILT_DRIVER) } else { path.to_owned() };
    let mut bytes = Vec::new();
    let read = File::open(&file).and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| match file == path {
        true => format!("it cannot be read: {error}"),
        false => format!("{} cannot be read: {error}; build it with `novarig driver build`", file.display()),
    })?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(format!("it has more than the {FILE_BYTES} bytes it may have"));
    }
    Ok(bytes)
}
