//! Configuration options, by Nova's names, groups and defaults (`nova/conf/`).
//!
//! [`Options`] is a plain struct for the code that reads them; [`Options::set`] and [`Options::NAMES`] let people and
//! test harnesses address them by name.

use crate::resources::Ratio;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An option that could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// There is no such option here.
    #[error("unknown option {0:?}; `novarig run --help` tells where the known ones are listed")]
    Unknown(String),
    /// The value does not fit.
    #[error("option {name} = {value:?}: {expected}")]
    Invalid {
        /// The option, as `group.name`.
        name: String,
        /// What was given.
        value: String,
        /// What is wanted, as a phrase.
        expected: &'static str,
    },
}

/// A type an option can have: read from text, and say what text it wants.
trait OptionValue: Sized {
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Option<Self>;
}

impl OptionValue for bool {
    const EXPECTED: &'static str = "expected true or false";
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl OptionValue for u64 {
    const EXPECTED: &'static str = "expected a whole number, 0 or more";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl OptionValue for i64 {
    const EXPECTED: &'static str = "expected a whole number";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl OptionValue for f64 {
    const EXPECTED: &'static str = "expected a finite number";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl OptionValue for Ratio {
    const EXPECTED: &'static str = "expected a number greater than 0";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().and_then(|number: f64| Ratio::try_from(number).ok())
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.eq_ignore_ascii_case("none") {
            Some(None)
        } else {
            T::parse(text).map(Some)
        }
    }
}

impl OptionValue for String {
    const EXPECTED: &'static str = "expected text";
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl<T: OptionValue> OptionValue for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn parse(text: &str) -> Option<Self> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::parse).collect()
    }
}

impl OptionValue for NonNegative {
    const EXPECTED: &'static str = "expected a finite number, 0 or more";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0).map(Self)
    }
}

impl OptionValue for NamedNumber {
    const EXPECTED: &'static str = "expected NAME=NUMBER, several separated by commas";
    fn parse(text: &str) -> Option<Self> {
        let (name, number) = text.split_once('=')?;
        let number = f64::parse(number.trim())?;
        (!name.trim().is_empty()).then(|| Self { name: name.trim().to_owned(), number })
    }
}

impl OptionValue for Duration {
    const EXPECTED: &'static str = "expected whole seconds";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Duration::from_secs)
    }
}

impl OptionValue for WeightClasses {
    const EXPECTED: &'static str = "expected nova.scheduler.weights.all_weighers, or names of weighers such as RAMWeigher, separated by commas";
    fn parse(text: &str) -> Option<Self> {
        if text == "nova.scheduler.weights.all_weighers" {
            return Some(Self::All);
        }
        if text.is_empty() {
            return Some(Self::Named(Vec::new()));
        }
        // Nova's names have their module before them.
        let class = |name: &str| {
            let class = name.trim().rsplit('.').next().unwrap_or_default();
            WEIGHER_NAMES.iter().copied().find(|known| *known == class)
        };
        let named: Vec<&'static str> = text.split(',').map(class).collect::<Option<_>>()?;
        Some(match named[..] {
            ["HostNameWeigher"] => Self::HostName,
            _ => Self::Named(named.into_iter().map(str::to_owned).collect()),
        })
    }
}

/// Who keeps the quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum QuotaDriver {
    /// The control plane itself.
    #[default]
    Database,
    /// Nobody: everything is unlimited.
    Noop,
    /// The identity service, which has no limits here.
    Unified,
}

impl OptionValue for QuotaDriver {
    const EXPECTED: &'static str =
        "expected nova.quota.DbQuotaDriver, nova.quota.NoopQuotaDriver or nova.quota.UnifiedLimitsDriver";
    fn parse(text: &str) -> Option<Self> {
        match text.rsplit('.').next()? {
            "DbQuotaDriver" => Some(Self::Database),
            "NoopQuotaDriver" => Some(Self::Noop),
            "UnifiedLimitsDriver" => Some(Self::Unified),
            _ => None,
        }
    }
}

/// Which resources without a limit are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnsetLimits {
    /// Those in the list.
    Require,
    /// Those not in the list.
    Ignore,
}

