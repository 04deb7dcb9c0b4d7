//! Asserting who holds what in placement, and the operations that assert it on their way
//! (`nova/tests/functional/integrated_helpers.py, ProviderUsageBaseTestCase`).
//!
//! What Nova's helpers assert for a cloud with one server is asserted here relative to what was used before, so that
//! there may be others.

use crate::cloud::TestCloud;
use crate::expectation::ServerExpectation;
use crate::placement_client::AmountsByHost;
use model::{ConsumerId, HostName, MigrationId, ResourceAmounts, ServerId, ServerStatus};

impl TestCloud {
    /// What a server of this flavor asks of placement.
    pub fn resources_from_flavor(&self, flavor: &str) -> ResourceAmounts {
        self.flavor(flavor).resources(false)
    }

    /// Asserts that exactly `requested` is used in the tree of a host.
    pub fn assert_request_matches_usage(&self, requested: &ResourceAmounts, host: &str) {
        let used = self.get_tree_usages(host);
        self.check(None, used == *requested, || {
            format!("usage of {host} is {} and not {}", show(&used), show(requested))
        });
    }

    /// Asserts that what is used of a host is the sum of these flavors: two of them for a resize to the same host, none
    /// for a host that nobody uses.
    pub fn assert_flavor_matches_usage(&self, host: &str, flavors: &[&str]) {
        let mut sum = ResourceAmounts::new();
        flavors.iter().for_each(|flavor| add(&mut sum, &self.resources_from_flavor(flavor)));
        self.assert_request_matches_usage(&sum, host);
    }

    /// Asserts that the consumer, a server or a migration, holds exactly this flavor's resources, and only on this host.
    pub fn assert_flavor_matches_allocation(
        &self,
        flavor: &str,
        consumer: impl Into<ConsumerId>,
        host: &str,
    ) {
        let consumer = consumer.into();
        let held = self.get_allocations(consumer);
        let expected = AmountsByHost::from([(host.to_owned(), self.resources_from_flavor(flavor))]);
        self.check(Some(ServerId(consumer.0)), held == expected, || {
            format!("{consumer} holds {} and not {}", show_by_host(&held), show_by_host(&expected))
        });
    }

    /// Asserts that the consumer, a server or a migration, holds nothing.
    pub fn assert_no_allocations(&self, consumer: impl Into<ConsumerId>) {
        let consumer = consumer.into();
        let held = self.get_allocations(consumer);
        self.check(Some(ServerId(consumer.0)), held.is_empty(), || {
            format!("{consumer} holds {} and not nothing", show_by_host(&held))
        });
    }

    /// Asserts what is used on every host.
    pub fn assert_usages(&self, expected: &AmountsByHost) {
        let used = self.get_usages();
        self.check(None, used == *expected, || {
            format!("usages are {} and not {}", show_by_host(&used), show_by_host(expected))
        });
    }

    /// Asserts that the node record of a host counts these flavors, and what is reserved for the host itself.
    pub fn assert_hypervisor_usage(&self, host: &str, flavors: &[&str]) {
        let Some(node) = self.compute_node(&HostName::from(host)) else {
            self.fail(None, format_args!("host {host} has no node record"))
        };
        let options = self.options();
        let flavors: Vec<_> = flavors.iter().map(|flavor| self.flavor(flavor)).collect();
        let expected = (
            options.reserved_host_cpus + flavors.iter().map(|flavor| u64::from(flavor.vcpus)).sum::<u64>(),
            options.reserved_host_memory_mb + flavors.iter().map(|flavor| flavor.memory_mb).sum::<u64>(),
            options.reserved_host_disk_mb.div_ceil(1024)
                + flavors.iter().map(|flavor| flavor.local_gb()).sum::<u64>(),
        );
        let counted = (node.vcpus_used, node.memory_mb_used, node.local_gb_used);
        self.check(None, counted == expected, || {
            format!("node {host} counts {counted:?} and not {expected:?} (processors, MiB, GiB)")
        });
    }

    /// The migration of a server that has exactly one.
    pub fn get_migration_uuid_for_instance(&self, server: ServerId) -> MigrationId {
        let migrations = self.records().migrations_of(server);
        match migrations.as_slice() {
            [migration] => migration.id,
            _ => self
                .fail(Some(server), format_args!("{server} has {} migrations and not one", migrations.len())),
        }
    }

    /// Boots a server on a host and asserts, before and after the periodics, that it uses its flavor there and nothing
    /// elsewhere.
    pub async fn boot_and_check_allocations(&self, flavor: &str, host: &str) -> ServerId {
        let _step = self.step(|| format!("boot a server of {flavor} on {host} and check allocations"));
        let mut usages = self.get_usages();
        let server = self.boot(flavor, Some(host)).await;
        self.wait_for_server_parameter(server, ServerExpectation::new().host(host)).await;
        self.claim(&mut usages, flavor, host);
        let check = || {
            self.assert_usages(&usages);
            self.assert_flavor_matches_allocation(flavor, server, host);
        };
        check();
        self.run_periodics().await;
        check();
        server
    }

