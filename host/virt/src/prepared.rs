//! A stack that is ready to run: checked, composed and compiled.

use crate::exports::Exports;
use crate::imports::HostState;
use crate::method::Method;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::InstancePre;

/// One component of a stack, as far as its surroundings need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    /// The name log lines carry.
    pub(crate) name: String,
    /// The settings in force.
    pub(crate) settings: BTreeMap<String, String>,
    /// The names of those that stood in brackets, in the order they were written.
    pub(crate) given: Vec<String>,
}

/// A stack that is checked, composed and compiled. Copies cost nothing; one serves any number of hosts, on any thread.
#[derive(Clone)]
pub struct PreparedStack(Arc<Inner>);

struct Inner {
    text: Arc<str>,
    components: Arc<[Component]>,
    pre: InstancePre<HostState>,
    exports: Exports,
}

impl PreparedStack {
    pub(crate) fn new(
        text: String,
        components: Vec<Component>,
        pre: InstancePre<HostState>,
        exports: Exports,
    ) -> Self {
        Self(Arc::new(Inner { text: text.into(), components: components.into(), pre, exports }))
    }

    /// The stack, as it is written.
    pub fn text(&self) -> Arc<str> {
        self.0.text.clone()
    }

    /// Whether the stack has this method. It has every method of the contract but those of optional interfaces, which
    /// raise `not-implemented` where they are missing.
    pub fn offers(&self, method: Method) -> bool {
        self.0.exports.offers(method)
    }

    pub(crate) fn components(&self) -> Arc<[Component]> {
        self.0.components.clone()
    }

    pub(crate) fn pre(&self) -> &InstancePre<HostState> {
        &self.0.pre
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.0.exports
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        self.0.pre.component().engine()
    }
}

impl fmt::Debug for PreparedStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PreparedStack").field(&self.0.text).finish()
    }
}