impl OptionValue for UnsetLimits {
    const EXPECTED: &'static str = "expected require or ignore";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "require" => Some(Self::Require),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }
}

/// The weighers there are, by the names of Nova's classes (`nova/scheduler/weights/`), in alphabetical order.
pub const WEIGHER_NAMES: &[&str] = &[
    "BuildFailureWeigher",
    "CPUWeigher",
    "CrossCellWeigher",
    "DiskWeigher",
    "HostNameWeigher",
    "HypervisorVersionWeigher",
    "ImagePropertiesWeigher",
    "IoOpsWeigher",
    "MetricsWeigher",
    "NumInstancesWeigher",
    "PCIWeigher",
    "RAMWeigher",
    "ServerGroupSoftAffinityWeigher",
    "ServerGroupSoftAntiAffinityWeigher",
];

/// Which weighers order the hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightClasses {
    /// All of Nova's own.
    #[default]
    All,
    /// Only the weigher of Nova's functional tests: host1 before host2 before host3 before all others
    /// (`nova/tests/fixtures/nova.py, HostNameWeigherFixture`).
    HostName,
    /// Those of these names, out of [`WEIGHER_NAMES`].
    Named(Vec<String>),
}

/// A multiplier that may not be negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NonNegative(f64);

impl NonNegative {
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A number for something that has a name: a ratio for a metric, a weight for an image property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedNumber {
    /// The metric or property.
    pub name: String,
    /// Its ratio or weight.
    pub number: f64,
}

macro_rules! filter_names {
    ($($name:ident,)*) => {
        /// The filters there are, by the names of Nova's classes (`nova/scheduler/filters/`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each is documented where it is implemented")]
        pub enum FilterName {
            $($name,)*
        }

        impl FilterName {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [FilterName] = &[$(Self::$name,)*];

            /// The name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

filter_names! {
    AggregateImagePropertiesIsolation,
    AggregateInstanceExtraSpecsFilter,
    AggregateIoOpsFilter,
    AggregateMultiTenancyIsolation,
    AggregateNumInstancesFilter,
    AggregateTypeAffinityFilter,
    AllHostsFilter,
    ComputeCapabilitiesFilter,
    ComputeFilter,
    DifferentHostFilter,
    ImagePropertiesFilter,
    IoOpsFilter,
    IsolatedHostsFilter,
    JsonFilter,
    MetricsFilter,
    NUMATopologyFilter,
    NumInstancesFilter,
    PciPassthroughFilter,
    SameHostFilter,
    ServerGroupAffinityFilter,
    ServerGroupAntiAffinityFilter,
    SimpleCIDRAffinityFilter,
}

impl OptionValue for FilterName {
    const EXPECTED: &'static str = "expected names of filters, such as ComputeFilter, separated by commas";
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|filter| filter.as_str() == text)
    }
}

macro_rules! options {
    ($($(#[$doc:meta])* $group:literal $name:ident: $type:ty = $default:expr;)*) => {
        /// The options in force.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Options {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for Options {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Options {
            /// Group and name of every option.
            pub const NAMES: &'static [(&'static str, &'static str)] = &[$(($group, stringify!($name)),)*];

            /// Sets the option `name` of `group` (`DEFAULT` for the ungrouped ones) from text.
            pub fn set(&mut self, group: &str, name: &str, text: &str) -> Result<(), OptionError> {
                $(if group == $group && name == stringify!($name) {
                    self.$name = OptionValue::parse(text).ok_or_else(|| OptionError::Invalid {
                        name: format!("{group}.{name}"),
                        value: text.to_owned(),
                        expected: <$type as OptionValue>::EXPECTED,
                    })?;
                    return Ok(());
                })*
                Err(OptionError::Unknown(format!("{group}.{name}")))
            }
        }
    };
}

impl Options {
    /// Sets an option given as `name` or `group.name`. A name without a group is sought in all of them.
    pub fn set_by_name(&mut self, name: &str, text: &str) -> Result<(), OptionError> {
        if let Some((group, name)) = name.split_once('.') {
            return self.set(group, name, text);
        }
        match Self::NAMES.iter().find(|(_, known)| *known == name) {
            Some((group, _)) => self.set(group, name, text),
            None => Err(OptionError::Unknown(name.to_owned())),
        }
    }
}

options! {
    /// Whether a resize may stay on the host the server is on.
    "DEFAULT" allow_resize_to_same_host: bool = false;
    /// Processors kept for the host itself.
    "DEFAULT" reserved_host_cpus: u64 = 0;
    /// MiB of memory kept for the host itself.
    "DEFAULT" reserved_host_memory_mb: u64 = 512;
    /// MiB of disk kept for the host itself.
    "DEFAULT" reserved_host_disk_mb: u64 = 0;
    /// Allocation ratio of processors, when it is to be enforced.
    "DEFAULT" cpu_allocation_ratio: Option<Ratio> = None;
    /// Allocation ratio of memory, when it is to be enforced.
    "DEFAULT" ram_allocation_ratio: Option<Ratio> = None;
    /// Allocation ratio of disk, when it is to be enforced.
    "DEFAULT" disk_allocation_ratio: Option<Ratio> = None;
    /// Allocation ratio of processors a new node starts with.
    "DEFAULT" initial_cpu_allocation_ratio: f64 = 4.0;
    /// Allocation ratio of memory a new node starts with.
    "DEFAULT" initial_ram_allocation_ratio: f64 = 1.0;
    /// Allocation ratio of disk a new node starts with.
    "DEFAULT" initial_disk_allocation_ratio: f64 = 1.0;
    /// Silence after which a service counts as down.
    "DEFAULT" service_down_time: Duration = Duration::from_secs(60);
    /// How long a soft-deleted server can be restored; none deletes servers at once.
    "DEFAULT" reclaim_instance_interval: Duration = Duration::ZERO;
    /// Seconds until the guest of a shelved server is removed from its host; 0 removes it at once, a negative number
    /// never.
    "DEFAULT" shelved_offload_time: i64 = 0;
    /// Live migrations that leave a host at the same time; 0 sets no limit.
    "DEFAULT" max_concurrent_live_migrations: u64 = 1;
    /// Hosts a live migration tries after the first; a negative number sets no limit.
    "DEFAULT" migrate_max_retries: i64 = -1;
    /// How long a finished resize waits for its confirmation before it confirms itself; none lets it wait for ever.
    "DEFAULT" resize_confirm_window: Duration = Duration::ZERO;
    /// Whether a host that starts lets those guests run that ran before.
    "DEFAULT" resume_guests_state_on_host_boot: bool = false;
    /// How long a call over the bus waits for its answer.
    "DEFAULT" rpc_response_timeout: Duration = Duration::from_secs(60);
    /// Zone of hosts that are in no aggregate with a zone.
    "DEFAULT" default_availability_zone: DefaultZone = DefaultZone::default();
    /// Disks a server may have on a host, its own included; a negative number sets no limit.
    "compute" max_disk_devices_to_attach: i64 = -1;
    /// Tries of a build or cold move: the first and its alternates.
    "scheduler" max_attempts: u64 = 3;
    /// Allocation candidates asked of placement at most.
    "scheduler" max_placement_results: u64 = 1000;
    /// The best hosts among which one is drawn.
    "filter_scheduler" host_subset_size: u64 = 1;
    /// Whether hosts that share the best weight are shuffled.
    "filter_scheduler" shuffle_best_same_weighed_hosts: bool = false;
    /// Which weighers there are.
    "filter_scheduler" weight_classes: WeightClasses = WeightClasses::All;
    /// Multiplier of free memory.
    "filter_scheduler" ram_weight_multiplier: f64 = 1.0;
    /// Multiplier of free processors.
    "filter_scheduler" cpu_weight_multiplier: f64 = 1.0;
    /// Multiplier of free disk.
    "filter_scheduler" disk_weight_multiplier: f64 = 1.0;
    /// Multiplier of running input and output operations; negative prefers idle hosts.
    "filter_scheduler" io_ops_weight_multiplier: f64 = -1.0;
    /// Multiplier of having few free PCI devices.
    "filter_scheduler" pci_weight_multiplier: NonNegative = NonNegative(1.0);
    /// Multiplier of group members on the host, for soft-affinity.
    "filter_scheduler" soft_affinity_weight_multiplier: NonNegative = NonNegative(1.0);
    /// Multiplier of group members not on the host, for soft-anti-affinity.
    "filter_scheduler" soft_anti_affinity_weight_multiplier: NonNegative = NonNegative(1.0);
    /// Multiplier of recent failed builds, which count against a host.
    "filter_scheduler" build_failure_weight_multiplier: f64 = 1_000_000.0;
    /// Multiplier of staying in the cell.
    "filter_scheduler" cross_cell_move_weight_multiplier: f64 = 1_000_000.0;
    /// Multiplier of the hypervisor's version.
    "filter_scheduler" hypervisor_version_weight_multiplier: f64 = 1.0;
    /// Multiplier of the servers on the host; 0 leaves them out.
    "filter_scheduler" num_instances_weight_multiplier: f64 = 0.0;
    /// Multiplier of servers on the host whose image has the same properties; 0 leaves them out.
    "filter_scheduler" image_props_weight_multiplier: f64 = 0.0;
    /// What each image property counts; when none is named, each counts 1.
    "filter_scheduler" image_props_weight_setting: Vec<NamedNumber> = Vec::new();
    /// Filters, in the order they run.
    "filter_scheduler" enabled_filters: Vec<FilterName> = vec![
        FilterName::ComputeFilter,
        FilterName::ComputeCapabilitiesFilter,
        FilterName::ImagePropertiesFilter,
        FilterName::ServerGroupAntiAffinityFilter,
        FilterName::ServerGroupAffinityFilter,
    ];
    /// Input and output operations a host that is to take another server may have.
    "filter_scheduler" max_io_ops_per_host: u64 = 8;
    /// Servers a host may have.
    "filter_scheduler" max_instances_per_host: u64 = 50;
    /// Architecture of images that name none.
    "filter_scheduler" image_properties_default_architecture: Option<String> = None;
    /// Images that may only run on the isolated hosts.
    "filter_scheduler" isolated_images: Vec<String> = Vec::new();
    /// Hosts kept for the isolated images.
    "filter_scheduler" isolated_hosts: Vec<String> = Vec::new();
    /// Whether isolated hosts refuse images that are not isolated.
    "filter_scheduler" restrict_isolated_hosts_to_isolated_images: bool = true;
    /// Prefix of the aggregate metadata that AggregateImagePropertiesIsolation reads; none means all.
    "filter_scheduler" aggregate_image_properties_isolation_namespace: Option<String> = None;
    /// What separates that prefix from the property.
    "filter_scheduler" aggregate_image_properties_isolation_separator: String = ".".to_owned();
    /// Whether aggregates name the tenants that may use them.
    "scheduler" limit_tenants_to_placement_aggregate: bool = false;
    /// Whether a tenant that no aggregate names gets no host.
    "scheduler" placement_aggregate_required_for_tenants: bool = false;
    /// Whether only hosts that support the image's disk format are asked for.
    "scheduler" query_placement_for_image_type_support: bool = false;
    /// Whether aggregates with required traits are kept for requests that require them.
    "scheduler" enable_isolated_aggregate_filtering: bool = false;
    /// Whether image properties become required traits.
    "scheduler" image_metadata_prefilter: bool = false;
    /// Whether hosts are limited to the segments of the networks.
    "scheduler" query_placement_for_routed_network_aggregates: bool = false;
    /// Metrics that weigh, each with its ratio.
    "metrics" weight_setting: Vec<NamedNumber> = Vec::new();
    /// Multiplier of the metrics.
    "metrics" weight_multiplier: f64 = 1.0;
    /// Whether a host without one of the metrics fails the request.
    "metrics" required: bool = true;
    /// What a host without one of the metrics weighs when they are not required.
    "metrics" weight_of_unavailable: f64 = -10_000.0;
    /// Servers a project may have; a negative number sets no limit.
    "quota" instances: i64 = 10;
    /// Processors a project's servers may have; a negative number sets no limit.
    "quota" cores: i64 = 20;
    /// MiB of memory a project's servers may have; a negative number sets no limit.
    "quota" ram: i64 = 51_200;
    /// Server groups a project may have; a negative number sets no limit.
    "quota" server_groups: i64 = 10;
    /// Servers of one user in one server group; a negative number sets no limit.
    "quota" server_group_members: i64 = 10;
    /// Metadata items a server may have; a negative number sets no limit.
    "quota" metadata_items: i64 = 128;
    /// Files that may be put into a server when it is made; a negative number sets no limit.
    "quota" injected_files: i64 = 5;
    /// Bytes such a file may have; a negative number sets no limit.
    "quota" injected_file_content_bytes: i64 = 10_240;
    /// Length such a file's path may have; a negative number sets no limit.
    "quota" injected_file_path_length: i64 = 255;
    /// Key pairs a user may have; a negative number sets no limit.
    "quota" key_pairs: i64 = 100;
    /// Whether processors and memory in use are what placement has handed out to the project, not what its servers' flavors
    /// say.
    "quota" count_usage_from_placement: bool = false;
    /// Who keeps the quotas.
    "quota" driver: QuotaDriver = QuotaDriver::Database;
    /// With quotas kept by the identity service: which resources that have no limit there are refused.
    "quota" unified_limits_resource_strategy: UnsetLimits = UnsetLimits::Require;
    /// The resources that the strategy names: `servers`, or `class:` and a resource class.
    "quota" unified_limits_resource_list: Vec<String> = vec!["servers".to_owned()];
    /// With quotas kept by the identity service: the endpoint they are for; else it is sought by type and name.
    "oslo_limit" endpoint_id: Option<String> = None;
    /// The type of the service whose endpoint is sought.
    "oslo_limit" endpoint_service_type: Option<String> = None;
    /// The name of the service whose endpoint is sought.
    "oslo_limit" endpoint_service_name: Option<String> = None;
    /// Whether every server gets a config drive.
    "DEFAULT" force_config_drive: bool = false;
    /// Whether computes do not check server groups when a server arrives.
    "workarounds" disable_group_policy_check_upcall: bool = false;
    /// Whether a request for dedicated processors is not tried again with shared ones.
    "workarounds" disable_fallback_pcpu_query: bool = false;
    /// Zone of servers for which none was asked; none leaves them free.
    "DEFAULT" default_schedule_zone: Option<String> = None;
    /// Whether a server may have volumes of another zone than its own.
    "cinder" cross_az_attach: bool = true;
}

/// The name of the default availability zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DefaultZone(pub String);

impl Default for DefaultZone {
    fn default() -> Self {
        Self("nova".to_owned())
    }
}

impl OptionValue for DefaultZone {
    const EXPECTED: &'static str = "expected the name of a zone";
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_set_by_group_and_name_and_bad_values_are_named() {
        let mut options = Options::default();
        options.set_by_name("allow_resize_to_same_host", "True").unwrap();
        options.set_by_name("scheduler.max_attempts", "5").unwrap();
        options.set_by_name("cpu_allocation_ratio", "16.0").unwrap();
        assert!(options.allow_resize_to_same_host);
        assert_eq!(options.max_attempts, 5);
        assert_eq!(options.cpu_allocation_ratio.map(Ratio::get), Some(16.0));
        assert_eq!(
            options.set_by_name("max_attempts", "many").unwrap_err().to_string(),
            "option scheduler.max_attempts = \"many\": expected a whole number, 0 or more"
        );
        assert_eq!(options.set_by_name("nonsense", "1"), Err(OptionError::Unknown("nonsense".into())));
        assert!(options.set_by_name("cpu_allocation_ratio", "0").is_err());
    }

    #[test]
    fn lists_are_separated_by_commas_and_each_item_is_checked() {
        let mut options = Options::default();
        options.set_by_name("enabled_filters", "ComputeFilter, SameHostFilter").unwrap();
        assert_eq!(options.enabled_filters, [FilterName::ComputeFilter, FilterName::SameHostFilter]);
        options.set_by_name("metrics.weight_setting", "cpu.frequency=1.5,numa.load=-1").unwrap();
        assert_eq!(options.weight_setting[1], NamedNumber { name: "numa.load".into(), number: -1.0 });
        options.set_by_name("isolated_hosts", "").unwrap();
        assert!(options.isolated_hosts.is_empty());
        assert!(options.set_by_name("enabled_filters", "RetryFilter").is_err());
        assert!(options.set_by_name("pci_weight_multiplier", "-1").is_err());
    }
}
