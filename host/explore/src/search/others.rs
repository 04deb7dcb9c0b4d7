//! Plans in which somebody else does something: a second user asks for something while a driver call goes on or a message is on
//! its way, or a host runs a periodic task then.

use super::plans::{At, Kind, Plan, Point, Strike};
use crate::scenario::{
    Action, EvacuateServer, HeldPoint, LiveMigrateServer, MeanwhileSpec, MigrateServer, OnServer, Periodic,
    Planned, RebootServer, RebuildServer, ResizeServer, RunPeriodic, Scenario,
};
use compute::PeriodicTask;
use model::rpc::RebootType;
use virt::When;

/// Every plan of these kinds. What is asked for is asked about the server that the step is about, else about the one that was
/// booted last. Which requests the API then accepts is found out by asking.
pub(super) fn plans(scenario: &Scenario, points: &[Point], kinds: &[Kind]) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut each = |actions: &dyn Fn(&Point) -> Vec<Action>| {
        for when in [When::Before, When::After] {
            for point in points.iter().filter(|point| point.step > 0) {
                let at = match &point.at {
                    At::Driver(at) => HeldPoint::Driver(at.clone()),
                    // A message has no effect before it is delivered.
                    At::Message(at) if when == When::Before => HeldPoint::Message(at.clone()),
                    At::Message(_) | At::Service(_) | At::Write(_) => continue,
                };
                for meanwhile in actions(point) {
                    let fault = Planned::Meanwhile(MeanwhileSpec { at: at.clone(), meanwhile, when });
                    plans.push(Plan(vec![Strike { fault, during: point.during }]));
                }
            }
        }
    };
    if kinds.contains(&Kind::Requests) {
        each(&|point| {
            server_at(scenario, point).map_or_else(Vec::new, |server| requests(scenario, point, &server))
        });
    }
    if kinds.contains(&Kind::Periodics) {
        each(&|_| periodics(scenario));
    }
    plans
}

/// The server that is worked on at a point: that of the step, else the last that was booted.
fn server_at(scenario: &Scenario, point: &Point) -> Option<String> {
    let until: Vec<&Action> = scenario.steps.iter().take(point.step).map(|step| &step.item).collect();
    let named = |action: &Action| match action {
        Action::Boot(boot) => boot.names().into_iter().next(),
        other => other.server().map(str::to_owned),
    };
    let of_step = until.last().and_then(|step| step.parts().into_iter().find_map(named));
    of_step.or_else(|| {
        let boots = until.iter().rev().filter(|action| matches!(action, Action::Boot(_)));
        boots.copied().find_map(named)
    })
}

/// What a second user may ask for.
fn requests(scenario: &Scenario, point: &Point, server: &str) -> Vec<Action> {
    let name = || server.to_owned();
    let on = || OnServer { server: name(), refused: None };
    let mut requests = vec![
        Action::Delete(on()),
        Action::ForceDelete(on()),
        Action::Stop(on()),
        Action::Start(on()),
        Action::Reboot(RebootServer { server: name(), reboot_type: RebootType::Hard, refused: None }),
        Action::Resize(ResizeServer { server: name(), flavor: another_flavor(scenario), refused: None }),
        Action::Migrate(MigrateServer { server: name(), host: None, refused: None }),
        Action::LiveMigrate(LiveMigrateServer {
            server: name(),
            host: None,
            force: false,
            abort_after: None,
            complete_after: None,
            refused: None,
        }),
        Action::Confirm(on()),
        Action::Revert(on()),
        Action::Rebuild(RebuildServer { server: name(), ..RebuildServer::default() }),
        Action::Shelve(on()),
        Action::Unshelve(on()),
        Action::Snapshot(on()),
    ];
    // A host whose service runs is never one to evacuate from.
    let down = |action: &Action| matches!(action, Action::StopHost(_) | Action::ForceDown(_));
    if scenario.steps.iter().take(point.step).any(|step| step.item.parts().into_iter().any(down)) {
        requests.push(Action::Evacuate(EvacuateServer { server: name(), ..EvacuateServer::default() }));
    }
    requests
}

/// A flavor that no step names, so that every server can be resized to it.
fn another_flavor(scenario: &Scenario) -> String {
    let named = |flavor: &str| {
        scenario.actions().any(|action| match action {
            Action::Boot(boot) => boot.flavor == flavor,
            Action::Resize(resize) => resize.flavor == flavor,
            _ => false,
        })
    };
    let known = ["m1.medium", "m1.small", "m1.large", "m1.xlarge"];
    known.into_iter().find(|flavor| !named(flavor)).unwrap_or("m1.tiny").to_owned()
}

/// The tasks of each host, but for those that the options have switched off: they look at nothing.
fn periodics(scenario: &Scenario) -> Vec<Action> {
    // Options that do not fit keep the scenario from being run at all.
    let options = scenario.all_options().unwrap_or_default();
    let runs = |task: &Periodic| match task {
        Periodic::Task(PeriodicTask::PollShelved) => options.shelved_offload_time > 0,
        Periodic::Task(PeriodicTask::PollUnconfirmedResizes) => !options.resize_confirm_window.is_zero(),
        Periodic::Task(PeriodicTask::ReclaimQueuedDeletes) => !options.reclaim_instance_interval.is_zero(),
        Periodic::UpdateAvailableResource
        | Periodic::Task(PeriodicTask::SyncPowerStates | PeriodicTask::CleanupRunningDeleted) => true,
    };
    let tasks = PeriodicTask::ALL.iter().copied().map(Periodic::Task);
    let tasks = std::iter::once(Periodic::UpdateAvailableResource).chain(tasks).filter(runs);
    let on_each = |task| {
        let on = move |(host, _): (&model::HostName, _)| {
            Action::RunPeriodic(RunPeriodic { task, host: Some(host.clone()) })
        };
        scenario.hosts.iter().map(on)
    };
    tasks.flat_map(on_each).collect()
}
