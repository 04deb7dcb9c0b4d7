//! The power of a guest, and the states that come near to it.

use crate::bench::{attempt, call, expect};
use crate::rule::rules;
use crate::samples::{self, server};
use virt::types::{PowerState, RebootType, TargetPowerState};

rules! {
    /// power_off switches a guest off, and twice is as once.
    power_off_switches_off(bench) for PowerOff {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_off(server.clone(), 60, 10));
        host.expect_state(&server, PowerState::Shutdown, "after power_off").await?;
        call!(host.power_off(server.clone(), 0, 0));
        host.expect_state(&server, PowerState::Shutdown, "after power_off twice").await?;
    }

    /// power_on switches a guest on, and twice is as once.
    power_on_switches_on(bench) for PowerOn {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_off(server.clone(), 0, 0));
        call!(host.power_on(samples::power_on(&server)));
        host.expect_state(&server, PowerState::Running, "after power_on").await?;
        call!(host.power_on(samples::power_on(&server)));
        host.expect_state(&server, PowerState::Running, "after power_on twice").await?;
    }

    /// A server without a guest cannot be switched, and gets none by it.
    a_stranger_cannot_be_switched(bench) for PowerOff, PowerOn {
        let host = bench.host().await?;
        let server = server("a");
        let off = attempt!(host.power_off(server.clone(), 0, 0));
        expect(off.is_err(), "power_off raises", || "it answered success".to_owned())?;
        let on = attempt!(host.power_on(samples::power_on(&server)));
        expect(on.is_err(), "power_on raises", || "it answered success".to_owned())?;
        host.expect_gone(&server, "after both").await?;
    }

    /// The power of one guest is not that of another.
    guests_are_switched_one_by_one(bench) for PowerOff {
        let (host, one) = bench.host_with_guest().await?;
        let other = server("b");
        host.spawn(&other).await?;
        call!(host.power_off(one.clone(), 0, 0));
        host.expect_state(&other, PowerState::Running, "after power_off of another").await?;
    }

    /// A guest that was rebooted, soft or hard, runs.
    a_rebooted_guest_runs(bench) for Reboot {
        let (host, server) = bench.host_with_guest().await?;
        for reboot_type in [RebootType::Soft, RebootType::Hard] {
            call!(host.reboot(samples::reboot(&server, reboot_type)));
            host.expect_guests(&[&server], "after reboot").await?;
            host.expect_state(&server, PowerState::Running, "after reboot").await?;
        }
    }

    /// A hard reboot starts a guest that was switched off.
    a_hard_reboot_starts_a_guest(bench) for Reboot {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_off(server.clone(), 0, 0));
        call!(host.reboot(samples::reboot(&server, RebootType::Hard)));
        host.expect_state(&server, PowerState::Running, "after a hard reboot").await?;
    }

    /// power_update_event brings the guest into the wanted state.
    a_power_event_switches_the_guest(bench) for PowerUpdateEvent {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_update_event(server.clone(), TargetPowerState::PowerOff));
        host.expect_state(&server, PowerState::Shutdown, "after POWER_OFF").await?;
        call!(host.power_update_event(server.clone(), TargetPowerState::PowerOn));
        host.expect_state(&server, PowerState::Running, "after POWER_ON").await?;
    }

    /// A paused guest stays, and runs again after unpause.
    a_paused_guest_runs_again(bench) for Pause, Unpause {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.pause(server.clone()));
        host.expect_guests(&[&server], "after pause").await?;
        call!(host.unpause(server.clone()));
        host.expect_state(&server, PowerState::Running, "after unpause").await?;
    }

    /// get_info says that a guest is paused.
    a_paused_guest_is_seen(bench) for Pause, GetInfo if NotNovasFake {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.pause(server.clone()));
        host.expect_state(&server, PowerState::Paused, "after pause").await?;
    }

    /// A suspended guest stays, and runs again after resume.
    a_suspended_guest_runs_again(bench) for Suspend, Resume {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.suspend(server.clone()));
        host.expect_guests(&[&server], "after suspend").await?;
        call!(host.resume(samples::resume(&server)));
        host.expect_state(&server, PowerState::Running, "after resume").await?;
    }

    /// get_info says that a guest is suspended, or off, which on disk is the same.
    a_suspended_guest_is_seen(bench) for Suspend, GetInfo if NotNovasFake {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.suspend(server.clone()));
        host.expect_state_in(&server, &[PowerState::Suspended, PowerState::Shutdown], "after suspend").await?;
    }

    /// A guest that ran before the host was restarted runs again.
    a_guest_is_resumed_when_the_host_boots(bench) for ResumeStateOnHostBoot if NotNovasFake {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_off(server.clone(), 0, 0));
        let host = host.restart().await?;
        call!(host.resume_state_on_host_boot(samples::resume(&server)));
        host.expect_state(&server, PowerState::Running, "after resume_state_on_host_boot").await?;
    }

    /// A guest that is rescued runs, and after unrescue it runs from its own disk.
    a_rescued_guest_comes_back(bench) for Rescue, Unrescue {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.power_off(server.clone(), 0, 0));
        call!(host.rescue(samples::rescue(&server)));
        host.expect_guests(&[&server], "after rescue").await?;
        call!(host.unrescue(server.clone()));
        host.expect_guests(&[&server], "after unrescue").await?;
        host.expect_state(&server, PowerState::Running, "after unrescue").await?;
    }

    /// A guest that is deleted softly is still there, and runs again after restore.
    a_softly_deleted_guest_can_be_restored(bench) for SoftDelete, Restore {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.soft_delete(server.clone()));
        host.expect_guests(&[&server], "after soft_delete").await?;
        call!(host.restore(server.clone()));
        host.expect_state(&server, PowerState::Running, "after restore").await?;
    }

    /// A guest that is deleted softly does not run.
    a_softly_deleted_guest_does_not_run(bench) for SoftDelete if NotNovasFake {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.soft_delete(server.clone()));
        let state = host.state(&server).await?;
        expect(state != Some(PowerState::Running), "it does not run", || "it runs".to_owned())?;
    }

    /// A crash dump leaves the guest there.
    a_crash_dump_leaves_the_guest(bench) for TriggerCrashDump {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.trigger_crash_dump(server.clone()));
        host.expect_guests(&[&server], "after trigger_crash_dump").await?;
    }

    /// What needs a guest raises when there is none, and makes none.
    a_stranger_has_no_state(bench) for Pause, Unpause, Suspend, Resume, Rescue, Unrescue, TriggerCrashDump if NotNovasFake {
        let host = bench.host().await?;
        let server = server("a");
        let answers = [
            ("pause", attempt!(host.pause(server.clone()))),
            ("unpause", attempt!(host.unpause(server.clone()))),
            ("suspend", attempt!(host.suspend(server.clone()))),
            ("resume", attempt!(host.resume(samples::resume(&server)))),
            ("rescue", attempt!(host.rescue(samples::rescue(&server)))),
            ("unrescue", attempt!(host.unrescue(server.clone()))),
            ("trigger_crash_dump", attempt!(host.trigger_crash_dump(server.clone()))),
        ];
        for (method, answer) in answers {
            expect(answer.is_err(), format!("{method} raises without a guest"), || "it answered success".to_owned())?;
        }
        host.expect_gone(&server, "after all of them").await?;
    }
}
