//! The steps of a scenario in words.

use super::{Action, Advance, MigrateServer, RebootServer};
use crate::scenario::host_steps::RunPeriodic;
use crate::scenario::target::{EvacuateServer, RebuildServer};
use model::rpc::RebootType;
use std::fmt;

/// The step in words.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Boot(boot) => fmt::Display::fmt(boot, f),
            Action::CreateServerGroup(group) => {
                write!(f, "make the {} group {}", group.policy.as_str(), group.name)
            }
            Action::DeleteServerGroup(name) => write!(f, "delete the group {name}"),
            Action::Resize(resize) => write!(f, "resize {} to flavor {}", resize.server, resize.flavor),
            Action::Migrate(MigrateServer { server, host: None, .. }) => write!(f, "migrate {server}"),
            Action::Migrate(MigrateServer { server, host: Some(host), .. }) => {
                write!(f, "migrate {server} to {host}")
            }
            Action::LiveMigrate(live) => {
                write!(f, "live-migrate {}", live.server)?;
                live.host.as_ref().map_or(Ok(()), |host| write!(f, " to {host}"))?;
                f.write_str(if live.force { ", unasked" } else { "" })?;
                live.abort_after.as_ref().map_or(Ok(()), |span| write!(f, ", and abort it after {span}"))?;
                live.complete_after.as_ref().map_or(Ok(()), |span| write!(f, ", and force it after {span}"))
            }
            Action::AttachVolume(on) => write!(f, "attach volume {} to {}", on.volume, on.server),
            Action::DetachVolume(on) => write!(f, "detach volume {} from {}", on.volume, on.server),
            Action::SwapVolume(swap) => {
                write!(f, "exchange volume {} of {} for {}", swap.volume, swap.server, swap.with)
            }
            Action::ExtendVolume(extend) => {
                write!(f, "extend volume {} of {} to {} GiB", extend.volume, extend.server, extend.to_gb)
            }
            Action::Confirm(on) => write!(f, "confirm the resize of {}", on.server),
            Action::Revert(on) => write!(f, "revert the resize of {}", on.server),
            Action::Start(on) => write!(f, "start {}", on.server),
            Action::Stop(on) => write!(f, "stop {}", on.server),
            Action::Reboot(RebootServer { server, reboot_type: RebootType::Soft, .. }) => {
                write!(f, "reboot {server}")
            }
            Action::Reboot(RebootServer { server, reboot_type: RebootType::Hard, .. }) => {
                write!(f, "reboot {server} hard")
            }
            Action::Pause(on) => write!(f, "pause {}", on.server),
            Action::Unpause(on) => write!(f, "unpause {}", on.server),
            Action::Suspend(on) => write!(f, "suspend {}", on.server),
            Action::Resume(on) => write!(f, "resume {}", on.server),
            Action::Rescue(on) => write!(f, "rescue {}", on.server),
            Action::Unrescue(on) => write!(f, "unrescue {}", on.server),
            Action::TriggerCrashDump(on) => write!(f, "trigger a crash dump of {}", on.server),
            Action::Lock(on) => write!(f, "lock {}", on.server),
            Action::Unlock(on) => write!(f, "unlock {}", on.server),
            Action::Rebuild(RebuildServer { server, name_image: false, .. }) => write!(f, "rebuild {server}"),
            Action::Rebuild(RebuildServer { server, name_image: true, .. }) => {
                write!(f, "rebuild {server}, naming its image")
            }
            Action::Snapshot(on) => write!(f, "make an image of {}", on.server),
            Action::AttachInterface(on) => write!(f, "attach one more port to {}", on.server),
            Action::Evacuate(EvacuateServer { server, host: None, .. }) => write!(f, "evacuate {server}"),
            Action::Evacuate(EvacuateServer { server, host: Some(host), .. }) => {
                write!(f, "evacuate {server} to {host}")
            }
            Action::Shelve(on) => write!(f, "shelve {}", on.server),
            Action::ShelveOffload(on) => write!(f, "offload {}", on.server),
            Action::Unshelve(on) => write!(f, "unshelve {}", on.server),
            Action::ForceDelete(on) => write!(f, "force the deletion of {}", on.server),
            Action::Restore(on) => write!(f, "restore {}", on.server),
            Action::Delete(on) => write!(f, "delete {}", on.server),
            Action::WaitFor(wait) => {
                write!(f, "wait for {}", wait.server)?;
                if let Some(status) = wait.status {
                    write!(f, " to be {status}")?;
                }
                if let Some(status) = wait.migration {
                    write!(f, ", its migration {status}")?;
                }
                Ok(())
            }
            Action::Check(expectation) => write!(f, "check that {expectation}"),
            Action::RunPeriodics => f.write_str("run the periodic tasks"),
            Action::RunPeriodic(RunPeriodic { task, host: None }) => write!(f, "run {task} on every host"),
            Action::RunPeriodic(RunPeriodic { task, host: Some(host) }) => write!(f, "run {task} on {host}"),
            Action::DisableHost(disable) => write!(f, "disable the compute service of {}", disable.host),
            Action::EnableHost(host) => write!(f, "enable the compute service of {host}"),
            Action::StopHost(host) => write!(f, "stop the compute service of {host}"),
            Action::RestartHost(host) => write!(f, "restart the compute service of {host}"),
            Action::ForceDown(on) => write!(f, "force the compute service of {} down", on.host),
            Action::ForceUp(on) => write!(f, "force the compute service of {} up", on.host),
            Action::SwapDriver(swap) => write!(f, "exchange the driver of {} for {}", swap.host, swap.stack),
            Action::Advance(Advance(span)) => write!(f, "let {span} pass"),
            Action::InjectFault(fault) => write!(f, "plan a fault: {fault}"),
            Action::InjectServiceFault(fault) => write!(f, "plan a fault: {fault}"),
            Action::During(during) => {
                let others: Vec<_> = during.take.iter().map(ToString::to_string).collect();
                write!(f, "{}, and {} later {}", during.step, during.after, others.join(", then "))
            }
        }
    }
}
