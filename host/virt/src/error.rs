//! How a driver call fails.

use crate::bindings::types::VirtError;
use crate::method::Method;
use crate::nova::nova_error;
use model::{ExceptionClass, HostName, NovaError};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A driver call did not answer.
#[derive(Clone, Debug, PartialEq)]
pub enum CallError {
    /// The driver raised an error, as a driver may.
    Raised(VirtError),
    /// The driver broke.
    Failed(DriverFailure),
}

/// A driver did something no driver may do, or its agent died. The host lives on and the next call finds a new instance.
#[derive(Clone, Debug, PartialEq)]
pub struct DriverFailure {
    /// The stack, as it was written.
    pub driver: Arc<str>,
    /// The compute host.
    pub host: HostName,
    /// The method that was called.
    pub method: Method,
    /// What happened.
    pub cause: FailureCause,
}

/// What became of a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureCause {
    /// It panicked and said why.
    Panicked {
        /// The panic's message and place.
        message: String,
    },
    /// It trapped without a word.
    Trapped {
        /// The trap, in WebAssembly's words.
        trap: String,
    },
    /// It computed longer than a call may: most likely an endless loop.
    OutOfFuel {
        /// The fuel a call has.
        limit: u64,
    },
    /// It called itself too deep.
    StackOverflow {
        /// Bytes of stack a call has.
        limit: usize,
    },
    /// It wanted more memory than it may have.
    OutOfMemory {
        /// Bytes it would have had.
        wanted: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// It wanted a larger table than it may have.
    TableTooLarge {
        /// Elements it would have had.
        wanted: usize,
        /// Elements it may have.
        limit: usize,
    },
    /// It wrote more durable data than it may.
    DurableStorageFull {
        /// Bytes it may have.
        limit: usize,
    },
    /// It had too many calls of the host under way at once.
    TooMuchPending {
        /// How many it may have.
        limit: usize,
    },
    /// It answered what the contract does not allow, such as text that is not UTF-8.
    InvalidAnswer {
        /// What is wrong.
        problem: String,
    },
    /// A new instance could not be made.
    NotInstantiated {
        /// Why.
        problem: String,
    },
    /// A new instance was made, and its `init_host` raised this, so that it is not in service.
    NotInitialised(Box<NovaError>),
    /// It died of another call that was in flight.
    DiedMeanwhile {
        /// The method it died in, if that can be told.
        method: Option<Method>,
        /// What it died of.
        cause: Box<FailureCause>,
    },
    /// A planned fault killed it.
    Killed,
    /// Another stack took its place while the call was under way.
    Swapped {
        /// That stack, as it is written.
        by: String,
    },
    /// The compute host it belonged to is gone.
    Stopped,
}

impl fmt::Display for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { message } => write!(f, "panicked: {message}"),
            Self::Trapped { trap } => write!(f, "trapped: {trap}"),
            Self::OutOfFuel { limit } => {
                write!(
                    f,
                    "computed longer than a call may ({limit} units of fuel), most likely in an endless loop"
                )
            }
            Self::StackOverflow { limit } => {
                write!(f, "called itself too deep for its stack of {limit} bytes")
            }
            Self::OutOfMemory { wanted, limit } => {
                write!(f, "wanted {wanted} bytes of memory and may have {limit}")
            }
            Self::TableTooLarge { wanted, limit } => {
                write!(f, "wanted a table of {wanted} elements and may have {limit}")
            }
            Self::DurableStorageFull { limit } => {
                write!(f, "wrote more than the {limit} bytes of durable data it may have")
            }
            Self::TooMuchPending { limit } => {
                write!(
                    f,
                    "had more than {limit} calls of the host under way at once, which is all it may have"
                )
            }
            Self::InvalidAnswer { problem } => {
                write!(f, "gave an answer that the contract does not allow: {problem}")
            }
            Self::NotInstantiated { problem } => write!(f, "could not be instantiated: {problem}"),
            Self::NotInitialised(error) => {
                write!(
                    f,
                    "was started again after it died, and its init_host failed: {}: {error}",
                    error.class.name()
                )
            }
            Self::DiedMeanwhile { method: Some(method), cause } => {
                write!(f, "died while this call was in flight; in {method} it {cause}")
            }
            Self::DiedMeanwhile { method: None, cause } => {
                write!(f, "died while this call and others were in flight; it {cause}")
            }
            Self::Swapped { by } => write!(f, "was exchanged for {by} while this call was under way"),
            Self::Killed => f.write_str("died, as the fault plan has it"),
            Self::Stopped => f.write_str("is no longer in service"),
        }
    }
}

impl fmt::Display for DriverFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "driver {} of host {}, {}: {}", self.driver, self.host, self.method, self.cause)
    }
}

