//! The handles through which a service of the control plane reaches everything else.

use crate::crashes::Crashes;
use crate::image::ImageApi;
use crate::instance_events::InstanceEvents;
use crate::network::NetworkApi;
use crate::record_writes::{ServiceRecords, WriteFaults};
use crate::records::{ExpectedTask, Records};
use crate::report_client::ReportClient;
use crate::volume::VolumeApi;
use model::rpc::Address;
use model::{Fix, HostName, NovaError, Options, Server, ServerId, Switches};
use runtime::{Bus, Clock, Notifier, Randomness, Tasks, Trace};
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The handles of one cloud. Clones lead to the same cloud.
#[derive(Clone)]
pub struct Services {
    /// Time.
    pub clock: Clock,
    /// Random numbers and uuids.
    pub random: Randomness,
    /// What happened.
    pub trace: Trace,
    /// Background work.
    pub tasks: Tasks,
    /// Messages between services.
    pub bus: Bus,
    /// Versioned notifications.
    pub notifier: Notifier,
    /// The state of record.
    pub records: Rc<dyn Records>,
    /// Placement.
    pub report_client: ReportClient,
    /// The network service.
    pub network: Rc<dyn NetworkApi>,
    /// The volume service.
    pub volumes: Rc<dyn VolumeApi>,
    /// The image service.
    pub images: Rc<dyn ImageApi>,
    /// Configuration, which a test may change while the cloud runs.
    pub options: Shared<Options>,
    /// Events from outside that drivers wait for.
    pub instance_events: InstanceEvents,
    /// Which compute services live, and when they die.
    pub crashes: Crashes,
    /// At which of its writes to the state of record a service dies.
    pub write_faults: WriteFaults,
    /// Which of the known defects are on.
    pub switches: Rc<Switches>,
}

/// How often the network service is asked for something that nobody else would ask for later, and how long is waited between.
const NETWORK_ATTEMPTS: usize = 3;
const NETWORK_RETRY_INTERVAL: Duration = Duration::from_secs(2);

impl Services {
    /// The same for the compute service of a host, which may die as it writes to the state of record.
    pub(crate) fn for_compute(self, host: &HostName) -> Self {
        let (dying, of) = (self.clone(), host.clone());
        let dies = move || dying.end_of(&of);
        self.for_writer(Address::Compute(host.clone()), dies)
    }

    /// The same for a service that may die as it writes to the state of record.
    #[must_use]
    pub fn for_writer(self, writer: Address, dies: impl Fn() + 'static) -> Self {
        let (faults, trace) = (self.write_faults.clone(), self.trace.clone());
        let records = ServiceRecords { records: self.records, writer, faults, trace, dies: Box::new(dies) };
        Self { records: Rc::new(records), ..self }
    }

    /// Asks the network service for something that nobody else would ask for later. In Nova its first answer is the last.
    pub(crate) async fn ask_network(
        &self,
        ask: impl AsyncFn() -> Result<(), NovaError>,
    ) -> Result<(), NovaError> {
        let mut answer = ask().await;
        if self.switches.fixes(Fix::NetworkIsAskedAgain) {
            for _ in 1..NETWORK_ATTEMPTS {
                if answer.is_ok() {
                    break;
                }
                self.clock.sleep(NETWORK_RETRY_INTERVAL).await;
                answer = ask().await;
            }
        }
        answer
    }

    /// Gives the ports of a server back that is given up or deleted, and forgets its interfaces (`deallocate_for_instance`); nothing
    /// is forgotten where the network service refuses.
    ///
    /// # Errors
    /// What the network service refuses with.
    pub async fn give_ports_back(&self, server: ServerId) -> Result<(), NovaError> {
        self.ask_network(async || self.network.deallocate_for_instance(server).await).await?;
        let forget = &mut |server: &mut Server| server.network_info.clear();
        // A server that is gone has nothing to forget.
        let _ = self.records.update_server(server, ExpectedTask::Any, forget).await;
        Ok(())
    }

    /// The compute service of a host dies: it does nothing more, and takes no messages.
    pub(crate) fn end_of(&self, host: &HostName) {
        if self.crashes.end(host) {
            self.bus.leave(&Address::Compute(host.clone()));
            self.records.service_ended(host);
        }
    }
}

/// A value that several services read and somebody may change.
#[derive(Debug, Default)]
pub struct Shared<T>(Rc<RefCell<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    /// Shares `value`.
    pub fn new(value: T) -> Self {
        Self(Rc::new(RefCell::new(value)))
    }

    /// Reads. The borrow must not be held over an await.
    pub fn get(&self) -> Ref<'_, T> {
        self.0.borrow()
    }

    /// Whether it can be read: nobody is just changing it.
    pub fn is_free(&self) -> bool {
        self.0.try_borrow().is_ok()
    }

    /// Changes, and answers what `change` answers.
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.borrow_mut())
    }
}
