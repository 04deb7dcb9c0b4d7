//! Request filters: what narrows the placement query beyond the flavor's amounts, in Nova's order
//! (`nova/scheduler/request_filter.py`).

use crate::aggregate::Aggregate;
use crate::filters::aggregates::TENANT_KEY;
use crate::numa::hardware;
use crate::resource_request::ResourceRequest;
use crate::resource_request::hardware::is_true;
use crate::schedule::is_rebuild_check;
use model::{AggregateId, Options, RequestSpec};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the request filters have to know of the cloud.
pub struct CloudFacts<'a> {
    /// All aggregates.
    pub aggregates: &'a [Arc<Aggregate>],
    /// For each network asked for that has segments, the aggregates of its segments. Read only if
    /// `query_placement_for_routed_network_aggregates` is on.
    pub segments: &'a [SegmentAggregates],
    /// Whether every compute reports the trait OWNER_NOVA (service version 73 and higher).
    pub owner_nova: bool,
    /// Whether placement knows a trait of this name.
    pub is_trait: &'a dyn Fn(&str) -> bool,
}

/// The aggregates in which one of the networks can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentAggregates {
    /// Any of these.
    Found(BTreeSet<AggregateId>),
    /// The subnet of this id has a segment for which there is no aggregate.
    MissingForSubnet(String),
    /// The network of this id has segments for which there is none.
    MissingForNetwork(String),
}

/// A request that no host can be sought for (Nova: RequestFilterFailed, which becomes NoValidHost with this reason).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFilterFailed {
    /// No aggregate is for this project, and one is required.
    #[error("No hosts available for tenant")]
    NoAggregateForTenant,
    /// A subnet's segment has no aggregate.
    #[error("Aggregates not found for the subnet {0}")]
    NoAggregateForSubnet(String),
    /// A network's segments have no aggregate.
    #[error("Aggregates not found for the network {0}")]
    NoAggregateForNetwork(String),
    /// The flavor names a way to keep TPM secrets that there is not.
    #[error("TPM secret security '{0}' is not supported.")]
    TpmSecretSecurity(String),
}

/// Narrows the query by all request filters that are on. A rebuild check asks placement nothing and is left alone.
pub fn apply_request_filters(
    asked: &mut ResourceRequest,
    request: &RequestSpec,
    facts: &CloudFacts<'_>,
    options: &Options,
) -> Result<(), RequestFilterFailed> {
    if is_rebuild_check(request) {
        return Ok(());
    }
    require_tenant_aggregate(asked, request, facts, options)?;
    map_az_to_placement_aggregate(asked, request, facts);
    require_image_type_support(asked, request, facts, options);
    asked.root_forbidden.insert("COMPUTE_STATUS_DISABLED".to_owned());
    isolate_aggregates(asked, facts, options);
    transform_image_metadata(asked, request, facts, options);
    require_features(asked, request);
    routed_networks(asked, facts, options)?;
    tpm_secret_security(asked, request)?;
    if facts.owner_nova {
        owner_nova(asked, request);
    }
    Ok(())
}

/// Limits a project to the aggregates that name it.
fn require_tenant_aggregate(
    asked: &mut ResourceRequest,
    request: &RequestSpec,
    facts: &CloudFacts<'_>,
    options: &Options,
) -> Result<(), RequestFilterFailed> {
    if !options.limit_tenants_to_placement_aggregate {
        return Ok(());
    }
    let names = |aggregate: &Aggregate| {
        let mut pairs = aggregate.metadata.iter();
        pairs.any(|(key, value)| key.starts_with(TENANT_KEY) && request.project_id == value.as_str())
    };
    let own = ids(facts, names);
    if !own.is_empty() {
        asked.unsuffixed.member_of.push(own);
    } else if options.placement_aggregate_required_for_tenants {
        return Err(RequestFilterFailed::NoAggregateForTenant);
    }
    Ok(())
}

/// Limits a request with a zone to the zone's aggregates. The default zone has none, and limits nothing.
fn map_az_to_placement_aggregate(asked: &mut ResourceRequest, request: &RequestSpec, facts: &CloudFacts<'_>) {
    let Some(zone) = request.availability_zone.as_ref().filter(|zone| !zone.is_empty()) else { return };
    let in_zone = ids(facts, |aggregate| aggregate.metadata.get("availability_zone") == Some(zone));
    if !in_zone.is_empty() {
        asked.unsuffixed.member_of.push(in_zone);
    }
}

