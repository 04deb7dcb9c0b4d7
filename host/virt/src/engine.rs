//! The engine: compiles stacks, keeps the compiled code, and holds what all hosts share.

use crate::cache::{CodeCache, Key};
use crate::compose::compose;
use crate::contract;
use crate::error::LoadError;
use crate::exports::Exports;
use crate::imports::{self, HostState};
use crate::library::Library;
use crate::limits::{STACK_BYTES, STACK_DEPTH};
use crate::metadata::{Kind, Metadata};
use crate::prepared::{Component, PreparedStack};
use crate::stack::{Source, Stack};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::OnceLock;
use wasmtime::component::{Component as CompiledComponent, Linker};
use wasmtime::{Config, OptLevel};

/// Bytes of address space reserved for each linear memory. The default of 4 GiB exhausts the address space and the kernel's
/// count of mappings with some thousands of hosts; drivers are small, and a memory that outgrows this is moved.
const MEMORY_RESERVATION: u64 = 2 << 20;

/// Bytes a memory that has been moved gets beyond what it needs, so that it is not moved again at once.
const MEMORY_GROWTH: usize = 1 << 20;

/// Bytes of the native stack a driver runs on: the WebAssembly stack and room for the host's functions.
const NATIVE_STACK: usize = STACK_BYTES + (1 << 20);

/// Bytes of a component above which its initial memory is mapped and not copied. A driver in Rust has less than one MiB; one
/// in another language brings its interpreter, and nearly all of the file is the interpreter's memory.
const LARGE: usize = 4 << 20;

/// Compiles and runs drivers. One for a process.
pub struct Engine {
    small: Machine,
    /// Made when the first large component comes.
    large: OnceLock<Machine>,
    cache: Option<CodeCache>,
}

/// WebAssembly's own engine, set up for components of one size.
struct Machine {
    engine: wasmtime::Engine,
    linker: Linker<HostState>,
}

/// The engine could not be set up, which means that this machine cannot run compiled WebAssembly.
#[derive(Debug, thiserror::Error)]
#[error("WebAssembly cannot be run on this machine: {0}")]
pub struct EngineError(String);

impl Engine {
    /// An engine. With a cache directory, compiled code is kept there and the next process does not compile it again. Whoever
    /// can write to that directory can run code in this process, so it belongs to the user alone.
    pub fn new(cache: Option<PathBuf>) -> Result<Self, EngineError> {
        Self::with(cache, Size::Small)
    }

    /// An engine for thousands of short runs of a few hosts each, on all processors: what an instance needs is kept for the next.
    /// Where many hosts live at once [`Engine::new`] takes less memory.
    pub fn for_short_runs(cache: Option<PathBuf>) -> Result<Self, EngineError> {
        Self::with(cache, Size::SmallAndBrief)
    }

    fn with(cache: Option<PathBuf>, small: Size) -> Result<Self, EngineError> {
        Ok(Self { small: Machine::new(small)?, large: OnceLock::new(), cache: cache.map(CodeCache::new) })
    }

    /// What runs components of these bytes together.
    fn machine(&self, bytes: usize) -> Result<&Machine, EngineError> {
        if bytes <= LARGE {
            return Ok(&self.small);
        }
        if let Some(large) = self.large.get() {
            return Ok(large);
        }
        let large = Machine::new(Size::Large)?;
        Ok(self.large.get_or_init(|| large))
    }

    /// What oracles run on: they are small, or slow.
    pub(crate) fn for_oracles(&self) -> (&wasmtime::Engine, Option<&CodeCache>) {
        (&self.small.engine, self.cache.as_ref())
    }

    /// Checks a stack as [`prepare`](Self::prepare) does, and does not compile it, which for an interpreter takes half a
    /// minute.
    pub fn check(&self, stack: &Stack, library: &Library) -> Result<(), LoadError> {
        let (_, files) = load(stack, library)?;
        composed(&files, |problem| LoadError::Unusable { stack: stack.to_string(), problem }).map(|_| ())
    }

    /// Loads, checks, composes and compiles a stack. Nothing of it runs yet.
    pub fn prepare(&self, stack: &Stack, library: &Library) -> Result<PreparedStack, LoadError> {
        let (components, files) = load(stack, library)?;
        let unusable = |problem: String| LoadError::Unusable { stack: stack.to_string(), problem };
        let machine = self
            .machine(files.iter().map(|file| file.bytes.len()).sum())
            .map_err(|error| unusable(error.to_string()))?;
        let key = Key::new(&machine.engine, files.iter().map(|file| &*file.bytes));
        let cached = self.cache.as_ref().and_then(|cache| cache.load(&machine.engine, &key));
        let compiled = match cached {
            Some(compiled) => compiled,
            None => {
                let composed = composed(&files, unusable)?;
                let compiled = CompiledComponent::new(&machine.engine, composed)
                    .map_err(|error| unusable(crate::agent::one_line(&error)))?;
                if let Some(cache) = &self.cache {
                    cache.store(&key, &compiled);
                }
                compiled
            }
        };
        let exports = Exports::find(&compiled)
            .map_err(|method| unusable(format!("it does not export `{}`", method.wit_name())))?;
        let pre = machine
            .linker
            .instantiate_pre(&compiled)
            .map_err(|error| unusable(crate::agent::one_line(&error)))?;
        Ok(PreparedStack::new(stack.to_string(), components, pre, exports))
    }
}

