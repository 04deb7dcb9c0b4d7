//! What the host gives a driver. Away from WebAssembly each function has a stand-in, which [`crate::testing`] steers.

/// What a driver has to say to the operator; it appears in the trace.
pub mod log {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::nova::virt::logging as host;
    use crate::bindings::nova::virt::logging::Level;
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing as host;

    /// For whoever works on the driver.
    pub fn debug(message: &str) {
        host::log(Level::Debug, message);
    }

    /// An ordinary event.
    pub fn info(message: &str) {
        host::log(Level::Info, message);
    }

    /// Something is not as it should be.
    pub fn warning(message: &str) {
        host::log(Level::Warning, message);
    }

    /// Something failed.
    pub fn error(message: &str) {
        host::log(Level::Error, message);
    }

    /// What a panic says before it ends the instance.
    pub(crate) fn last_words(message: &str) {
        host::log(Level::Critical, message);
    }
}

/// Time; in a simulation the simulated one.
pub mod clock {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::nova::virt::clock as host;
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing as host;
    use std::time::Duration;

    /// Time since 1970-01-01 00:00 UTC.
    pub fn now() -> Duration {
        Duration::from_micros(host::now())
    }

    /// Waits, while other calls go on.
    pub async fn sleep(duration: Duration) {
        host::sleep(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)).await;
    }
}

/// Random numbers that are the same in every run with the same seed.
pub mod random {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::nova::virt::random as host;
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing as host;

    /// 64 bits, all equally probable.
    pub fn next_u64() -> u64 {
        host::next_u64()
    }
}

/// What stands in brackets after this component's name in the stack.
pub mod settings {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::nova::virt::settings as host;
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing::settings as host;
    use crate::types::VirtError;
    use std::str::FromStr;

    /// The text of a setting; none if it was not given and has no default.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn text(key: &str) -> Option<String> {
        host::get(key)
    }

    /// The text of a setting; none if it was not given and has no default.
    #[cfg(target_arch = "wasm32")]
    pub fn text(key: &str) -> Option<String> {
        use std::cell::RefCell;
        use std::collections::BTreeMap;
        thread_local! {
            /// Settings do not change in the life of an instance, so each is asked for once.
            static KNOWN: RefCell<BTreeMap<String, Option<String>>> = const { RefCell::new(BTreeMap::new()) };
        }
        if let Some(known) = KNOWN.with_borrow(|known| known.get(key).cloned()) {
            return known;
        }
        let text = host::get(key);
        KNOWN.with_borrow_mut(|known| known.insert(key.to_owned(), text.clone()));
        text
    }

    /// The names of the settings that have a value, in order.
    pub fn keys() -> Vec<String> {
        host::keys()
    }

    /// The value of a setting. `InvalidInput` if there is none or it cannot be read, which cannot be for a setting that
    /// [`export_driver!`](crate::export_driver) lists with its kind and a default.
    pub fn get<T: FromStr>(key: &str) -> Result<T, VirtError> {
        let text = text(key).ok_or_else(|| VirtError::InvalidInput(format!("setting {key} is missing")))?;
        text.parse().map_err(|_| VirtError::InvalidInput(format!("setting {key} cannot be {text}")))
    }
}

/// The compute service's configuration.
pub mod config {
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::testing::config as get;

    /// The configuration, which does not change in the life of an instance.
    #[cfg(target_arch = "wasm32")]
    pub fn get() -> crate::types::ComputeConfig {
        use std::cell::OnceCell;
        thread_local! {
            static KNOWN: OnceCell<crate::types::ComputeConfig> = const { OnceCell::new() };
        }
        KNOWN.with(|known| known.get_or_init(crate::bindings::nova::virt::config::get).clone())
    }
}

/// What outlives the driver's agent, such as guests and disks.
pub mod durable {
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::nova::virt::durable as host;
    #[cfg(not(target_arch = "wasm32"))]
    use crate::testing::durable as host;

    /// The value of a key.
    pub fn get(key: &str) -> Option<Vec<u8>> {
        host::get(key)
    }

    /// Writes a value, which is kept whatever happens next.
    pub fn set(key: &str, value: &[u8]) {
        host::set(key, value);
    }

    /// A value of one of the contract's types; none if there is none, or it was written by a driver of another contract.
    pub fn load<T: crate::abi::Abi>(key: &str) -> Option<T> {
        crate::abi::from_bytes(&get(key)?)
    }

    /// Writes a value of one of the contract's types.
    pub fn store<T: crate::abi::Abi>(key: &str, value: T) {
        set(key, &crate::abi::to_bytes(value));
    }

    /// Forgets a key; it need not exist.
    pub fn delete(key: &str) {
        host::delete(key);
    }

    /// All keys that begin so, in order.
    pub fn keys(prefix: &str) -> Vec<String> {
        host::keys(prefix)
    }
}