fn ids(facts: &CloudFacts<'_>, test: impl Fn(&Aggregate) -> bool) -> BTreeSet<AggregateId> {
    facts.aggregates.iter().filter(|aggregate| test(aggregate)).map(|aggregate| aggregate.id).collect()
}

/// Wants hosts that can read the image's format.
fn require_image_type_support(
    asked: &mut ResourceRequest,
    request: &RequestSpec,
    facts: &CloudFacts<'_>,
    options: &Options,
) {
    if !options.query_placement_for_image_type_support || request.is_bfv {
        return;
    }
    let Some(image) = &request.image_meta else { return };
    let name = format!("COMPUTE_IMAGE_TYPE_{}", image.disk_format.to_uppercase());
    if (facts.is_trait)(&name) {
        asked.root_required.insert(name);
    }
}

/// Leaves out the aggregates that are kept for those who require certain traits, unless all of them are required.
fn isolate_aggregates(asked: &mut ResourceRequest, facts: &CloudFacts<'_>, options: &Options) {
    if !options.enable_isolated_aggregate_filtering {
        return;
    }
    let groups = std::iter::once(&asked.unsuffixed).chain(asked.granular.values());
    let required: BTreeSet<&str> = groups.flat_map(|group| &group.required).map(String::as_str).collect();
    let isolated = ids(facts, |aggregate| {
        let mut kept_for = aggregate.metadata.iter().filter(|(_, value)| *value == "required");
        kept_for.any(|(key, _)| key.strip_prefix("trait:").is_some_and(|name| !required.contains(name)))
    });
    asked.unsuffixed.forbidden_aggregates.extend(isolated);
}

/// Image properties and the beginnings of the traits they stand for.
const TRAITS_OF_PROPERTIES: [(&str, &str); 7] = [
    ("hw_cdrom_bus", "COMPUTE_STORAGE_BUS"),
    ("hw_disk_bus", "COMPUTE_STORAGE_BUS"),
    ("hw_video_model", "COMPUTE_GRAPHICS_MODEL"),
    ("hw_vif_model", "COMPUTE_NET_VIF_MODEL"),
    ("hw_architecture", "HW_ARCH"),
    ("hw_emulation_architecture", "COMPUTE_ARCH"),
    ("hw_viommu_model", "COMPUTE_VIOMMU"),
];

/// Wants hosts that have what the image's properties name. One that stands for no trait leaves all of them out.
fn transform_image_metadata(
    asked: &mut ResourceRequest,
    request: &RequestSpec,
    facts: &CloudFacts<'_>,
    options: &Options,
) {
    let Some(image) = request.image_meta.as_ref().filter(|_| options.image_metadata_prefilter) else {
        return;
    };
    let names: Vec<String> = TRAITS_OF_PROPERTIES
        .iter()
        .filter_map(|(property, prefix)| {
            let value = image.properties.get(*property)?;
            Some(format!("{prefix}_{}", value.replace('-', "_").to_uppercase()))
        })
        .collect();
    if names.iter().all(|name| (facts.is_trait)(name)) {
        asked.root_required.extend(names);
    }
}

/// Wants hosts with the features that the request makes use of.
fn require_features(asked: &mut ResourceRequest, request: &RequestSpec) {
    let mut require = |name: &str| {
        asked.root_required.insert(name.to_owned());
    };
    if request.flavor.extra_specs.get("accel:device_profile").is_some_and(|profile| !profile.is_empty()) {
        require("COMPUTE_ACCELERATORS");
    }
    if is_true(hardware(request, "virtio_packed_ring")) {
        require("COMPUTE_NET_VIRTIO_PACKED");
    }
    if request.remote_managed_ports {
        require("COMPUTE_REMOTE_MANAGED_PORTS");
    }
    if is_true(hardware(request, "ephemeral_encryption")) {
        require("COMPUTE_EPHEMERAL_ENCRYPTION");
        match hardware(request, "ephemeral_encryption_format") {
            Some("luks") => require("COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"),
            Some("plain") => require("COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN"),
            _ => {}
        }
    }
    if hardware(request, "sound_model") == Some("virtio") {
        require("COMPUTE_SOUND_MODEL_VIRTIO");
    }
}

