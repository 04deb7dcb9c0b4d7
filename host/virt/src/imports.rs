//! What the host gives a driver: the contract's imports.
//!
//! A composed stack is one component, yet each component in it has settings, log lines, random numbers and durable data of
//! its own. So composition gives those imports a name with the component's place in the stack ([`own_name`]), and the
//! linker knows each name up to [`STACK_DEPTH`]. Clock, configuration and virtapi are the same for all. Components of
//! contract 0.1 have those of that version, which stand in [`v0_1`].

mod v0_1;

use crate::bindings::types::{
    BlockDeviceInfo, ComputeConfig, DriverTask, EventError, Instance, InstanceEvent, LifecycleEvent, Uuid,
    VirtError,
};
use crate::bindings::{clock, config, logging, virtapi};
use crate::durable::Durable;
use crate::limits::{Limits, STACK_DEPTH};
use crate::prepared::Component;
use crate::virtapi::{PreparedWait, VirtApi};
use model::HostName;
use runtime::{Clock, Randomness, Trace, TraceEvent};
use send_wrapper::SendWrapper;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::{Access, Accessor, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{ResourceLimiter, StoreContextMut};

/// Interfaces of which each component of a stack has its own.
pub(crate) const OWN_INTERFACES: [&str; 4] = ["settings", "logging", "random", "durable"];

/// The surroundings of a driver, all of the host's thread. A store's data must be `Send`; this one says so and is checked to
/// stay on its thread.
pub(crate) type Surroundings = SendWrapper<Rc<Around>>;

/// What all instances of one host's driver see of the world.
pub(crate) struct Around {
    pub(crate) host: HostName,
    pub(crate) clock: Clock,
    pub(crate) random: Vec<Randomness>,
    pub(crate) trace: Trace,
    pub(crate) virtapi: Rc<dyn VirtApi>,
    pub(crate) durable: Durable,
    pub(crate) config: ComputeConfig,
    pub(crate) limits: Limits,
    pub(crate) components: Arc<[Component]>,
}

/// What a store holds: one instance's share of its surroundings, and what it has used up.
pub(crate) struct HostState {
    around: Surroundings,
    table: ResourceTable,
    limits: Limits,
    memory: usize,
    pending: SendWrapper<Rc<Cell<usize>>>,
    log_bytes_left: usize,
    log_lines_left: usize,
    /// What a component said last before it trapped.
    pub(crate) last_words: Option<String>,
    /// What was refused to it, for which it may trap later.
    pub(crate) refused: Option<Refused>,
}

/// Something that a driver was not given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refused {
    Memory { wanted: usize },
    Table { wanted: usize },
    Durable,
    Pending,
}

/// Something that a driver has begun with the host, until it is over: memory of the host that no bound of the driver's own
/// memory covers.
pub(crate) struct Pending(SendWrapper<Rc<Cell<usize>>>);

impl Pending {
    fn begin<T: 'static>(accessor: &Accessor<T, HasSelf<HostState>>) -> wasmtime::Result<Self> {
        accessor.with(|mut access: Access<'_, T, HasSelf<HostState>>| access.get().begin_pending())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl HostState {
    pub(crate) fn new(around: Rc<Around>) -> Self {
        let limits = around.limits;
        Self {
            around: SendWrapper::new(around),
            table: ResourceTable::new(),
            limits,
            memory: 0,
            pending: SendWrapper::new(Rc::default()),
            log_bytes_left: limits.log_bytes,
            log_lines_left: limits.log_lines,
            last_words: None,
            refused: None,
        }
    }

    /// A call begins: what is allowed for each call is allowed anew.
    pub(crate) fn call_begins(&mut self) {
        self.log_bytes_left = self.limits.log_bytes;
        self.log_lines_left = self.limits.log_lines;
        self.refused = None;
    }

    /// The driver begins something with the host that is not over at once.
    fn begin_pending(&mut self) -> wasmtime::Result<Pending> {
        if self.pending.get() >= self.limits.pending {
            self.refused = Some(Refused::Pending);
            wasmtime::bail!("too much is under way");
        }
        self.pending.set(self.pending.get() + 1);
        Ok(Pending(SendWrapper::new(Rc::clone(&self.pending))))
    }

    fn log(&mut self, position: usize, level: logging::Level, message: &str) {
        if matches!(level, logging::Level::Critical) {
            self.last_words = Some(cut(message, LAST_WORDS_BYTES).to_owned());
        }
        if self.log_lines_left == 0 {
            return;
        }
        self.log_lines_left -= 1;
        let kept = cut(message, self.log_bytes_left);
        self.log_bytes_left -= kept.len();
        let flooded = kept.len() < message.len() || self.log_lines_left == 0;
        if flooded {
            self.log_lines_left = 0;
        }
        let around = &*self.around;
        let line = |message: String, level: &'static str| TraceEvent::DriverLog {
            host: around.host.clone(),
            driver: around
                .components
                .get(position)
                .map_or_else(String::new, |component| component.name.clone()),
            level,
            message,
        };
        around.trace.record(|| line(kept.to_owned(), level_name(level)));
        if flooded {
            around
                .trace
                .record(|| line("logs too much in one call; the rest is left out".to_owned(), "warning"));
        }
    }
}

