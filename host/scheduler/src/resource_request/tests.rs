//! The placement query, as text.

use super::{fallback_resource_request, resource_request};
use crate::testing::{request, request_with_image};
use model::{Options, ProviderId, RequestSpec, RequestedGroup, ResourceClass};
use uuid::Uuid;

fn query(request: &RequestSpec) -> String {
    let query = resource_request(request, None, &Options::default()).query();
    query.replace("%3A", ":").replace("%2C", ",").replace("%21", "!")
}

fn with_specs(specs: &[(&str, &str)]) -> RequestSpec {
    let mut asked = request();
    asked.flavor.extra_specs = specs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    asked
}

const PLAIN: &str = "limit=1000&resources=DISK_GB:1,MEMORY_MB:512,VCPU:1";

#[test]
fn a_flavor_on_one_node() {
    let target = ProviderId(Uuid::from_u128(1));
    let mut asked = resource_request(&request(), Some(target), &Options::default());
    asked.root_forbidden.insert("COMPUTE_STATUS_DISABLED".into());
    asked.root_required.insert("OWNER_NOVA".into());
    assert_eq!(
        asked.query(),
        "in_tree=00000000-0000-0000-0000-000000000001&limit=1000\
         &resources=DISK_GB%3A1%2CMEMORY_MB%3A512%2CVCPU%3A1\
         &root_required=OWNER_NOVA%2C%21COMPUTE_STATUS_DISABLED"
    );
}

#[test]
fn disk_counts_ephemeral_and_swap_and_not_the_root_of_a_volume_backed_server() {
    let mut asked = request();
    (asked.flavor.ephemeral_gb, asked.flavor.swap_mb) = (3, 1025);
    assert_eq!(query(&asked), "limit=1000&resources=DISK_GB:6,MEMORY_MB:512,VCPU:1");
    asked.is_bfv = true;
    assert_eq!(query(&asked), "limit=1000&resources=DISK_GB:5,MEMORY_MB:512,VCPU:1");
    (asked.flavor.ephemeral_gb, asked.flavor.swap_mb) = (0, 0);
    assert_eq!(query(&asked), "limit=1000&resources=MEMORY_MB:512,VCPU:1");
}

#[test]
fn extra_specs_override_add_and_are_passed_over_when_malformed() {
    for (specs, expected) in [
        (&[("resources:VCPU", "0")][..], "limit=1000&resources=DISK_GB:1,MEMORY_MB:512"),
        (&[("resources:PCPU", "2")], "limit=1000&resources=DISK_GB:1,MEMORY_MB:512,PCPU:2"),
        (&[("resources:DISK_GB", "7")], "limit=1000&resources=DISK_GB:7,MEMORY_MB:512,VCPU:1"),
        (
            &[("resources:CUSTOM_MAGIC", "4")],
            "limit=1000&resources=CUSTOM_MAGIC:4,DISK_GB:1,MEMORY_MB:512,VCPU:1",
        ),
        (&[("resources:MAGIC", "4"), ("resources:VCPU", "-1"), ("resources:DISK_GB", "much")], PLAIN),
        (
            &[("trait:CUSTOM_B", "required"), ("trait:CUSTOM_A", "forbidden"), ("trait:CUSTOM_C", "perhaps")],
            "limit=1000&required=CUSTOM_B,!CUSTOM_A&resources=DISK_GB:1,MEMORY_MB:512,VCPU:1",
        ),
        (
            &[("resources_NET:SRIOV_NET_VF", "1"), ("trait_NET:CUSTOM_FAST", "required")],
            "limit=1000&required_NET=CUSTOM_FAST&resources=DISK_GB:1,MEMORY_MB:512,VCPU:1\
             &resources_NET=SRIOV_NET_VF:1",
        ),
        (&[("resources.bad:VGPU", "1"), ("resources1:VGPU", "0"), ("group_policy", "perhaps")], PLAIN),
    ] {
        assert_eq!(query(&with_specs(specs)), expected, "{specs:?}");
    }
    let too_long = format!("resources{}:VGPU", "a".repeat(65));
    assert_eq!(query(&with_specs(&[(&too_long, "1")])), PLAIN);
}