/// Limits a request to the places where all its networks can be reached.
fn routed_networks(
    asked: &mut ResourceRequest,
    facts: &CloudFacts<'_>,
    options: &Options,
) -> Result<(), RequestFilterFailed> {
    if !options.query_placement_for_routed_network_aggregates {
        return Ok(());
    }
    for segments in facts.segments {
        match segments {
            SegmentAggregates::Found(aggregates) if aggregates.is_empty() => {}
            SegmentAggregates::Found(aggregates) => asked.unsuffixed.member_of.push(aggregates.clone()),
            SegmentAggregates::MissingForSubnet(id) => {
                return Err(RequestFilterFailed::NoAggregateForSubnet(id.clone()));
            }
            SegmentAggregates::MissingForNetwork(id) => {
                return Err(RequestFilterFailed::NoAggregateForNetwork(id.clone()));
            }
        }
    }
    Ok(())
}

/// Wants hosts that keep the secrets of a virtual TPM as the flavor says.
fn tpm_secret_security(
    asked: &mut ResourceRequest,
    request: &RequestSpec,
) -> Result<(), RequestFilterFailed> {
    if hardware(request, "tpm_version").is_none() {
        return Ok(());
    }
    let security = request.flavor.extra_specs.get("hw:tpm_secret_security").map_or("user", String::as_str);
    let name = match security {
        "user" => "COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER",
        "host" => "COMPUTE_SECURITY_TPM_SECRET_SECURITY_HOST",
        "deployment" => "COMPUTE_SECURITY_TPM_SECRET_SECURITY_DEPLOYMENT",
        other => return Err(RequestFilterFailed::TpmSecretSecurity(other.to_owned())),
    };
    asked.root_required.insert(name.to_owned());
    Ok(())
}

