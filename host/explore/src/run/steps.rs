//! Taking the steps of a scenario.

use super::Stacks;
use super::judge::judge;
use super::outcome::{StepOutcome, StepReport};
use crate::cloud_state::CloudState;
use crate::scenario::{
    Action, Advance, BootServer, During, FaultSpec, LiveMigrateServer, Periodic, Refusals, RunPeriodic,
    Scenario, Step, SwapDriver, WaitFor,
};
use compute::Records;
use conductor::{
    ApiError, AttachVolume, BootVolume, Cloud, CreateServer, EvacuateServer, RebuildServer, UnshelveServer,
};
use model::{HostName, ImageId, ServerGroupId, ServerId};
use runtime::TraceEvent;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;
use virt::{Guests, Stack, Swap};

/// Simulated time between two steps, as a user takes at least.
const STEP_INTERVAL: Duration = Duration::from_secs(1);

/// Simulated time after which a step counts as stuck. The longest wait the control plane itself has is a minute; ten
/// minutes is a long live migration; a driver that hangs for good is stuck in any case.
const REST_LIMIT: Duration = Duration::from_secs(3600);

/// Takes steps in a cloud, and keeps how they went.
pub(super) struct Runner<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) scenario: &'a Scenario,
    stacks: &'a Stacks,
    servers: RefCell<BTreeMap<String, ServerId>>,
    groups: RefCell<BTreeMap<String, ServerGroupId>>,
    not_started: RefCell<BTreeMap<HostName, String>>,
    steps: RefCell<Vec<StepReport>>,
    pub(super) meanwhile: RefCell<BTreeMap<usize, Option<String>>>,
}

/// What the steps left behind.
pub(super) struct Taken {
    /// How each went.
    pub(super) steps: Vec<StepReport>,
    /// Hosts whose service did not start, and why.
    pub(super) not_started: BTreeMap<HostName, String>,
    /// The servers by the names the scenario gives them; those whose boot was refused are missing.
    pub(super) servers: BTreeMap<String, ServerId>,
    /// What others did, by its number in the scenario, and what there is to say of it.
    pub(super) meanwhile: BTreeMap<usize, Option<String>>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(cloud: &'a Cloud, scenario: &'a Scenario, stacks: &'a Stacks) -> Self {
        Self {
            cloud,
            scenario,
            stacks,
            servers: RefCell::default(),
            groups: RefCell::default(),
            not_started: RefCell::default(),
            steps: RefCell::new(Vec::with_capacity(scenario.steps.len())),
            meanwhile: RefCell::default(),
        }
    }

    /// Starts a host. One whose driver fails meanwhile is left without a service, as in Nova.
    pub(super) async fn start_host(&self, host: &HostName, stack: &Stack) {
        let Some(stack) = self.stacks.get(stack) else { return };
        if let Err(error) = self.cloud.start_compute(host.clone(), stack.clone()).await {
            self.not_started.borrow_mut().insert(host.clone(), error.to_string());
        }
    }

    /// Takes a step and waits until the cloud is at rest.
    pub(super) async fn take(&self, number: usize, step: &Step) {
        let services = self.cloud.services();
        services.clock.sleep(STEP_INTERVAL).await;
        services.trace.record(|| TraceEvent::Step { number, text: step.item.to_string() });
        let began = self.now();
        let mut outcome = self.act(&step.item).await;
        if tokio::time::timeout(REST_LIMIT, self.cloud.at_rest()).await.is_err() && !outcome.is_failure() {
            let problem =
                format!("the cloud did not come to rest within {} s of simulated time", REST_LIMIT.as_secs());
            outcome = StepOutcome::Failed { problem };
        }
        if self.scenario.restart_crashed {
            self.restart_crashed(number).await;
        }
        let report = StepReport {
            number,
            text: step.item.to_string(),
            line: step.line,
            began,
            ended: self.now(),
            outcome,
        };
        self.steps.borrow_mut().push(report);
    }