    /// Deletes a server and asserts that it and its newest migration hold nothing any more, and that nothing else
    /// changed. Answers that migration.
    pub async fn delete_and_check_allocations(&self, server: ServerId) -> Option<MigrationId> {
        let _step = self.step(|| format!("delete {server} and check allocations"));
        let mut usages = self.get_usages();
        let migration = self.records().migrations_of(server).pop().map(|migration| migration.id);
        let consumers = std::iter::once(ConsumerId::from(server)).chain(migration.map(Into::into));
        for held in consumers.map(|consumer| self.get_allocations(consumer)) {
            for (host, amounts) in held {
                subtract(usages.entry(host).or_default(), &amounts);
            }
        }
        let mark = self.notification_mark();
        self.delete_server(server).await;
        self.wait_for_notification(mark, server, "instance.delete.end").await;
        self.assert_usages(&usages);
        self.assert_no_allocations(server);
        if let Some(migration) = migration {
            self.assert_no_allocations(migration);
        }
        migration
    }

    /// Resizes a server to another host and asserts, before and after the periodics: the server holds the new flavor
    /// on the destination, its migration the old one on the source, and the request spec names the new one.
    pub async fn resize_and_check_allocations(&self, server: ServerId, flavor: &str, destination: &str) {
        let _step =
            self.step(|| format!("resize {server} to {flavor} on {destination} and check allocations"));
        let mark = self.notification_mark();
        let before = self.get_usages();
        self.accepted(Some(server), self.api().resize(server, flavor).await);
        self.wait_for_notification(mark, server, "instance.resize.end").await;
        self.check_moved(server, before, flavor, destination).await;
    }

    /// Migrates a server cold and asserts the same, with the flavor it has.
    pub async fn migrate_and_check_allocations(&self, server: ServerId, destination: &str) {
        let _step = self.step(|| format!("migrate {server} to {destination} and check allocations"));
        let before = self.get_usages();
        let flavor = self.server(server).flavor.name;
        self.accepted(Some(server), self.api().migrate(server, None).await);
        self.check_moved(server, before, &flavor, destination).await;
    }

    /// Allows resizes to the same host, resizes a server there, and asserts, before and after the periodics: the server
    /// holds the new flavor, its migration the old one, both on the one host.
    pub async fn resize_to_same_host_and_check_allocations(&self, server: ServerId, flavor: &str) {
        let _step = self.step(|| format!("resize {server} to {flavor} on its host and check allocations"));
        self.set_option("allow_resize_to_same_host", "true");
        let Some(host) = self.server(server).host else {
            self.fail(Some(server), format_args!("{server} is on no host"))
        };
        self.resize_and_check_allocations(server, flavor, host.as_str()).await;
    }

    async fn check_moved(
        &self,
        server: ServerId,
        mut usages: AmountsByHost,
        flavor: &str,
        destination: &str,
    ) {
        let moved = ServerExpectation::from(ServerStatus::VerifyResize).host(destination).flavor(flavor);
        self.wait_for_server_parameter(server, moved).await;
        let migration = self.last_migration(server);
        let source = migration.source_compute.as_str();
        self.claim(&mut usages, flavor, destination);
        let check = || {
            self.assert_usages(&usages);
            self.assert_flavor_matches_allocation(flavor, server, destination);
            self.assert_flavor_matches_allocation(&migration.old_flavor.name, migration.id, source);
        };
        check();
        self.run_periodics().await;
        check();
        let spec = self.records().request_spec(server);
        let asked = spec.map(|spec| spec.flavor.name);
        self.check(Some(server), asked.as_deref() == Some(flavor), || {
            format!("the request spec asks for {asked:?} and not for {flavor}")
        });
    }

    fn claim(&self, usages: &mut AmountsByHost, flavor: &str, host: &str) {
        add(usages.entry(host.to_owned()).or_default(), &self.resources_from_flavor(flavor));
    }
}

fn add(sum: &mut ResourceAmounts, amounts: &ResourceAmounts) {
    for (class, amount) in amounts {
        *sum.entry(class.clone()).or_default() += amount;
    }
}

fn subtract(sum: &mut ResourceAmounts, amounts: &ResourceAmounts) {
    for (class, amount) in amounts {
        let left = sum.get(class).copied().unwrap_or_default().saturating_sub(*amount);
        match left {
            0 => sum.remove(class),
            left => sum.insert(class.clone(), left),
        };
    }
}

fn show(amounts: &ResourceAmounts) -> String {
    if amounts.is_empty() {
        return "nothing".to_owned();
    }
    amounts.iter().map(|(class, amount)| format!("{amount} {class}")).collect::<Vec<_>>().join(", ")
}

fn show_by_host(by_host: &AmountsByHost) -> String {
    if by_host.is_empty() {
        return "nothing".to_owned();
    }
    by_host.iter().map(|(host, amounts)| format!("{host}: {}", show(amounts))).collect::<Vec<_>>().join("; ")
}