#[test]
fn a_group_policy_is_given_by_the_flavor_or_follows_when_it_states_one_group_at_most() {
    let mut asked = with_specs(&[("resources1:VGPU", "1")]);
    let port = |id: &str| RequestedGroup {
        id: id.into(),
        resources: [(ResourceClass::new("CUSTOM_NET"), 1)].into(),
        ..RequestedGroup::default()
    };
    asked.requested_resources = vec![port("p")];
    assert!(query(&asked).starts_with("group_policy=none&limit"));
    asked.flavor.extra_specs.insert("resources2:VGPU".into(), "1".into());
    assert!(!query(&asked).contains("group_policy"), "placement refuses it");
    asked.flavor.extra_specs.insert("group_policy".into(), "isolate".into());
    assert!(query(&asked).starts_with("group_policy=isolate&limit"));
}

#[test]
fn hints_that_filters_decide_lift_the_limit() {
    for hint in ["group", "same_host", "different_host"] {
        let mut asked = request();
        asked.scheduler_hints.insert(hint.into(), vec!["x".into()]);
        assert!(!query(&asked).contains("limit"), "{hint}");
    }
}

#[test]
fn hardware_becomes_resources_and_traits() {
    let amounts = "DISK_GB:1,MEMORY_MB:512";
    for (specs, expected) in [
        (&[("hw:cpu_policy", "dedicated")][..], format!("limit=1000&resources={amounts},PCPU:4")),
        (
            &[("hw:cpu_policy", "dedicated"), ("hw:emulator_threads_policy", "isolate")],
            format!("limit=1000&resources={amounts},PCPU:5"),
        ),
        (
            &[("hw:cpu_policy", "mixed"), ("hw:cpu_dedicated_mask", "^0")],
            format!("limit=1000&resources={amounts},PCPU:3,VCPU:1"),
        ),
        (
            &[("hw:cpu_policy", "dedicated"), ("hw:cpu_thread_policy", "isolate")],
            format!("limit=1000&required=!HW_CPU_HYPERTHREADING&resources={amounts},PCPU:4"),
        ),
        (
            &[("hw:mem_encryption", "True")],
            format!(
                "limit=1000&required=HW_CPU_X86_AMD_SEV&resources={amounts},MEM_ENCRYPTION_CONTEXT:1,VCPU:4"
            ),
        ),
        (
            &[("hw:pmem", "6GB,6GB,BIG")],
            format!(
                "limit=1000&resources=CUSTOM_PMEM_NAMESPACE_6GB:2,CUSTOM_PMEM_NAMESPACE_BIG:1,{amounts},VCPU:4"
            ),
        ),
        (
            &[("hw:tpm_version", "2.0"), ("hw:tpm_model", "tpm-crb")],
            format!(
                "limit=1000&required=COMPUTE_SECURITY_TPM_2_0,COMPUTE_SECURITY_TPM_CRB&resources={amounts},VCPU:4"
            ),
        ),
        (
            &[("os:secure_boot", "required"), ("hw:firmware_stateless", "yes")],
            format!(
                "limit=1000&required=COMPUTE_SECURITY_STATELESS_FIRMWARE,COMPUTE_SECURITY_UEFI_SECURE_BOOT\
                 &resources={amounts},VCPU:4"
            ),
        ),
        (
            &[("hw:maxphysaddr_mode", "emulate"), ("hw:pci_numa_affinity_policy", "socket")],
            format!(
                "limit=1000&required=COMPUTE_ADDRESS_SPACE_EMULATED,COMPUTE_SOCKET_PCI_NUMA_AFFINITY\
                 &resources={amounts},VCPU:4"
            ),
        ),
    ] {
        let mut asked = with_specs(specs);
        asked.flavor.vcpus = 4;
        assert_eq!(query(&asked), expected, "{specs:?}");
    }
}

#[test]
fn images_add_their_traits_and_policies() {
    let image = request_with_image(&[
        ("trait:HW_CPU_X86_AVX2", "required"),
        ("trait:CUSTOM_OTHER", "forbidden"),
        ("hw_cpu_policy", "dedicated"),
    ]);
    assert_eq!(query(&image), "limit=1000&required=HW_CPU_X86_AVX2&resources=DISK_GB:1,MEMORY_MB:512,PCPU:1");
}

#[test]
fn dedicated_processors_are_also_sought_as_shared_ones_unless_that_is_switched_off() {
    let asked = with_specs(&[("hw:cpu_policy", "dedicated"), ("hw:cpu_thread_policy", "require")]);
    let mut options = Options::default();
    let fallback = fallback_resource_request(&asked, None, &options).unwrap();
    assert_eq!(fallback, resource_request(&request(), None, &options));
    options.disable_fallback_pcpu_query = true;
    assert_eq!(fallback_resource_request(&asked, None, &options), None);
    assert_eq!(fallback_resource_request(&request(), None, &Options::default()), None);
}
