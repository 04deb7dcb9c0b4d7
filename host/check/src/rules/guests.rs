//! What is done with a guest that runs, and images that are made of it.

use crate::bench::{Host, attempt, call, expect};
use crate::rule::{Stop, rules};
use crate::samples::{self, server, uuid};
use virt::types::{Console, DriverTask, PowerState, VirtError};

/// A console can be reached.
fn reachable(kind: &str, console: &Console) -> Result<(), Stop> {
    let place = || format!("{}:{}", console.host, console.port);
    expect(!console.host.is_empty() && console.port > 0, format!("a host and a port for {kind}"), place)
}

/// The guest runs as before.
async fn runs_on(host: &Host, server: &virt::types::Instance, after: &str) -> Result<(), Stop> {
    host.expect_state(server, PowerState::Running, &format!("after {after}")).await
}

rules! {
    /// The console's output can be read while the guest runs on.
    the_consoles_output_can_be_read(bench) for GetConsoleOutput {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.get_console_output(server.clone()));
        runs_on(&host, &server, "get_console_output").await?;
    }

    /// The VNC console has a host and a port.
    the_vnc_console_can_be_reached(bench) for GetVncConsole {
        let (host, server) = bench.host_with_guest().await?;
        reachable("VNC", &call!(host.get_vnc_console(server)))?;
    }

    /// The SPICE console has a host and a port.
    the_spice_console_can_be_reached(bench) for GetSpiceConsole {
        let (host, server) = bench.host_with_guest().await?;
        reachable("SPICE", &call!(host.get_spice_console(server)))?;
    }

    /// The serial console has a host and a port.
    the_serial_console_can_be_reached(bench) for GetSerialConsole {
        let (host, server) = bench.host_with_guest().await?;
        reachable("serial", &call!(host.get_serial_console(server)))?;
    }

    /// The MKS console has a host and a port.
    the_mks_console_can_be_reached(bench) for GetMksConsole {
        let (host, server) = bench.host_with_guest().await?;
        reachable("MKS", &call!(host.get_mks_console(server)))?;
    }

    /// The free diagnostics name each value once.
    diagnostics_name_each_value_once(bench) for GetDiagnostics {
        let (host, server) = bench.host_with_guest().await?;
        let mut names: Vec<String> = call!(host.get_diagnostics(server)).into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        expect(names.len() == count, "each name once", || format!("{count} values, {} names", names.len()))?;
    }

    /// The diagnostics of all drivers say that a guest runs, and on which driver.
    diagnostics_say_that_it_runs(bench) for GetInstanceDiagnostics {
        let (host, server) = bench.host_with_guest().await?;
        let diagnostics = call!(host.get_instance_diagnostics(server));
        expect(diagnostics.state == PowerState::Running, "state running", || "another".to_owned())?;
        expect(!diagnostics.driver.is_empty(), "a driver", || "an empty text".to_owned())?;
    }

    /// The administrator's password is set while the guest runs on.
    a_password_is_set_while_the_guest_runs(bench) for SetAdminPassword {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.set_admin_password(server.clone(), "secret".to_owned()));
        runs_on(&host, &server, "set_admin_password").await?;
    }

    /// The guest is told of its network while it runs on.
    a_guest_is_told_of_its_network(bench) for InjectNetworkInfo {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.inject_network_info(server.clone(), samples::network_info(&server)));
        runs_on(&host, &server, "inject_network_info").await?;
    }

    /// A guest that held still goes on.
    a_guest_that_held_still_goes_on(bench) for Quiesce, Unquiesce {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.quiesce(server.clone(), samples::image()));
        call!(host.unquiesce(server.clone(), samples::image()));
        runs_on(&host, &server, "unquiesce").await?;
    }

    /// snapshot sets the task to image_uploading, to image_pending_upload before that or not at all, and the guest runs on.
    a_snapshot_sets_its_tasks(bench) for Snapshot {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.snapshot(server.clone(), uuid("d0")));
        let tasks = bench.manager.tasks.borrow().clone();
        let allowed = tasks == [DriverTask::ImageUploading]
            || tasks == [DriverTask::ImagePendingUpload, DriverTask::ImageUploading];
        expect(allowed, "image_uploading, perhaps after image_pending_upload", || format!("{tasks:?}"))?;
        runs_on(&host, &server, "snapshot").await?;
    }

    /// snapshot of a server without a guest raises InstanceNotRunning or InstanceNotFound.
    no_snapshot_of_a_stranger(bench) for Snapshot {
        let host = bench.host().await?;
        match attempt!(host.snapshot(server("a"), uuid("d0"))) {
            Err(VirtError::InstanceNotRunning(_) | VirtError::InstanceNotFound(_)) => {}
            Err(error) => return Err(Stop::Raised { method: "snapshot", error }),
            Ok(()) => expect(false, "InstanceNotRunning or InstanceNotFound", || "success".to_owned())?,
        }
    }

    /// cache_image answers true when it fetches an image, and false when it has it.
    an_image_is_fetched_once(bench) for CacheImage {
        let host = bench.host().await?;
        for (image, fetched) in [("d0", true), ("d0", false), ("d1", true)] {
            let answer = call!(host.cache_image(uuid(image)));
            expect(answer == fetched, fetched.to_string(), || answer.to_string())?;
        }
    }

    /// Cleaning the cache of images does not harm the guests.
    cleaning_the_cache_harms_nobody(bench) for ManageImageCache {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.manage_image_cache(vec![server.clone()]));
        runs_on(&host, &server, "manage_image_cache").await?;
    }
}
