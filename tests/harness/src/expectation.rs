//! What a test waits for a server to be.

use model::{HostName, PowerState, Server, ServerStatus, TaskState, VmState};
use std::fmt;

/// What a server is to be; what is not said does not matter.
///
/// A server that is awaited in ERROR is also awaited to have a fault, since the status is set before the fault is
/// stored; [`ServerExpectation::without_fault`] says that there will be none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerExpectation {
    status: Option<ServerStatus>,
    vm_state: Option<VmState>,
    task_state: Option<Option<TaskState>>,
    power_state: Option<PowerState>,
    host: Option<Option<HostName>>,
    flavor: Option<String>,
    without_fault: bool,
}

impl ServerExpectation {
    /// Any server at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of this status.
    pub fn status(mut self, status: ServerStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// In this vm_state.
    pub fn vm_state(mut self, state: VmState) -> Self {
        self.vm_state = Some(state);
        self
    }

    /// With this task, or none.
    pub fn task_state(mut self, state: Option<TaskState>) -> Self {
        self.task_state = Some(state);
        self
    }

    /// With this power state in the record.
    pub fn power_state(mut self, state: PowerState) -> Self {
        self.power_state = Some(state);
        self
    }

    /// On this host, according to its record.
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(Some(host.into()));
        self
    }

    /// On no host.
    pub fn without_host(mut self) -> Self {
        self.host = Some(None);
        self
    }

    /// With the flavor of this name in the record.
    pub fn flavor(mut self, name: &str) -> Self {
        self.flavor = Some(name.to_owned());
        self
    }

    /// Without a fault, although in ERROR.
    pub fn without_fault(mut self) -> Self {
        self.without_fault = true;
        self
    }

    /// Whether the server is so.
    pub fn is_met_by(&self, server: &Server) -> bool {
        let fault_awaited = self.status == Some(ServerStatus::Error) && !self.without_fault;
        self.status.is_none_or(|status| server.status() == status)
            && self.vm_state.is_none_or(|state| server.vm_state == state)
            && self.task_state.is_none_or(|state| server.task_state == state)
            && self.power_state.is_none_or(|state| server.power_state == state)
            && self.host.as_ref().is_none_or(|host| server.host == *host)
            && self.flavor.as_ref().is_none_or(|flavor| server.flavor.name == *flavor)
            && (!fault_awaited || server.visible_fault().is_some())
            && (!self.without_fault || server.visible_fault().is_none())
    }
}

impl From<ServerStatus> for ServerExpectation {
    fn from(status: ServerStatus) -> Self {
        Self::new().status(status)
    }
}

impl fmt::Display for ServerExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |state: &Option<HostName>| state.as_ref().map_or("none".to_owned(), ToString::to_string);
        let parts = [
            self.status.map(|status| format!("status {status}")),
            self.vm_state.map(|state| format!("vm_state {state}")),
            self.task_state.map(|state| format!("task {}", state.map_or("none", TaskState::as_str))),
            self.power_state.map(|state| format!("power {state:?}")),
            self.host.as_ref().map(|host| format!("host {}", shown(host))),
            self.flavor.as_ref().map(|flavor| format!("flavor {flavor}")),
            self.without_fault.then(|| "no fault".to_owned()),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// A server as messages show it.
pub(crate) fn describe(server: &Server) -> String {
    let fault = server.visible_fault();
    format!(
        "status {}, vm_state {}, task {}, power {:?}, host {}, flavor {}{}{}",
        server.status(),
        server.vm_state,
        server.task_state.map_or("none", TaskState::as_str),
        server.power_state,
        server.host.as_ref().map_or("none", HostName::as_str),
        server.flavor.name,
        fault.map(|fault| format!(", fault {} {:?}", fault.code, fault.message)).unwrap_or_default(),
        if server.deleted() { ", deleted" } else { "" },
    )
}
