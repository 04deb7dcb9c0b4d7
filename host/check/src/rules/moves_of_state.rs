//! The exchange of a driver while guests run.

use crate::bench::{call, expect};
use crate::rule::rules;
use crate::samples::server;
use virt::types::PowerState;

rules! {
    /// save_state has every guest, in the state it is in.
    what_is_saved_are_the_guests(bench) for SaveState {
        let (host, runs) = bench.host_with_guest().await?;
        let stopped = server("b");
        host.spawn(&stopped).await?;
        call!(host.power_off(stopped.clone(), 0, 0));
        let mut saved: Vec<_> = call!(host.save_state()).guests.into_iter().map(|guest| (guest.uuid, guest.state)).collect();
        saved.sort_by(|one, other| one.0.cmp(&other.0));
        let expected = [(runs.uuid.clone(), PowerState::Running), (stopped.uuid.clone(), PowerState::Shutdown)];
        expect(saved == expected, format!("{expected:?}"), || format!("{saved:?}"))?;
    }

    /// What was saved can be restored elsewhere, and twice is as once.
    what_was_saved_can_be_restored(bench) for SaveState, RestoreState {
        let (host, server) = bench.host_with_guest().await?;
        let state = call!(host.save_state());
        let other = bench.other_host().await?;
        for _ in 0..2 {
            call!(other.restore_state(state.clone()));
            other.expect_guests(&[&server], "after restore_state").await?;
            other.expect_state(&server, PowerState::Running, "after restore_state").await?;
        }
        other.destroy(&server).await?;
        other.expect_gone(&server, "after restore_state and destroy").await?;
    }
}