/// Bytes of a panic's message that are kept for the error.
const LAST_WORDS_BYTES: usize = 4 << 10;

/// The first `bytes` bytes, or a little less so that no character is cut in two.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

const fn level_name(level: logging::Level) -> &'static str {
    match level {
        logging::Level::Debug => "debug",
        logging::Level::Info => "info",
        logging::Level::Warning => "warning",
        logging::Level::Error => "error",
        logging::Level::Critical => "critical",
    }
}

impl ResourceLimiter for HostState {
    fn memory_growing(
        &mut self,
        current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(wanted.saturating_sub(current));
        if total > self.limits.memory {
            self.refused = Some(Refused::Memory { wanted: total });
            return Ok(false);
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        wanted: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if wanted > self.limits.table_elements {
            self.refused = Some(Refused::Table { wanted });
            return Ok(false);
        }
        Ok(true)
    }
}

/// A linker that knows every import of the contract.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    clock::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    config::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    virtapi::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state)?;
    v0_1::add_to_linker(&mut linker)?;
    for position in 0..STACK_DEPTH {
        add_own_interfaces(&mut linker, position)?;
        for adapter in [2 * position, 2 * position + 1] {
            add_logging(&mut linker, Place::Adapter(adapter), position)?;
        }
    }
    Ok(linker)
}

/// Where something stands in a composed stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// A component, counted from the driver.
    Component(usize),
    /// One of at most two adapters for each component. All it has of its own is a log, for the message of a panic.
    Adapter(usize),
}

/// The name under which a composed stack imports an interface for one of its components.
pub(crate) fn own_name(interface: &str, place: Place) -> String {
    // In the form of an interface name: a plain label would carry the name of the interface it implements in an
    // encoding that is not yet part of the released component model.
    match place {
        Place::Component(position) => format!("novarig:component{position}/{interface}"),
        Place::Adapter(number) => format!("novarig:adapter{number}/{interface}"),
    }
}

type Caller<'a> = StoreContextMut<'a, HostState>;

fn add_logging(linker: &mut Linker<HostState>, place: Place, position: usize) -> wasmtime::Result<()> {
    let mut logging = linker.instance(&own_name("logging", place))?;
    logging.func_wrap("log", move |mut caller: Caller<'_>, (level, message): (logging::Level, String)| {
        caller.data_mut().log(position, level, &message);
        Ok(())
    })
}

fn add_own_interfaces(linker: &mut Linker<HostState>, position: usize) -> wasmtime::Result<()> {
    let place = Place::Component(position);
    add_logging(linker, place, position)?;

    let mut settings = linker.instance(&own_name("settings", place))?;
    settings.func_wrap("get", move |caller: Caller<'_>, (key,): (String,)| {
        let components = &caller.data().around.components;
        Ok((components.get(position).and_then(|component| component.settings.get(&key).cloned()),))
    })?;

    settings.func_wrap("keys", move |caller: Caller<'_>, (): ()| {
        let components = &caller.data().around.components;
        Ok((components.get(position).map_or_else(Vec::new, |component| component.given.clone()),))
    })?;

    let mut random = linker.instance(&own_name("random", place))?;
    random.func_wrap("next-u64", move |caller: Caller<'_>, (): ()| {
        Ok((caller.data().around.random.get(position).map_or(0, Randomness::next_u64),))
    })?;

    let mut durable = linker.instance(&own_name("durable", place))?;
    durable.func_wrap("get", move |caller: Caller<'_>, (key,): (String,)| {
        Ok((caller.data().around.durable.get(position, key),))
    })?;
    durable.func_wrap("set", move |mut caller: Caller<'_>, (key, value): (String, Vec<u8>)| {
        let state = caller.data_mut();
        if !state.around.durable.set(position, key, value, state.limits.durable_bytes) {
            state.refused = Some(Refused::Durable);
            wasmtime::bail!("durable storage is full");
        }
        Ok(())
    })?;
    durable.func_wrap("delete", move |caller: Caller<'_>, (key,): (String,)| {
        caller.data().around.durable.delete(position, key);
        Ok(())
    })?;
    durable.func_wrap("keys", move |caller: Caller<'_>, (prefix,): (String,)| {
        Ok((caller.data().around.durable.keys(position, &prefix),))
    })?;
    Ok(())
}