impl std::error::Error for DriverFailure {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised(error) => {
                let error = nova_error(error);
                write!(f, "{}: {error}", error.class.name())
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

impl From<VirtError> for CallError {
    fn from(error: VirtError) -> Self {
        Self::Raised(error)
    }
}

impl From<&CallError> for NovaError {
    /// The exception the compute manager sees: what the driver raised, or for a driver that broke an exception that is
    /// none of Nova's.
    fn from(error: &CallError) -> NovaError {
        match error {
            CallError::Raised(error) => nova_error(error),
            CallError::Failed(failure) => NovaError::new(ExceptionClass::Unexpected, failure.to_string()),
        }
    }
}

impl From<CallError> for NovaError {
    fn from(error: CallError) -> NovaError {
        NovaError::from(&error)
    }
}

/// A stack cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// No shipped driver has this name.
    #[error(
        "there is no driver `{name}`; there are: {known}. A file is named by a path with a `/` in it, `./{name}.wasm`"
    )]
    UnknownName {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {problem}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A folder holds no built driver.
    #[error("there is no built driver in {}: {} is missing; build it first with `novarig driver build {}`", folder.display(), expected.display(), folder.display())]
    NotBuilt {
        /// The folder.
        folder: PathBuf,
        /// The file that should be there.
        expected: PathBuf,
    },
    /// A file is larger than any driver.
    #[error("{} is larger than the {limit} bytes a driver may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes a driver may have.
        limit: u64,
    },
    /// The file does not hold WebAssembly, or not all of it.
    #[error("driver {driver}: {problem}; {hint}")]
    NotWasm {
        /// The component as it was written.
        driver: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// The component does not fit the contract.
    #[error("driver {driver} does not fit the contract {CONTRACT}: {mismatch}")]
    Misfit {
        /// The component as it was written.
        driver: String,
        /// In what way.
        mismatch: Mismatch,
    },
    /// A layer stands where the driver belongs.
    #[error(
        "{driver} is a layer and cannot stand at the bottom of a stack: it needs a driver under it; write `DRIVER+{driver}`"
    )]
    LayerAtBottom {
        /// The component as it was written.
        driver: String,
    },
    /// A driver stands where a layer belongs.
    #[error(
        "{driver} is a driver and cannot stand over {below}: it calls nothing below it; a stack has one driver, at the bottom"
    )]
    DriverOnTop {
        /// The component as it was written.
        driver: String,
        /// The one below.
        below: String,
    },
    /// A layer calls an optional interface that what is below it does not offer.
    #[error(
        "{driver} cannot stand over {below}: it calls `{interface}`, which {below} does not offer; build {driver} without \
         that feature, or put it over a driver that offers it"
    )]
    NotOffered {
        /// The layer as it was written.
        driver: String,
        /// The component below.
        below: String,
        /// The interface.
        interface: String,
    },
    /// A setting the component does not have, or with a value it cannot have.
    #[error("driver {driver}: {problem}")]
    Setting {
        /// The component as it was written.
        driver: String,
        /// What is wrong.
        problem: String,
    },
    /// More components than a stack may have.
    #[error("the stack has {depth} components; {limit} is the most")]
    TooDeep {
        /// How many it has.
        depth: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The stack could not be composed or compiled although each component fits: the engine refuses something in it.
    #[error("the stack {stack} cannot be put together: {problem}")]
    Unusable {
        /// The stack.
        stack: String,
        /// Why.
        problem: String,
    },
}

/// The contract this host speaks.
pub const CONTRACT: &str = "nova:virt@1.0.0";

/// In what way a component does not fit the contract. Each says what it has, what is expected, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A module without any word about its interface.
    #[error(
        "it is a WebAssembly module that does not say which contract it follows; build it with the driver SDK"
    )]
    NoContract,
    /// It was built against another version.
    #[error(
        "it was built against {has}; rebuild it with the SDK of {CONTRACT} (what was built against nova:virt@0.1.0 alone is \
         adapted)"
    )]
    Version {
        /// The contract it has.
        has: String,
    },
    /// It exports no interface of a driver at all.
    #[error(
        "it exports {has} but no interface of a driver; export a driver with the SDK's `export_driver!` and rebuild it"
    )]
    NoDriver {
        /// What it exports.
        has: String,
    },
    /// It exports some interfaces of a driver, and another is missing.
    #[error(
        "it does not export `{interface}`, and a driver exports every interface of the contract; add it and rebuild, or \
         build with the SDK of {CONTRACT}, where all have defaults"
    )]
    MissingInterface {
        /// The first that is missing.
        interface: String,
    },
    /// A function is missing.
    #[error(
        "function `{function}` is missing: expected `{expected}`; add it and rebuild, or build with the SDK of {CONTRACT}, where it has a default"
    )]
    Missing {
        /// The function, by its name in the contract.
        function: String,
        /// Its signature.
        expected: String,
    },
    /// A function has another signature.
    #[error(
        "function `{function}`: {place} is `{has}`, expected `{expected}`; rebuild it against {CONTRACT}"
    )]
    Signature {
        /// The function, with its interface.
        function: String,
        /// Where in the signature they differ.
        place: String,
        /// What it has.
        has: String,
        /// What the host expects.
        expected: String,
    },
    /// It imports something the host does not give drivers.
    #[error(
        "it imports `{import}`, which drivers must not have: a driver may use nothing but {CONTRACT}; remove what needs it and rebuild for wasm32-unknown-unknown"
    )]
    Import {
        /// The import.
        import: String,
    },
    /// Its interface description contradicts its code.
    #[error("{problem}; rebuild it with the SDK")]
    Broken {
        /// What is wrong.
        problem: String,
    },
}
