//! The life of the service, and the host as a whole.

use crate::bench::{attempt, call, expect};
use crate::rule::{rules, show};
use crate::samples::server;
use virt::types::{HostPower, PowerState};

/// Whether a text has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text.chars().all(|c| c == '-' || c.is_ascii_digit() || matches!(c, 'a'..='f'))
}

rules! {
    /// The service starts: init_host raises nothing on a host that nothing has happened to.
    the_service_starts(bench) for InitHost {
        let host = bench.host_without_service();
        if let Err(error) = attempt!(host.init_host(host.name())) {
            expect(false, "init_host raises nothing", || show("it", &error))?;
        }
    }

    /// A second init_host keeps the guests.
    init_host_again_keeps_the_guests(bench) for InitHost, ListInstances {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.init_host(host.name()));
        host.expect_guests(&[&server], "after a second init_host").await?;
        host.expect_state(&server, PowerState::Running, "after a second init_host").await?;
    }

    /// cleanup_host leaves the guests where they are.
    cleanup_host_keeps_the_guests(bench) for CleanupHost {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.cleanup_host(host.name()));
        let host = host.restart().await?;
        host.expect_guests(&[&server], "after cleanup_host and a new start").await?;
    }

    /// There is at least one node, none is named twice, and asking anew gives the same.
    nodes_are_named(bench) for GetAvailableNodes {
        let host = bench.host().await?;
        let mut nodes = call!(host.get_available_nodes(false));
        let again = call!(host.get_available_nodes(true));
        expect(nodes == again, "get_available_nodes(refresh) names the same nodes", || again.join(", "))?;
        let count = nodes.len();
        nodes.sort();
        nodes.dedup();
        expect(count > 0 && nodes.len() == count, "at least one node, none twice", || format!("{count} of which {} differ", nodes.len()))?;
    }

    /// The identifiers of nodes are UUIDs of nodes that are there, and stay over a restart.
    nodes_keep_their_identifiers(bench) for GetNodenamesByUuid {
        let host = bench.host().await?;
        let nodes = call!(host.get_available_nodes(false));
        let before = call!(host.get_nodenames_by_uuid(false));
        for (uuid, name) in &before {
            expect(is_uuid(uuid), "identifiers are UUIDs in lower case", || uuid.clone())?;
            expect(nodes.contains(name), "names are those of get_available_nodes", || name.clone())?;
        }
        let host = host.restart().await?;
        let after = call!(host.get_nodenames_by_uuid(true));
        expect(before == after, format!("after a restart, {before:?}"), || format!("{after:?}"))?;
    }

    /// A node that is named is available, and one that is not named is not.
    a_named_node_is_available(bench) for NodeIsAvailable {
        let host = bench.host().await?;
        let node = host.node().await?;
        let available = call!(host.node_is_available(node.clone()));
        expect(available, format!("{node} is available"), || "it is not".to_owned())?;
        let available = call!(host.node_is_available("no-such-node".to_owned()));
        expect(!available, "no-such-node is not available", || "it is".to_owned())?;
    }

    /// A node that is named is not gone for good.
    a_named_node_is_not_deleted(bench) for IsNodeDeleted {
        let host = bench.host().await?;
        let node = host.node().await?;
        let deleted = call!(host.is_node_deleted(node.clone()));
        expect(!deleted, format!("{node} is not deleted"), || "it is".to_owned())?;
    }

    /// process_instances_at_startup answers servers that it was given, each once.
    servers_at_startup_are_those_that_were_given(bench) for ProcessInstancesAtStartup {
        let (host, server) = bench.host_with_guest().await?;
        let answer = call!(host.process_instances_at_startup(vec![server.clone()]));
        let known = answer.iter().all(|other| other.uuid == server.uuid);
        expect(known && answer.len() <= 1, "at most the one server that was given", || format!("{} servers", answer.len()))?;
    }

    /// The host has an address.
    the_host_has_an_address(bench) for GetHostIpAddr {
        let host = bench.host().await?;
        let address = call!(host.get_host_ip_addr());
        expect(!address.is_empty(), "an address", || "an empty text".to_owned())?;
    }

    /// The time the host has been up is a text with something in it.
    the_uptime_is_told(bench) for GetHostUptime {
        let host = bench.host().await?;
        let uptime = call!(host.get_host_uptime());
        expect(!uptime.is_empty(), "a text", || "an empty one".to_owned())?;
    }

    /// set_host_enabled says what the host is now.
    enabling_says_what_the_host_is(bench) for SetHostEnabled {
        let host = bench.host().await?;
        for (enabled, expected) in [(false, "disabled"), (true, "enabled")] {
            let answer = call!(host.set_host_enabled(enabled));
            expect(answer == expected, expected, || answer.clone())?;
        }
    }

    /// host_power_action says what it did.
    a_power_action_says_what_it_did(bench) for HostPowerAction {
        let host = bench.host().await?;
        let answer = call!(host.host_power_action(HostPower::Startup));
        expect(!answer.is_empty(), "a text", || "an empty one".to_owned())?;
    }

    /// host_maintenance_mode says whether the host is under maintenance.
    maintenance_says_whether_it_is_on(bench) for HostMaintenanceMode {
        let host = bench.host().await?;
        for (mode, expected) in [(true, "on_maintenance"), (false, "off_maintenance")] {
            let answer = call!(host.host_maintenance_mode(host.name(), mode));
            expect(answer == expected, expected, || answer.clone())?;
        }
    }

    /// To look after rebooting servers does not harm those that run.
    looking_after_reboots_harms_nobody(bench) for PollRebootingInstances {
        let (host, server) = bench.host_with_guest().await?;
        call!(host.poll_rebooting_instances(60, vec![server.clone()]));
        host.expect_state(&server, PowerState::Running, "after poll_rebooting_instances").await?;
    }

    /// The calls of the firewall, which nobody needs any more, harm nobody.
    calls_of_the_firewall_harm_nobody(bench) for EnsureFilteringRulesForInstance, UnfilterInstance, RefreshInstanceSecurityRules, RefreshProviderFwRules, RefreshSecurityGroupMembers, RefreshSecurityGroupRules {
        let (host, server) = bench.host_with_guest().await?;
        let network_info = crate::samples::network_info(&server);
        // An exception is as good as nothing here.
        let _ = attempt!(host.ensure_filtering_rules_for_instance(server.clone(), network_info.clone()));
        let _ = attempt!(host.refresh_instance_security_rules(server.clone()));
        let _ = attempt!(host.refresh_provider_fw_rules());
        let _ = attempt!(host.refresh_security_group_members("default".to_owned()));
        let _ = attempt!(host.refresh_security_group_rules("default".to_owned()));
        let _ = attempt!(host.unfilter_instance(server.clone(), network_info));
        host.expect_state(&server, PowerState::Running, "after all of them").await?;
    }

    /// Two hosts of one driver know nothing of each other's guests.
    hosts_do_not_share_guests(bench) for Spawn, ListInstances {
        let (_host, server) = bench.host_with_guest().await?;
        let other = bench.other_host().await?;
        other.expect_gone(&server, "on a host it was not built on").await?;
        other.destroy(&server).await?;
        let second = self::server("b");
        other.spawn(&second).await?;
        other.expect_guests(&[&second], "after a spawn on the second host").await?;
    }
}
