//! The network interfaces of a guest.

use crate::bench::{attempt, call, expect};
use crate::rule::rules;
use crate::samples::{self, vif};
use virt::types::PowerState;

rules! {
    /// Interfaces can be plugged in again and unplugged, and the guest stays.
    plugging_leaves_the_guest(bench) for PlugVifs, UnplugVifs {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.unplug_vifs(server.clone(), samples::network_info(&server)));
        call!(host.plug_vifs(server.clone(), samples::network_info(&server)));
        host.expect_guests(&[&server], "after unplug_vifs and plug_vifs").await?;
    }

    /// An interface comes and goes while the guest runs on.
    an_interface_comes_and_goes(bench) for AttachInterface, DetachInterface if Can(SupportsAttachInterface) {
        let (host, server) = bench.host_with_guest().await?;
        for _ in 0..2 {
            call!(host.attach_interface(server.clone(), samples::image(), vif(&server, 2)));
            host.expect_state(&server, PowerState::Running, "after attach_interface").await?;
            call!(host.detach_interface(server.clone(), vif(&server, 2)));
            host.expect_state(&server, PowerState::Running, "after detach_interface").await?;
        }
    }

    /// No interface is attached twice, and none is detached that is not there.
    an_interface_is_attached_once(bench) for AttachInterface, DetachInterface if Can(SupportsAttachInterface) {
        let (host, server) = bench.host_with_guest().await?;
        let early = attempt!(host.detach_interface(server.clone(), vif(&server, 2)));
        expect(early.is_err(), "detach_interface raises before attach_interface", || "success".to_owned())?;
        call!(host.attach_interface(server.clone(), samples::image(), vif(&server, 2)));
        let twice = attempt!(host.attach_interface(server.clone(), samples::image(), vif(&server, 2)));
        expect(twice.is_err(), "attach_interface raises the second time", || "success".to_owned())?;
        call!(host.detach_interface(server.clone(), vif(&server, 2)));
    }

    /// The ports of a server are bound to its host, or to one that the driver names.
    ports_are_bound_to_a_host(bench) for NetworkBindingHostId, ManagesNetworkBindingHostId {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.manages_network_binding_host_id());
        let bound = call!(host.network_binding_host_id(server));
        expect(bound.as_deref() != Some(""), "a host, or none", || "an empty text".to_owned())?;
    }
}