/// How large components are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Small,
    /// And their instances are many, one after the other.
    SmallAndBrief,
    Large,
}

impl Machine {
    fn new(size: Size) -> Result<Self, EngineError> {
        let error = |error: wasmtime::Error| EngineError(crate::agent::one_line(&error));
        let mut config = Config::new();
        config
            .wasm_component_model_async(true)
            .consume_fuel(true)
            .memory_reservation(MEMORY_RESERVATION)
            .memory_reservation_for_growth(MEMORY_GROWTH as u64)
            .memory_guard_size(0)
            // What a host does not write to of its memory's beginning it shares with the others: of a driver in Rust some 30
            // KiB, of an interpreter 20 MiB. It costs two of the 65,530 mappings that Linux gives a process; a host has six.
            // In a memory that is kept it is copied.
            .memory_init_cow(size != Size::SmallAndBrief)
            // An interpreter has 18 MB of code, of which a run uses little: what optimising it costs is never earned back.
            .cranelift_opt_level(match size {
                Size::Small | Size::SmallAndBrief => OptLevel::Speed,
                Size::Large => OptLevel::None,
            })
            .max_wasm_stack(STACK_BYTES)
            .async_stack_size(NATIVE_STACK)
            // The same on every machine, down to the bits of a NaN.
            .cranelift_nan_canonicalization(true)
            .relaxed_simd_deterministic(true);
        #[cfg(unix)]
        config.with_host_stack(std::sync::Arc::new(crate::fiber_stacks::FiberStacks::default()));
        #[cfg(unix)]
        if size == Size::SmallAndBrief {
            let memories = crate::linear_memories::LinearMemories::new(MEMORY_GROWTH);
            config.with_host_memory(std::sync::Arc::new(memories));
        }
        let engine = wasmtime::Engine::new(&config).map_err(error)?;
        let linker = imports::linker(&engine).map_err(error)?;
        Ok(Self { engine, linker })
    }
}

/// Reads the components of a stack and checks their settings.
fn load<'a>(stack: &Stack, library: &'a Library) -> Result<(Vec<Component>, Vec<Loaded<'a>>), LoadError> {
    let depth = stack.components.len();
    if depth > STACK_DEPTH {
        return Err(LoadError::TooDeep { depth, limit: STACK_DEPTH });
    }
    let mut files = Vec::with_capacity(depth);
    let mut components = Vec::with_capacity(depth);
    for component in &stack.components {
        let bytes = library.read(&component.source)?;
        let driver = source_name(&component.source);
        let metadata = Metadata::of(&bytes);
        components.push(Component {
            name: metadata.as_ref().map_or_else(|| driver.clone(), |metadata| metadata.name.clone()),
            settings: match &metadata {
                Some(metadata) => metadata
                    .settings_from(&component.settings)
                    .map_err(|problem| LoadError::Setting { driver: driver.clone(), problem })?,
                None => component.settings.iter().cloned().collect(),
            },
            given: component.settings.iter().map(|(key, _)| key.clone()).collect(),
        });
        files.push(Loaded { driver, bytes, metadata });
    }
    Ok((components, files))
}

/// Checks the components and composes them.
fn composed(files: &[Loaded<'_>], unusable: impl Fn(String) -> LoadError) -> Result<Vec<u8>, LoadError> {
    let mut components = Vec::with_capacity(files.len());
    for (position, Loaded { driver, bytes, metadata }) in files.iter().enumerate() {
        let checked = contract::check(driver, bytes)?;
        // A layer that answers every call itself calls nothing below it, and is a layer all the same.
        let layer =
            checked.calls_below() || metadata.as_ref().is_some_and(|metadata| metadata.kind == Kind::Layer);
        match (position, layer) {
            (0, true) => return Err(LoadError::LayerAtBottom { driver: driver.clone() }),
            (1.., false) => {
                let below = files[position - 1].driver.clone();
                return Err(LoadError::DriverOnTop { driver: driver.clone(), below });
            }
            (0, false) | (1.., true) => {}
        }
        if let Some(below) = components.last() {
            checked.stands_over(below).map_err(|interface| LoadError::NotOffered {
                driver: driver.clone(),
                below: files[position - 1].driver.clone(),
                interface,
            })?;
        }
        components.push(checked);
    }
    compose(&components).map_err(unusable)
}

/// A component of a stack as it was found.
struct Loaded<'a> {
    /// How messages call it.
    driver: String,
    bytes: Cow<'a, [u8]>,
    metadata: Option<Metadata>,
}

/// How messages call a component: as it was written, without its settings.
pub(crate) fn source_name(source: &Source) -> String {
    match source {
        Source::Name(name) => name.clone(),
        Source::Path(path) => path.display().to_string(),
    }
}