/// Wants providers that are Nova's own, also for the groups of PCI requests (`<request id>-<number>`).
fn owner_nova(asked: &mut ResourceRequest, request: &RequestSpec) {
    asked.root_required.insert("OWNER_NOVA".to_owned());
    for (suffix, group) in &mut asked.granular {
        let of_request = suffix.rsplit_once('-').map(|(id, _)| id);
        if of_request.is_some_and(|id| request.pci_requests.iter().any(|request| request.id == id)) {
            group.required.insert("OWNER_NOVA".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CloudFacts, RequestFilterFailed, SegmentAggregates, apply_request_filters};
    use crate::aggregate::Aggregate;
    use crate::resource_request::{ResourceRequest, resource_request};
    use crate::testing::{request, request_with_image};
    use model::{AggregateId, Options, PciRequest, RequestSpec, RequestedGroup, ResourceClass};
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use uuid::Uuid;

    fn id(number: u128) -> AggregateId {
        AggregateId(Uuid::from_u128(number))
    }

    fn aggregate(number: u128, metadata: &[(&str, &str)]) -> Arc<Aggregate> {
        Arc::new(Aggregate {
            id: id(number),
            name: format!("aggregate{number}"),
            hosts: BTreeSet::new(),
            metadata: metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        })
    }

    struct Cloud {
        aggregates: Vec<Arc<Aggregate>>,
        segments: Vec<SegmentAggregates>,
        owner_nova: bool,
        options: Options,
    }

    impl Cloud {
        fn with(set: &[&str]) -> Self {
            let mut options = Options::default();
            for name in set {
                options.set_by_name(name, "true").unwrap();
            }
            Self { aggregates: Vec::new(), segments: Vec::new(), owner_nova: false, options }
        }

        fn ask(&self, request: &RequestSpec) -> Result<ResourceRequest, RequestFilterFailed> {
            let mut asked = resource_request(request, None, &self.options);
            let facts = CloudFacts {
                aggregates: &self.aggregates,
                segments: &self.segments,
                owner_nova: self.owner_nova,
                is_trait: &|name| !name.contains("UNKNOWN"),
            };
            apply_request_filters(&mut asked, request, &facts, &self.options).map(|()| asked)
        }
    }

    fn names(set: &BTreeSet<String>) -> Vec<&str> {
        set.iter().map(String::as_str).collect()
    }

    #[test]
    fn disabled_hosts_are_never_asked_for_except_in_a_rebuild_check() {
        let asked = Cloud::with(&[]).ask(&request()).unwrap();
        assert_eq!(names(&asked.root_forbidden), ["COMPUTE_STATUS_DISABLED"]);
        assert_eq!(names(&asked.root_required), [""; 0]);
        let mut rebuild = request();
        rebuild.scheduler_hints.insert("_nova_check_type".into(), vec!["rebuild".into()]);
        assert!(Cloud::with(&[]).ask(&rebuild).unwrap().root_forbidden.is_empty());
    }

    #[test]
    fn projects_are_limited_to_the_aggregates_that_name_them() {
        let mut cloud = Cloud::with(&["limit_tenants_to_placement_aggregate"]);
        cloud.aggregates = vec![
            aggregate(1, &[("filter_tenant_id", "other")]),
            aggregate(2, &[("filter_tenant_id3", "project")]),
            aggregate(3, &[("owner", "project")]),
        ];
        assert_eq!(cloud.ask(&request()).unwrap().unsuffixed.member_of, [BTreeSet::from([id(2)])]);
        cloud.aggregates.clear();
        assert!(cloud.ask(&request()).unwrap().unsuffixed.member_of.is_empty());
        cloud.options.placement_aggregate_required_for_tenants = true;
        assert_eq!(cloud.ask(&request()).unwrap_err().to_string(), "No hosts available for tenant");
    }

    #[test]
    fn a_zone_becomes_its_aggregates_if_it_has_any() {
        let mut cloud = Cloud::with(&[]);
        cloud.aggregates = vec![
            aggregate(1, &[("availability_zone", "az1")]),
            aggregate(2, &[("availability_zone", "az2")]),
        ];
        for (zone, expected) in [(Some("az2"), vec![[id(2)].into()]), (Some("nova"), vec![]), (None, vec![])]
        {
            let asked = RequestSpec { availability_zone: zone.map(Into::into), ..request() };
            assert_eq!(cloud.ask(&asked).unwrap().unsuffixed.member_of, expected, "{zone:?}");
        }
    }

    #[test]
    fn image_formats_are_required_unless_the_server_boots_from_a_volume() {
        let cloud = Cloud::with(&["query_placement_for_image_type_support"]);
        let mut asked = request_with_image(&[]);
        assert_eq!(names(&cloud.ask(&asked).unwrap().root_required), ["COMPUTE_IMAGE_TYPE_RAW"]);
        asked.is_bfv = true;
        assert!(cloud.ask(&asked).unwrap().root_required.is_empty());
    }

    #[test]
    fn aggregates_kept_for_traits_are_forbidden_to_those_who_lack_one() {
        let mut cloud = Cloud::with(&["enable_isolated_aggregate_filtering"]);
        cloud.aggregates = vec![
            aggregate(1, &[("trait:CUSTOM_A", "required")]),
            aggregate(2, &[("trait:CUSTOM_A", "required"), ("trait:CUSTOM_B", "required")]),
            aggregate(3, &[("trait:CUSTOM_B", "preferred")]),
        ];
        let mut asked = request();
        assert_eq!(cloud.ask(&asked).unwrap().unsuffixed.forbidden_aggregates, [id(1), id(2)].into());
        asked.flavor.extra_specs.insert("trait:CUSTOM_A".into(), "required".into());
        assert_eq!(cloud.ask(&asked).unwrap().unsuffixed.forbidden_aggregates, [id(2)].into());
    }

    #[test]
    fn image_properties_become_traits_all_or_none() {
        let cloud = Cloud::with(&["image_metadata_prefilter"]);
        let asked = request_with_image(&[("hw_disk_bus", "virtio"), ("hw_vif_model", "vmxnet-3")]);
        assert_eq!(
            names(&cloud.ask(&asked).unwrap().root_required),
            ["COMPUTE_NET_VIF_MODEL_VMXNET_3", "COMPUTE_STORAGE_BUS_VIRTIO"]
        );
        let odd = request_with_image(&[("hw_disk_bus", "virtio"), ("hw_vif_model", "unknown")]);
        assert!(cloud.ask(&odd).unwrap().root_required.is_empty());
    }

    #[test]
    fn features_in_use_are_required() {
        for (key, value, expected) in [
            ("accel:device_profile", "gpu", "COMPUTE_ACCELERATORS"),
            ("hw:virtio_packed_ring", "true", "COMPUTE_NET_VIRTIO_PACKED"),
            ("hw:ephemeral_encryption", "true", "COMPUTE_EPHEMERAL_ENCRYPTION"),
            ("hw:sound_model", "virtio", "COMPUTE_SOUND_MODEL_VIRTIO"),
            ("hw:tpm_version", "2.0", "COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER"),
        ] {
            let mut asked = request();
            asked.flavor.extra_specs.insert(key.into(), value.into());
            assert_eq!(names(&Cloud::with(&[]).ask(&asked).unwrap().root_required), [expected], "{key}");
        }
        let remote = RequestSpec { remote_managed_ports: true, ..request() };
        let asked = Cloud::with(&[]).ask(&remote).unwrap();
        assert_eq!(names(&asked.root_required), ["COMPUTE_REMOTE_MANAGED_PORTS"]);
        let mut encrypted = request_with_image(&[("hw_ephemeral_encryption_format", "luks")]);
        encrypted.flavor.extra_specs.insert("hw:ephemeral_encryption".into(), "yes".into());
        assert_eq!(
            names(&Cloud::with(&[]).ask(&encrypted).unwrap().root_required),
            ["COMPUTE_EPHEMERAL_ENCRYPTION", "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS"]
        );
    }

    #[test]
    fn tpm_secrets_that_cannot_be_kept_so_fail_the_request() {
        let mut asked = request();
        asked.flavor.extra_specs.insert("hw:tpm_version".into(), "2.0".into());
        asked.flavor.extra_specs.insert("hw:tpm_secret_security".into(), "nobody".into());
        let failed = Cloud::with(&[]).ask(&asked).unwrap_err();
        assert_eq!(failed.to_string(), "TPM secret security 'nobody' is not supported.");
    }

    #[test]
    fn every_routed_network_must_be_within_reach() {
        let mut cloud = Cloud::with(&["query_placement_for_routed_network_aggregates"]);
        let found = |number| SegmentAggregates::Found([id(number)].into());
        cloud.segments = vec![found(1), SegmentAggregates::Found(BTreeSet::new()), found(2)];
        assert_eq!(cloud.ask(&request()).unwrap().unsuffixed.member_of, [[id(1)].into(), [id(2)].into()]);
        for (missing, message) in [
            (SegmentAggregates::MissingForSubnet("s".into()), "Aggregates not found for the subnet s"),
            (SegmentAggregates::MissingForNetwork("n".into()), "Aggregates not found for the network n"),
        ] {
            cloud.segments = vec![missing];
            assert_eq!(cloud.ask(&request()).unwrap_err().to_string(), message);
        }
        cloud.options.query_placement_for_routed_network_aggregates = false;
        assert!(cloud.ask(&request()).is_ok());
    }

    #[test]
    fn novas_own_providers_are_required_for_roots_and_pci_groups() {
        let mut cloud = Cloud::with(&[]);
        cloud.owner_nova = true;
        let group = |id: &str| RequestedGroup {
            id: id.into(),
            resources: [(ResourceClass::new("CUSTOM_PCI"), 1)].into(),
            ..RequestedGroup::default()
        };
        let asked = RequestSpec {
            pci_requests: vec![PciRequest { id: "gpu".into(), count: 1, spec: Vec::new() }],
            requested_resources: vec![group("gpu-0"), group("port")],
            ..request()
        };
        let narrowed = cloud.ask(&asked).unwrap();
        assert_eq!(names(&narrowed.root_required), ["OWNER_NOVA"]);
        assert_eq!(names(&narrowed.granular["gpu-0"].required), ["OWNER_NOVA"]);
        assert!(narrowed.granular["port"].required.is_empty());
    }
}
