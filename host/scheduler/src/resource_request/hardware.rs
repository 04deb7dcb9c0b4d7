//! What flavors and images say of hardware, as resources and traits (`nova/scheduler/utils.py, ResourceRequest`).

use super::{PCPU, ResourceRequest};
use crate::numa::{self, hardware};
use model::{RequestSpec, ResourceClass};

/// Processors to ask of placement.
pub(super) struct Processors {
    /// Shared with other servers.
    pub(super) shared: u64,
    /// For this server alone.
    pub(super) dedicated: u64,
}

impl Processors {
    /// As many shared ones as the flavor has processors.
    pub(super) fn all_shared(request: &RequestSpec) -> Self {
        Self { shared: u64::from(request.flavor.vcpus), dedicated: 0 }
    }

    /// What the processor policy asks for. Emulator threads that are kept apart need one more.
    pub(super) fn by_policy(request: &RequestSpec) -> Self {
        let dedicated = numa::dedicated_processors(request).len() as u64;
        let shared = u64::from(request.flavor.vcpus).saturating_sub(dedicated);
        let emulator_apart = request.flavor.extra_specs.get("hw:emulator_threads_policy");
        let extra = u64::from(dedicated > 0 && emulator_apart.is_some_and(|policy| policy == "isolate"));
        Self { shared, dedicated: dedicated + extra }
    }

    pub(super) fn amounts(&self) -> [(ResourceClass, u64); 2] {
        [(ResourceClass::VCPU, self.shared), (PCPU, self.dedicated)]
    }
}

/// Adds what thread siblings policies ask for.
pub(super) fn add_thread_policy(request: &RequestSpec, asked: &mut ResourceRequest) {
    match hardware(request, "cpu_thread_policy") {
        Some("isolate") => asked.unsuffixed.forbidden.insert("HW_CPU_HYPERTHREADING".to_owned()),
        Some("require") => asked.unsuffixed.required.insert("HW_CPU_HYPERTHREADING".to_owned()),
        _ => false,
    };
}

/// Adds the resources and traits of devices and firmware.
pub(super) fn add_devices(request: &RequestSpec, asked: &mut ResourceRequest) {
    let group = &mut asked.unsuffixed;
    if is_true(hardware(request, "mem_encryption")) {
        group.resources.insert(ResourceClass::from_static("MEM_ENCRYPTION_CONTEXT"), 1);
        let model = hardware(request, "mem_encryption_model");
        let es = model == Some("amd-sev-es");
        let name = if es { "HW_CPU_X86_AMD_SEV_ES" } else { "HW_CPU_X86_AMD_SEV" };
        group.required.insert(name.to_owned());
    }
    let labels = request.flavor.extra_specs.get("hw:pmem").into_iter().flat_map(|labels| labels.split(','));
    for label in labels.map(str::trim).filter(|label| !label.is_empty()) {
        let class = ResourceClass::new(format!("CUSTOM_PMEM_NAMESPACE_{label}"));
        *group.resources.entry(class).or_insert(0) += 1;
    }
    let mut require = |name: &str| {
        group.required.insert(name.to_owned());
    };
    if let Some(version) = hardware(request, "tpm_version") {
        match version {
            "1.2" => require("COMPUTE_SECURITY_TPM_1_2"),
            "2.0" => require("COMPUTE_SECURITY_TPM_2_0"),
            _ => {}
        }
        match hardware(request, "tpm_model").unwrap_or("tpm-tis") {
            "tpm-tis" => require("COMPUTE_SECURITY_TPM_TIS"),
            "tpm-crb" => require("COMPUTE_SECURITY_TPM_CRB"),
            _ => {}
        }
    }
    if secure_boot(request) == Some("required") {
        require("COMPUTE_SECURITY_UEFI_SECURE_BOOT");
    }
    match hardware(request, "maxphysaddr_mode") {
        Some("passthrough") => require("COMPUTE_ADDRESS_SPACE_PASSTHROUGH"),
        Some("emulate") => require("COMPUTE_ADDRESS_SPACE_EMULATED"),
        _ => {}
    }
    if is_true(hardware(request, "firmware_stateless")) {
        require("COMPUTE_SECURITY_STATELESS_FIRMWARE");
    }
    if hardware(request, "pci_numa_affinity_policy") == Some("socket") {
        require("COMPUTE_SOCKET_PCI_NUMA_AFFINITY");
    }
}

fn secure_boot(request: &RequestSpec) -> Option<&str> {
    let property = || request.image_meta.as_ref()?.properties.get("os_secure_boot");
    request.flavor.extra_specs.get("os:secure_boot").or_else(property).map(String::as_str)
}

/// Whether a text says yes, as operators write it.
pub(crate) fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        matches!(text.trim().to_lowercase().as_str(), "1" | "t" | "true" | "on" | "y" | "yes")
    })
}