    /// Starts every host again whose service died, and lets all run their resource update, as an operator would: also if it
    /// dies of that, but not for ever.
    async fn restart_crashed(&self, number: usize) {
        const TRIES: usize = 8;
        for _ in 0..TRIES {
            let crashed = self.cloud.crashed_hosts();
            if crashed.is_empty() {
                break;
            }
            self.start_again(number, &crashed).await;
        }
    }

    async fn start_again(&self, number: usize, crashed: &[HostName]) {
        for host in crashed {
            self.cloud
                .services()
                .trace
                .record(|| TraceEvent::Step { number, text: format!("{host} is started again") });
            // What its driver does meanwhile is the driver's doing.
            if self.cloud.restart_compute(host).await.is_ok() {
                self.not_started.borrow_mut().remove(host);
            }
        }
        let mending = async {
            self.cloud.at_rest().await;
            let _ = self.cloud.run_periodics().await;
            self.cloud.at_rest().await;
        };
        // What does not come to rest shows in the state that is judged.
        let _ = tokio::time::timeout(REST_LIMIT, mending).await;
    }

    pub(super) fn finish(self) -> Taken {
        Taken {
            steps: self.steps.into_inner(),
            not_started: self.not_started.into_inner(),
            servers: self.servers.into_inner(),
            meanwhile: self.meanwhile.into_inner(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.cloud.services().clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) async fn act(&self, action: &Action) -> StepOutcome {
        let api = self.cloud.api();
        match action {
            Action::Boot(boot) => {
                let request = self.boot_request(boot);
                let answer = api.create_servers(request, boot.counts()).await.map(|made| {
                    self.servers.borrow_mut().extend(boot.names().into_iter().zip(made.servers));
                });
                self.judge_answer(answer, boot.refused)
            }
            Action::CreateServerGroup(wanted) => {
                let answer = api.create_server_group(wanted.request()).await.map(|made| {
                    self.groups.borrow_mut().insert(wanted.name.clone(), made.id);
                });
                self.judge_answer(answer, wanted.refused)
            }
            Action::DeleteServerGroup(name) => {
                let group = self.groups.borrow().get(name).copied();
                let answer = match group {
                    Some(id) => api.delete_server_group(id).await,
                    None => Err(ApiError { code: 404, message: format!("the group {name} was refused") }),
                };
                self.judge_answer(answer, None)
            }
            Action::Resize(resize) => self.ask(action, |id| api.resize(id, &resize.flavor)).await,
            Action::Migrate(migrate) => self.ask(action, |id| api.migrate(id, migrate.host.clone())).await,
            Action::LiveMigrate(live) => self.live_migrate(action, live).await,
            Action::AttachVolume(on) => {
                let volume = conductor::volume_named(&on.volume);
                let request = AttachVolume { volume, device: None, delete_on_termination: false };
                self.ask(action, |id| api.attach_volume(id, request)).await
            }
            Action::DetachVolume(on) => {
                self.ask(action, |id| api.detach_volume(id, conductor::volume_named(&on.volume))).await
            }
            Action::SwapVolume(swap) => {
                let (old, new) = (conductor::volume_named(&swap.volume), conductor::volume_named(&swap.with));
                self.ask(action, |id| api.swap_volume(id, old, new)).await
            }
            Action::ExtendVolume(extend) => {
                let volume = conductor::volume_named(&extend.volume);
                self.cloud.volumes().extend(volume, extend.to_gb);
                self.ask(action, |id| api.volume_extended(id, volume)).await
            }
            Action::Confirm(_) => self.ask(action, |id| api.confirm_resize(id)).await,
            Action::Revert(_) => self.ask(action, |id| api.revert_resize(id)).await,
            Action::Start(_) => self.ask(action, |id| api.start(id)).await,
            Action::Stop(_) => self.ask(action, |id| api.stop(id)).await,
            Action::Reboot(reboot) => self.ask(action, |id| api.reboot(id, reboot.reboot_type)).await,
            Action::Pause(_) => self.ask(action, |id| api.pause(id)).await,
            Action::Unpause(_) => self.ask(action, |id| api.unpause(id)).await,
            Action::Suspend(_) => self.ask(action, |id| api.suspend(id)).await,
            Action::Resume(_) => self.ask(action, |id| api.resume(id)).await,
            Action::Rescue(_) => {
                self.ask(action, |id| async move { api.rescue(id, None, None, true).await.map(drop) }).await
            }
            Action::Unrescue(_) => self.ask(action, |id| api.unrescue(id)).await,
            Action::TriggerCrashDump(_) => self.ask(action, |id| api.trigger_crash_dump(id)).await,
            Action::Lock(_) => self.ask(action, |id| api.lock(id)).await,
            Action::Unlock(_) => self.ask(action, |id| api.unlock(id)).await,
            Action::Rebuild(rebuild) => {
                let image = rebuild.name_image.then(|| self.image_of(&rebuild.server)).flatten();
                let request = RebuildServer { image, ..RebuildServer::default() };
                self.ask(action, |id| api.rebuild(id, request)).await
            }
            Action::Snapshot(_) => {
                self.ask(action, |id| async move { api.create_server_image(id, "image").await.map(drop) })
                    .await
            }
            Action::AttachInterface(_) => {
                self.ask(action, |id| async move { api.attach_interface(id, None).await.map(drop) }).await
            }
            Action::Evacuate(evacuate) => {
                let host = evacuate.host.clone();
                let request = EvacuateServer { host, stop: true, ..EvacuateServer::default() };
                self.ask(action, |id| api.evacuate(id, request)).await
            }
            Action::Shelve(_) => self.ask(action, |id| api.shelve(id)).await,
            Action::ShelveOffload(_) => self.ask(action, |id| api.shelve_offload(id)).await,
            Action::Unshelve(_) => self.ask(action, |id| api.unshelve(id, UnshelveServer::default())).await,
            Action::ForceDelete(_) => self.ask(action, |id| api.force_delete(id)).await,
            Action::Restore(_) => self.ask(action, |id| api.restore(id)).await,
            Action::Delete(_) => self.ask(action, |id| api.delete(id)).await,
            Action::WaitFor(wait) => self.wait_for(wait).await,
            Action::Check(expectation) => {
                let state = CloudState::read_records(self.cloud);
                let judged = judge(expectation, &state, &self.servers.borrow(), self.scenario);
                judged.problem.map_or(StepOutcome::Done, |problem| StepOutcome::Failed { problem })
            }
            Action::RunPeriodics => noted(self.cloud.run_periodics().await),
            Action::RunPeriodic(run) => self.run_periodic(run).await,
            Action::DisableHost(disable) => {
                let reason = disable.reason.clone();
                self.judge_answer(api.set_service_disabled(&disable.host, true, reason).await, None)
            }
            Action::EnableHost(host) => {
                self.judge_answer(api.set_service_disabled(host, false, None).await, None)
            }
            Action::StopHost(host) => noted(self.cloud.stop_compute(host).await),
            Action::RestartHost(host) => noted(self.cloud.restart_compute(host).await),
            Action::ForceDown(on) => self.judge_answer(api.force_down(&on.host, true).await, on.refused),
            Action::ForceUp(on) => self.judge_answer(api.force_down(&on.host, false).await, on.refused),
            Action::SwapDriver(swap) => self.swap_driver(swap).await,
            Action::Advance(Advance(span)) => {
                self.cloud.services().clock.sleep(span.0).await;
                StepOutcome::Done
            }
            Action::InjectFault(fault) => self.plan(fault),
            Action::InjectServiceFault(fault) => {
                self.cloud.service_faults().add(fault.at.clone(), fault.raised());
                StepOutcome::Done
            }
            Action::During(during) => Box::pin(self.during(during)).await,
        }
    }

    /// Takes steps while another one is under way. The first that goes wrong, else the first that is remarkable, is what
    /// is said of all.
    async fn during(&self, During { step, after, take }: &During) -> StepOutcome {
        let mut outcomes = vec![self.act(step).await];
        self.cloud.services().clock.sleep(after.0).await;
        for action in take {
            outcomes.push(self.act(action).await);
        }
        let said = outcomes.iter().position(StepOutcome::is_failure);
        let said = said.or_else(|| outcomes.iter().position(|outcome| outcome.remark().is_some()));
        said.map_or(StepOutcome::Done, |said| outcomes.swap_remove(said))
    }

    /// The id of a server by the name the scenario gives it; none if its boot was refused, or is not answered yet.
    fn server(&self, name: &str) -> Option<ServerId> {
        self.servers.borrow().get(name).copied()
    }

    /// The image that a server, or the volume it boots from, was made of.
    fn image_of(&self, server: &str) -> Option<ImageId> {
        let server = self.cloud.records().server(self.server(server)?).ok()?;
        let root = server.block_devices.iter().find(|device| device.boot_index == Some(0));
        match root {
            Some(root) => self.cloud.volumes().image_on(root.volume),
            None => server.image,
        }
    }

    fn boot_request(&self, boot: &BootServer) -> CreateServer {
        // Hints name servers by what the scenario calls them.
        let id_of = |value: &String| self.server(value).map_or_else(|| value.clone(), |id| id.to_string());
        let hints = boot.hints.iter();
        let mut scheduler_hints: BTreeMap<_, Vec<String>> =
            hints.map(|(hint, values)| (hint.clone(), values.iter().map(id_of).collect())).collect();
        if let Some(group) = &boot.group {
            // A group that was refused is one the API does not know.
            let id = self.groups.borrow().get(group).copied().unwrap_or(ServerGroupId(uuid::Uuid::nil()));
            scheduler_hints.insert("group".to_owned(), vec![id.to_string()]);
        }
        CreateServer {
            name: boot.server.clone(),
            flavor: boot.flavor.clone(),
            availability_zone: boot.availability_zone.clone(),
            volumes: boot.volume.iter().map(|name| root_volume(name)).collect(),
            scheduler_hints,
            ..CreateServer::default()
        }
    }

    async fn run_periodic(&self, run: &RunPeriodic) -> StepOutcome {
        let all = self.cloud.host_names();
        let hosts = all.iter().filter(|host| run.host.as_ref().is_none_or(|wanted| wanted == *host));
        let mut outcome = StepOutcome::Done;
        for host in hosts {
            let ran = match run.task {
                Periodic::UpdateAvailableResource => self.cloud.update_available_resource(host).await,
                Periodic::Task(task) => self.cloud.run_periodic_on(host, task).await,
            };
            if ran.is_err() {
                outcome = noted(ran);
            }
        }
        outcome
    }

    /// Asks for a live migration, and for its end before its time if the step says so.
    async fn live_migrate(&self, action: &Action, live: &LiveMigrateServer) -> StepOutcome {
        let api = self.cloud.api();
        let request = conductor::LiveMigrateServer {
            host: live.host.clone(),
            force: live.force,
            ..conductor::LiveMigrateServer::default()
        };
        self.ask(action, |id| async move {
            api.live_migrate(id, request).await?;
            let number = |id| self.cloud.records().migrations_of(id).last().map_or(0, |last| last.number);
            if let Some(span) = live.abort_after {
                self.cloud.services().clock.sleep(span.0).await;
                api.live_migration_abort(id, number(id)).await?;
            }
            if let Some(span) = live.complete_after {
                self.cloud.services().clock.sleep(span.0).await;
                api.live_migration_force_complete(id, number(id)).await?;
            }
            Ok(())
        })
        .await
    }

    /// Asks the API for something about a server.
    async fn ask<F: Future<Output = Result<(), ApiError>>>(
        &self,
        action: &Action,
        request: impl FnOnce(ServerId) -> F,
    ) -> StepOutcome {
        let answer = match action.server().and_then(|name| self.server(name)) {
            Some(id) => request(id).await,
            None => Err(never_booted(action.server().unwrap_or_default())),
        };
        self.judge_answer(answer, action.refused())
    }

    fn judge_answer(&self, answer: Result<(), ApiError>, wanted: Option<u16>) -> StepOutcome {
        match (answer, wanted) {
            (Ok(()), None) => StepOutcome::Done,
            (Ok(()), Some(wanted)) => StepOutcome::Failed {
                problem: format!("the API accepts it; it was expected to refuse it with code {wanted}"),
            },
            (Err(ApiError { code, message }), Some(wanted)) if code == wanted => {
                StepOutcome::Refused { code, message }
            }
            (Err(ApiError { code, message }), Some(wanted)) => StepOutcome::Failed {
                problem: format!(
                    "the API refuses it with code {code} ({message}), expected was code {wanted}"
                ),
            },
            (Err(ApiError { code, message }), None) => match self.scenario.refusals {
                Refusals::Record => StepOutcome::Refused { code, message },
                Refusals::Fail => {
                    StepOutcome::Failed { problem: format!("the API refuses it with code {code}: {message}") }
                }
            },
        }
    }

    async fn wait_for(&self, wait: &WaitFor) -> StepOutcome {
        let Some(id) = self.server(&wait.server) else {
            return self.judge_answer(Err(never_booted(&wait.server)), None);
        };
        let records = self.cloud.records();
        let as_wanted = || {
            let servers = records.servers_even_deleted();
            let status = servers.iter().find(|server| server.id == id).map(model::Server::status);
            let migration = records.migrations_of(id).last().map(|migration| migration.status);
            let holds = wait.status.is_none_or(|wanted| status == Some(wanted))
                && wait.migration.is_none_or(|wanted| migration == Some(wanted));
            if holds { Ok(()) } else { Err((status, migration)) }
        };
        let waiting = async {
            while as_wanted().is_err() {
                records.changed().await;
            }
        };
        // Whether or not it came true in time is asked of the records, not of the timer.
        let _ = tokio::time::timeout(wait.within.0, waiting).await;
        match as_wanted() {
            Ok(()) => StepOutcome::Done,
            Err((status, migration)) => {
                let show = |state: Option<&str>| state.unwrap_or("none").to_owned();
                let problem = format!(
                    "after {} it is {}, its last migration {}",
                    wait.within,
                    show(status.map(model::ServerStatus::as_str)),
                    show(migration.map(model::MigrationStatus::as_str)),
                );
                StepOutcome::Failed { problem }
            }
        }
    }

    async fn swap_driver(&self, SwapDriver { host, stack }: &SwapDriver) -> StepOutcome {
        let Some(ready) = self.stacks.get(stack) else {
            return StepOutcome::Failed { problem: format!("{stack} was not prepared") };
        };
        match self.cloud.swap_driver(host, ready.clone()).await {
            Ok(Swap { guests: Guests::Kept(_), .. }) => StepOutcome::Done,
            Ok(Swap { guests: Guests::None(why), .. }) => StepOutcome::Noted {
                problem: format!("{host} had no guests, and nothing was taken over: {why}"),
            },
            Err(error) => StepOutcome::Noted { problem: format!("{host} keeps its driver: {error}") },
        }
    }

    fn plan(&self, fault: &FaultSpec) -> StepOutcome {
        let instance = match &fault.server {
            None => None,
            Some(name) => match self.server(name) {
                Some(id) => Some(id.to_string()),
                None => return self.judge_answer(Err(never_booted(name)), None),
            },
        };
        self.cloud.faults().add(fault.at.clone(), fault.fault(instance.as_deref()));
        StepOutcome::Done
    }
}

/// A volume to boot from.
fn root_volume(name: &str) -> BootVolume {
    BootVolume { volume: conductor::volume_named(name), boot_index: Some(0), delete_on_termination: false }
}

/// What is said instead of asking about a server whose boot was refused: what the API says of one it does not know.
fn never_booted(name: &str) -> ApiError {
    ApiError { code: 404, message: format!("there is no server {name}: its boot was refused") }
}

fn noted<E: ToString>(outcome: Result<(), E>) -> StepOutcome {
    outcome.map_or_else(|error| StepOutcome::Noted { problem: error.to_string() }, |()| StepOutcome::Done)
}