impl clock::Host for HostState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.around.clock.now().0)
    }
}

impl<T: Send + 'static> clock::HostWithStore<T> for HasSelf<HostState> {
    async fn sleep(accessor: &Accessor<T, Self>, microseconds: u64) -> wasmtime::Result<()> {
        let _pending = Pending::begin(accessor)?;
        let clock = accessor.with(|mut access: Access<'_, T, Self>| access.get().around.clock);
        clock.sleep(Duration::from_micros(microseconds)).await;
        Ok(())
    }
}

impl config::Host for HostState {
    fn get(&mut self) -> wasmtime::Result<ComputeConfig> {
        Ok(self.around.config.clone())
    }
}

impl virtapi::Host for HostState {
    fn emit_event(&mut self, event: LifecycleEvent) -> wasmtime::Result<()> {
        let message = format!("lifecycle event: guest {} {}", event.instance, event.transition.name());
        // The whole stack speaks to the manager with one voice, the driver's, and no louder than it may log.
        self.log(0, logging::Level::Info, &message);
        let around = &*self.around;
        around.virtapi.emit_event(event);
        Ok(())
    }
}

impl<T: Send + 'static> virtapi::HostWithStore<T> for HasSelf<HostState> {
    async fn update_compute_provider_status(
        accessor: &Accessor<T, Self>,
        provider: String,
        enabled: bool,
    ) -> wasmtime::Result<Result<(), String>> {
        let _pending = Pending::begin(accessor)?;
        let update = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.update_compute_provider_status(provider, enabled))
        });
        Ok(update.await)
    }

    async fn update_task_state(
        accessor: &Accessor<T, Self>,
        instance: Uuid,
        task: DriverTask,
        expected: Option<DriverTask>,
    ) -> wasmtime::Result<Result<(), VirtError>> {
        let _pending = Pending::begin(accessor)?;
        let update = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.update_task_state(instance, task, expected))
        });
        Ok(update.await)
    }

    async fn detach_block_devices(
        accessor: &Accessor<T, Self>,
        instance: Uuid,
    ) -> wasmtime::Result<Result<(), VirtError>> {
        let _pending = Pending::begin(accessor)?;
        let detach = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.detach_block_devices(instance))
        });
        Ok(detach.await)
    }

    async fn attach_block_devices(
        accessor: &Accessor<T, Self>,
        instance: Uuid,
    ) -> wasmtime::Result<Result<BlockDeviceInfo, VirtError>> {
        let _pending = Pending::begin(accessor)?;
        let attach = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.attach_block_devices(instance))
        });
        Ok(attach.await)
    }

    async fn bad_volumes(
        accessor: &Accessor<T, Self>,
        instance: Uuid,
        devices: Vec<String>,
    ) -> wasmtime::Result<Result<(), VirtError>> {
        let _pending = Pending::begin(accessor)?;
        let detach = accessor.with(|mut access: Access<'_, T, Self>| {
            SendWrapper::new(access.get().around.virtapi.bad_volumes(instance, devices))
        });
        Ok(detach.await)
    }
}

impl virtapi::HostInstanceEventWait for HostState {
    fn new(
        &mut self,
        instance: Instance,
        events: Vec<InstanceEvent>,
        timeout_seconds: u32,
    ) -> wasmtime::Result<Resource<PreparedWait>> {
        let timeout = Duration::from_secs(u64::from(timeout_seconds));
        let wait = self.around.virtapi.wait_for_instance_event(instance, events, timeout);
        let pending = self.begin_pending()?;
        Ok(self.table.push(PreparedWait(SendWrapper::new(wait), pending))?)
    }

    fn exit_early(
        &mut self,
        wait: Resource<PreparedWait>,
        events: Vec<InstanceEvent>,
    ) -> wasmtime::Result<()> {
        self.table.get(&wait)?.0.exit_early(events);
        Ok(())
    }

    fn drop(&mut self, wait: Resource<PreparedWait>) -> wasmtime::Result<()> {
        self.table.delete(wait)?;
        Ok(())
    }
}

impl<T: Send + 'static> virtapi::HostInstanceEventWaitWithStore<T> for HasSelf<HostState> {
    async fn wait(
        accessor: &Accessor<T, Self>,
        wait: Resource<PreparedWait>,
    ) -> wasmtime::Result<Result<(), EventError>> {
        let _pending = Pending::begin(accessor)?;
        let wait = accessor.with(|mut access: Access<'_, T, Self>| -> wasmtime::Result<_> {
            Ok(SendWrapper::new(access.get().table.get(&wait)?.0.wait()))
        })?;
        Ok(wait.await)
    }
}
