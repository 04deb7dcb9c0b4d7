//! What Nova's fake driver always answers (`nova/virt/fake.py`).

use novarig_driver_sdk::types::{
    Console, CpuDiagnostics, DiagnosticValue, DiskDiagnostics, HostCpuStats, InstanceDiagnostics,
    MemoryDiagnostics, NicDiagnostics, PowerState,
};

pub(crate) const CONSOLE_OUTPUT: &[u8] = b"FAKE CONSOLE OUTPUT\nANOTHER\nLAST LINE";

/// A console at one of the fake addresses; what a proxy asks for there is the same for every guest.
pub(crate) fn console(host: &str, path: &str, tls_port: Option<u16>) -> Console {
    Console {
        host: host.to_owned(),
        port: 6969,
        internal_access_path: (!path.is_empty()).then(|| path.to_owned()),
        tls_port,
    }
}

pub(crate) fn diagnostics() -> Vec<(String, DiagnosticValue)> {
    let numbers = [
        ("cpu0_time", 17_300_000_000),
        ("memory", 524_288),
        ("vda_errors", -1),
        ("vda_read", 262_144),
        ("vda_read_req", 112),
        ("vda_write", 5_778_432),
        ("vda_write_req", 488),
        ("vnet1_rx", 2_070_139),
        ("vnet1_rx_drop", 0),
        ("vnet1_rx_errors", 0),
        ("vnet1_rx_packets", 26_701),
        ("vnet1_tx", 140_208),
        ("vnet1_tx_drop", 0),
        ("vnet1_tx_errors", 0),
        ("vnet1_tx_packets", 662),
    ];
    numbers.map(|(name, number)| (name.to_owned(), DiagnosticValue::Integer(number))).into()
}

pub(crate) fn instance_diagnostics() -> InstanceDiagnostics {
    InstanceDiagnostics {
        state: PowerState::Running,
        driver: "libvirt".to_owned(),
        hypervisor: Some("kvm".to_owned()),
        hypervisor_os: Some("ubuntu".to_owned()),
        uptime: Some(46_664),
        config_drive: true,
        memory_details: MemoryDiagnostics { maximum: Some(524_288), used: Some(0) },
        cpu_details: vec![CpuDiagnostics { id: Some(0), time: Some(17_300_000_000), utilisation: Some(15) }],
        nic_details: vec![NicDiagnostics {
            mac_address: Some("01:23:45:67:89:ab".to_owned()),
            rx_octets: Some(2_070_139),
            rx_errors: Some(100),
            rx_drop: Some(200),
            rx_packets: Some(26_701),
            rx_rate: Some(300),
            tx_octets: Some(140_208),
            tx_errors: Some(400),
            tx_drop: Some(500),
            tx_packets: Some(662),
            tx_rate: Some(600),
        }],
        disk_details: vec![DiskDiagnostics {
            read_bytes: Some(262_144),
            read_requests: Some(112),
            write_bytes: Some(5_778_432),
            write_requests: Some(488),
            errors_count: Some(1),
        }],
    }
}

pub(crate) const HOST_CPU_STATS: HostCpuStats = HostCpuStats {
    kernel: 5_664_160_000_000,
    idle: 1_592_705_190_000_000,
    user: 26_728_850_000_000,
    iowait: 6_121_490_000_000,
    frequency: 800,
};
