//! Layers that do the same to every call, whatever the method: they look at it before and after, and need not have 111
//! methods for that.

use crate::types::VirtError;
use std::future::Future;
use std::pin::Pin;

/// A call, as a layer sees it that does not care for the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method by Nova's name, `finish_migration`.
    pub method: &'static str,
    /// The server that the call is about, if it is about one.
    pub instance: Option<CallInstance>,
}

/// The server a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInstance {
    /// Its identifier.
    pub uuid: String,
    /// The name of the guest, `instance-00000001`.
    pub name: String,
    /// The name its owner gave it.
    pub display_name: String,
}

impl Call {
    pub(crate) fn of(method: &'static str, instance: Option<[String; 3]>) -> Call {
        let instance = instance.map(|[uuid, name, display_name]| CallInstance { uuid, name, display_name });
        Call { method, instance }
    }
}

/// What a layer does before and after every call. Export it with `TYPE: layer + intercept` in
/// [`export_driver!`](crate::export_driver); the calls are those of all methods, those the layer itself has included.
#[expect(async_fn_in_trait, reason = "a component has one thread, so no future has to be `Send`")]
pub trait Intercept {
    /// Before a call. An error is raised, and the call goes no further.
    async fn before(&self, call: &Call) -> Result<(), VirtError> {
        let _ = call;
        Ok(())
    }

    /// After a call, which has ended well or with this error. An error takes the place of what it answered.
    async fn after(&self, call: &Call, outcome: Result<(), VirtError>) -> Option<VirtError> {
        let _ = (call, outcome);
        None
    }
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// [`Intercept`] behind a pointer.
#[doc(hidden)]
pub trait Hooks {
    fn before<'a>(&'a self, call: &'a Call) -> Waiting<'a, Result<(), VirtError>>;
    fn after<'a>(&'a self, call: &'a Call, outcome: Result<(), VirtError>) -> Waiting<'a, Option<VirtError>>;
}

impl<T: Intercept> Hooks for T {
    fn before<'a>(&'a self, call: &'a Call) -> Waiting<'a, Result<(), VirtError>> {
        Box::pin(Intercept::before(self, call))
    }

    fn after<'a>(&'a self, call: &'a Call, outcome: Result<(), VirtError>) -> Waiting<'a, Option<VirtError>> {
        Box::pin(Intercept::after(self, call, outcome))
    }
}

/// Whether a component intercepts calls.
#[doc(hidden)]
pub trait Interception<D> {
    fn hooks(driver: &'static D) -> Option<&'static dyn Hooks>;
}

/// It does not.
#[doc(hidden)]
#[derive(Debug)]
pub enum Unseen {}

/// It does.
#[doc(hidden)]
#[derive(Debug)]
pub enum Seen {}

impl<D> Interception<D> for Unseen {
    fn hooks(_: &'static D) -> Option<&'static dyn Hooks> {
        None
    }
}

impl<D: Intercept> Interception<D> for Seen {
    fn hooks(driver: &'static D) -> Option<&'static dyn Hooks> {
        Some(driver)
    }
}
