//! What follows from the contract. Written by `drivers/bindings`; not to be changed by hand.

use super::{enumeration, method, record, variant};
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "the contract's types, nearly all of them"))]
use crate::types::*;

record! { AcceleratorRequest {
    uuid: String,
    device_profile_name: String,
    hostname: Option<String>,
    device_rp_uuid: Option<String>,
    state: String,
    attach_handle_type: Option<String>,
    attach_handle_info: Vec<(String, String)>,
} }
record! { AttachVolumeRequest {
    connection_info: String,
    instance: Instance,
    mountpoint: String,
    disk_bus: Option<String>,
    device_type: Option<String>,
    encryption: Option<VolumeEncryption>,
} }
record! { BlockDevice {
    uuid: String,
    source_type: BlockDeviceSource,
    destination_type: BlockDeviceDestination,
    device_name: Option<String>,
    boot_index: Option<i32>,
    size: Option<u64>,
    volume_id: Option<String>,
    attachment_id: Option<String>,
    connection_info: Option<String>,
    disk_bus: Option<String>,
    device_type: Option<String>,
    guest_format: Option<String>,
    tag: Option<String>,
    delete_on_termination: bool,
    image_id: Option<String>,
    snapshot_id: Option<String>,
    volume_type: Option<String>,
    encryption: Option<LocalEncryption>,
} }
enumeration! { BlockDeviceDestination {
    0 Local,
    1 Volume,
} }
record! { BlockDeviceInfo {
    root_device_name: Option<String>,
    devices: Vec<BlockDevice>,
} }
enumeration! { BlockDeviceSource {
    0 Blank,
    1 Image,
    2 Snapshot,
    3 Volume,
} }
enumeration! { Capability {
    0 HasImagecache,
    1 SupportsEvacuate,
    2 SupportsMigrateToSameHost,
    3 SupportsAttachInterface,
    4 SupportsDeviceTagging,
    5 SupportsTaggedAttachInterface,
    6 SupportsTaggedAttachVolume,
    7 SupportsExtendVolume,
    8 SupportsMultiattach,
    9 SupportsTrustedCerts,
    10 SupportsPcpus,
    11 SupportsAccelerators,
    12 SupportsBfvRescue,
    13 SupportsVtpm,
    14 SupportsSecureBoot,
    15 SupportsSocketPciNumaAffinity,
    16 SupportsRemoteManagedPorts,
    17 SupportsAddressSpacePassthrough,
    18 SupportsAddressSpaceEmulated,
    19 SupportsStatelessFirmware,
    20 SupportsVirtioFs,
    21 SupportsMemBackingFile,
    22 SupportsEphemeralEncryption,
    23 SupportsEphemeralEncryptionLuks,
    24 SupportsEphemeralEncryptionPlain,
    25 SupportsImageTypeAki,
    26 SupportsImageTypeAmi,
    27 SupportsImageTypeAri,
    28 SupportsImageTypeIso,
    29 SupportsImageTypeQcow2,
    30 SupportsImageTypeRaw,
    31 SupportsImageTypeVdi,
    32 SupportsImageTypeVhd,
    33 SupportsImageTypeVhdx,
    34 SupportsImageTypeVmdk,
    35 SupportsImageTypePloop,
} }
record! { CheckDestinationRequest {
    instance: Instance,
    src_compute_info: ComputeInfo,
    dst_compute_info: ComputeInfo,
    block_migration: Option<bool>,
    disk_over_commit: Option<bool>,
} }
record! { CheckSourceDataRequest {
    instance: Instance,
    migrate_data: LiveMigrateData,
    migration: Migration,
    limits: Option<SchedulerLimits>,
    allocs: Vec<ProviderAllocation>,
} }
record! { CheckSourceRequest {
    instance: Instance,
    dest_check_data: LiveMigrateData,
    block_device_info: BlockDeviceInfo,
} }
record! { CleanupRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    destroy_disks: bool,
    destroy_vifs: bool,
    destroy_secrets: bool,
    migrate_data: Option<LiveMigrateData>,
} }
record! { ComputeInfo {
    host: String,
    host_ip: Option<String>,
    node: NodeResources,
} }
record! { Console {
    host: String,
    port: u16,
    internal_access_path: Option<String>,
    tls_port: Option<u16>,
} }
record! { ConsumerAllocations {
    consumer: String,
    project_id: String,
    user_id: String,
    generation: Option<u64>,
    allocations: Vec<ProviderAllocation>,
} }
record! { CpuDiagnostics {
    id: Option<u32>,
    time: Option<u64>,
    utilisation: Option<u32>,
} }
record! { CpuInfo {
    arch: String,
    model: String,
    vendor: String,
    features: Vec<String>,
    topology: CpuTopology,
} }
record! { CpuTopology {
    sockets: u32,
    cores: u32,
    threads: u32,
} }
record! { DestroyRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    destroy_disks: bool,
    destroy_secrets: bool,
} }
record! { DetachVolumeRequest {
    connection_info: String,
    instance: Instance,
    mountpoint: String,
    encryption: Option<VolumeEncryption>,
} }
record! { DeviceNameRequest {
    instance: Instance,
    bdms: Vec<BlockDevice>,
    device: BlockDevice,
} }
record! { DeviceNamesRequest {
    instance: Instance,
    root_device_name: String,
    devices: Vec<BlockDevice>,
} }
record! { DeviceReason {
    device: String,
    reason: String,
} }
variant! { DiagnosticValue {
    0 Null,
} with {
    1 Boolean(bool),
    2 Integer(i64),
    3 Float(f64),
    4 Text(String),
} as {
    (),
    bool,
    i64,
    f64,
    String,
} }
record! { DiskCounters {
    rd_req: u64,
    rd_bytes: u64,
    wr_req: u64,
    wr_bytes: u64,
    flush_operations: Option<u64>,
} }
record! { DiskDiagnostics {
    read_bytes: Option<u64>,
    read_requests: Option<u64>,
    write_bytes: Option<u64>,
    write_requests: Option<u64>,
    errors_count: Option<u64>,
} }
record! { DriverState {
    guests: Vec<SavedGuest>,
    entries: Vec<SavedEntry>,
} }
record! { EncryptedVolume {
    volume_type: String,
    volume: String,
} }
record! { ExtendVolumeRequest {
    connection_info: String,
    instance: Instance,
    requested_size: u64,
} }
record! { FinishMigrationRequest {
    migration: Migration,
    instance: Instance,
    disk_info: Option<String>,
    network_info: Vec<Vif>,
    image_meta: ImageMeta,
    resize_instance: bool,
    allocations: Vec<ProviderAllocation>,
    block_device_info: BlockDeviceInfo,
    power_on: bool,
} }
record! { FinishRevertMigrationRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    migration: Migration,
    block_device_info: BlockDeviceInfo,
    power_on: bool,
} }
record! { FlatError {
    class_name: String,
    message: String,
    code: u16,
} }
record! { Flavor {
    flavorid: String,
    name: String,
    vcpus: u32,
    memory_mb: u64,
    root_gb: u64,
    ephemeral_gb: u64,
    swap: u64,
    extra_specs: Vec<(String, String)>,
} }
record! { GuestNumaCell {
    id: i32,
    cpuset: Vec<u32>,
    pcpuset: Vec<u32>,
    memory_mb: u64,
    pagesize_kb: Option<u64>,
    cpu_pinning: Vec<(u32, u32)>,
    cpu_policy: Option<String>,
    cpu_thread_policy: Option<String>,
} }
record! { GuestNumaTopology {
    cells: Vec<GuestNumaCell>,
    emulator_threads_policy: Option<String>,
} }
record! { HostCpuStats {
    kernel: u64,
    idle: u64,
    user: u64,
    iowait: u64,
    frequency: u64,
} }
enumeration! { HostPower {
    0 Startup,
    1 Shutdown,
    2 Reboot,
} }
record! { ImageMeta {
    id: Option<String>,
    name: Option<String>,
    status: Option<String>,
    container_format: Option<String>,
    disk_format: Option<String>,
    min_disk: u64,
    min_ram: u64,
    size: Option<u64>,
    properties: Vec<(String, String)>,
} }
record! { ImageReason {
    image: String,
    reason: String,
} }
record! { InjectedFile {
    path: String,
    contents: Vec<u8>,
} }
record! { Instance {
    uuid: String,
    name: String,
    display_name: String,
    hostname: String,
    project_id: String,
    user_id: String,
    host: Option<String>,
    node: Option<String>,
    vm_state: VmState,
    task_state: Option<String>,
    power_state: PowerState,
    flavor: Flavor,
    image_ref: Option<String>,
    root_device_name: Option<String>,
    metadata: Vec<(String, String)>,
    system_metadata: Vec<(String, String)>,
    availability_zone: Option<String>,
    config_drive: bool,
    user_data: Option<String>,
    key_name: Option<String>,
    key_data: Option<String>,
    numa_topology: Option<GuestNumaTopology>,
    pci_devices: Vec<PciDevice>,
} }
record! { InstanceDiagnostics {
    state: PowerState,
    driver: String,
    hypervisor: Option<String>,
    hypervisor_os: Option<String>,
    uptime: Option<u64>,
    config_drive: bool,
    memory_details: MemoryDiagnostics,
    cpu_details: Vec<CpuDiagnostics>,
    nic_details: Vec<NicDiagnostics>,
    disk_details: Vec<DiskDiagnostics>,
} }
record! { InstanceDisk {
    disk_type: String,
    path: String,
    virt_disk_size: u64,
    backing_file: Option<String>,
    disk_size: u64,
    over_committed_disk_size: u64,
} }
record! { InstanceHost {
    instance: String,
    host: String,
} }
record! { InstanceInfo {
    state: PowerState,
    internal_id: Option<String>,
} }
record! { InstanceReason {
    instance: String,
    reason: String,
} }
record! { InstanceVolumes {
    instance: Instance,
    bdms: Vec<BlockDevice>,
} }
record! { Inventory {
    resource_class: String,
    total: u64,
    reserved: u64,
    min_unit: u64,
    max_unit: u64,
    step_size: u64,
    allocation_ratio: f64,
} }
record! { LiveMigrateData {
    is_shared_instance_path: bool,
    is_shared_block_storage: bool,
    is_volume_backed: Option<bool>,
    block_migration: Option<bool>,
    disk_over_commit: Option<bool>,
    disk_available_mb: Option<i64>,
    migration: Option<Migration>,
    old_vol_attachment_ids: Vec<(String, String)>,
    wait_for_vif_plugged: Option<bool>,
    vifs: Option<Vec<MigrateVif>>,
    pci_dev_map_src_dst: Option<Vec<(String, String)>>,
    src_supports_numa_live_migration: Option<bool>,
    dst_supports_numa_live_migration: Option<bool>,
    dst_numa_info: Option<LiveMigrateNumaInfo>,
    dst_supports_mdev_live_migration: Option<bool>,
    source_mdev_types: Vec<(String, String)>,
    target_mdevs: Option<Vec<(String, String)>>,
    vtpm_secret: Option<VtpmSecret>,
    properties: Vec<(String, String)>,
} }
record! { LiveMigrateNumaInfo {
    cpu_pins: Vec<(u32, Vec<u32>)>,
    cell_pins: Vec<(u32, Vec<u32>)>,
    emulator_pins: Vec<u32>,
    sched_vcpus: Vec<u32>,
    sched_priority: Option<i32>,
} }
record! { LiveMigrationClaim {
    numa_topology: Option<GuestNumaTopology>,
    pci_devices: Vec<PciDevice>,
} }
variant! { LiveMigrationOutcome {
    0 Completed,
} with {
    1 RolledBack(RollbackStatus),
} as {
    (),
    RollbackStatus,
} }
record! { LiveMigrationRequest {
    instance: Instance,
    dest: String,
    block_migration: bool,
    migrate_data: LiveMigrateData,
} }
record! { LocalEncryption {
    format: LocalEncryptionFormat,
    secret_uuid: Option<String>,
    options: Vec<(String, String)>,
} }
enumeration! { LocalEncryptionFormat {
    0 Luks,
    1 Plain,
} }
record! { MemoryDiagnostics {
    maximum: Option<u64>,
    used: Option<u64>,
} }
record! { MigrateDiskAndPowerOffRequest {
    instance: Instance,
    dest: String,
    flavor: Flavor,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    timeout: u32,
    retry_interval: u32,
} }
record! { MigrateVif {
    port_id: String,
    source_vif: Vif,
    host: Option<String>,
    vif_type: Option<String>,
    vnic_type: Option<String>,
    details: Vec<(String, String)>,
    profile: Vec<(String, String)>,
} }
record! { Migration {
    uuid: String,
    migration_type: MigrationType,
    status: String,
    source_compute: String,
    source_node: String,
    dest_compute: String,
    dest_node: String,
    dest_host: String,
    old_flavor: Flavor,
    new_flavor: Flavor,
} }
enumeration! { MigrationType {
    0 Migration,
    1 Resize,
    2 LiveMigration,
    3 Evacuation,
} }
record! { Network {
    id: String,
    label: String,
    bridge: Option<String>,
    mtu: Option<u32>,
    subnets: Vec<Subnet>,
} }
record! { NicDiagnostics {
    mac_address: Option<String>,
    rx_octets: Option<u64>,
    rx_errors: Option<u64>,
    rx_drop: Option<u64>,
    rx_packets: Option<u64>,
    rx_rate: Option<u64>,
    tx_octets: Option<u64>,
    tx_errors: Option<u64>,
    tx_drop: Option<u64>,
    tx_packets: Option<u64>,
    tx_rate: Option<u64>,
} }
record! { NodeResources {
    vcpus: u32,
    memory_mb: u64,
    local_gb: u64,
    vcpus_used: u32,
    memory_mb_used: u64,
    local_gb_used: u64,
    uuid: Option<String>,
    hypervisor_type: String,
    hypervisor_version: u64,
    hypervisor_hostname: String,
    disk_available_least: Option<i64>,
    cpu_info: CpuInfo,
    supported_instances: Vec<SupportedInstance>,
    stats: Vec<(String, String)>,
    numa_topology: Option<Vec<NumaCell>>,
    pci_passthrough_devices: Vec<PciDevice>,
} }
record! { NumaCell {
    id: u32,
    socket: Option<u32>,
    cpuset: Vec<u32>,
    pcpuset: Vec<u32>,
    pinned_cpus: Vec<u32>,
    cpu_usage: u32,
    memory_mb: u64,
    memory_usage_mb: u64,
    siblings: Vec<Vec<u32>>,
    mempages: Vec<NumaPages>,
} }
record! { NumaPages {
    size_kb: u64,
    total: u64,
    used: u64,
    reserved: u64,
} }
record! { OptionConflict {
    operation: String,
    option_name: String,
} }
record! { PathReason {
    path: String,
    reason: String,
} }
record! { PciDevice {
    address: String,
    vendor_id: String,
    product_id: String,
    dev_type: PciDeviceType,
    status: PciDeviceStatus,
    numa_node: Option<u32>,
    dev_id: Option<String>,
    label: Option<String>,
    parent_addr: Option<String>,
    request_id: Option<String>,
    extra_info: Vec<(String, String)>,
} }
enumeration! { PciDeviceStatus {
    0 Available,
    1 Claimed,
    2 Allocated,
    3 Removed,
    4 Deleted,
    5 Unclaimable,
    6 Unavailable,
} }
enumeration! { PciDeviceType {
    0 Standard,
    1 SriovPf,
    2 SriovVf,
    3 Vdpa,
} }
record! { PostAtDestinationRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_migration: bool,
    block_device_info: BlockDeviceInfo,
} }
record! { PostClaimRequest {
    instance: Instance,
    migrate_data: LiveMigrateData,
    claim: LiveMigrationClaim,
} }
record! { PostLiveMigrationRequest {
    instance: Instance,
    block_device_info: BlockDeviceInfo,
    migrate_data: LiveMigrateData,
} }
record! { PowerOnRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    accel_info: Vec<AcceleratorRequest>,
    share_info: Vec<ShareMapping>,
} }
enumeration! { PowerState {
    0 Nostate,
    1 Running,
    2 Paused,
    3 Shutdown,
    4 Crashed,
    5 Suspended,
} }
record! { PreLiveMigrationRequest {
    instance: Instance,
    block_device_info: BlockDeviceInfo,
    network_info: Vec<Vif>,
    disk_info: Option<Vec<InstanceDisk>>,
    migrate_data: LiveMigrateData,
} }
record! { Provider {
    uuid: String,
    name: String,
    parent: Option<String>,
    inventories: Vec<Inventory>,
    traits: Vec<String>,
    aggregates: Vec<String>,
} }
record! { ProviderAllocation {
    provider: String,
    resources: Vec<ResourceAmount>,
} }
record! { ProviderTreeUpdate {
    tree: Vec<Provider>,
    allocations: Option<Vec<ConsumerAllocations>>,
} }
record! { QosNetwork {
    instance: String,
    network: String,
} }
record! { RebootRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    reboot_type: RebootType,
    block_device_info: BlockDeviceInfo,
    accel_info: Vec<AcceleratorRequest>,
    share_info: Vec<ShareMapping>,
} }
enumeration! { RebootType {
    0 Soft,
    1 Hard,
} }
record! { RebuildRequest {
    instance: Instance,
    image_meta: ImageMeta,
    injected_files: Vec<InjectedFile>,
    admin_password: Option<String>,
    allocations: Vec<ProviderAllocation>,
    bdms: Vec<BlockDevice>,
    network_info: Vec<Vif>,
    evacuate: bool,
    block_device_info: BlockDeviceInfo,
    preserve_ephemeral: bool,
    accel_uuids: Vec<String>,
    reimage_boot_volume: bool,
} }
record! { RescueRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    image_meta: ImageMeta,
    rescue_password: String,
    block_device_info: BlockDeviceInfo,
    share_info: Vec<ShareMapping>,
} }
record! { ResourceAmount {
    resource_class: String,
    amount: u64,
} }
record! { ResumeRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    share_info: Vec<ShareMapping>,
} }
record! { RollbackAtDestinationRequest {
    instance: Instance,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    destroy_disks: bool,
    migrate_data: Option<LiveMigrateData>,
} }
enumeration! { RollbackStatus {
    0 Failed,
    1 Cancelled,
    2 Error,
} }
record! { SavedEntry {
    component: String,
    key: String,
    value: Vec<u8>,
} }
record! { SavedGuest {
    uuid: String,
    name: String,
    state: PowerState,
    flavor: Flavor,
    network_info: Vec<Vif>,
    volumes: Vec<SavedVolume>,
} }
record! { SavedVolume {
    mountpoint: String,
    connection_info: String,
} }
record! { SchedulerLimits {
    vcpu: Option<u64>,
    memory_mb: Option<u64>,
    disk_gb: Option<u64>,
    numa_cpu_allocation_ratio: Option<f64>,
    numa_ram_allocation_ratio: Option<f64>,
} }
record! { ShareMapping {
    uuid: String,
    instance: String,
    share_id: String,
    status: String,
    tag: String,
    export_location: String,
    share_proto: ShareProtocol,
    access_type: Option<String>,
    access_to: Option<String>,
    access_key: Option<String>,
} }
enumeration! { ShareProtocol {
    0 Nfs,
    1 Cephfs,
} }
record! { ShareReason {
    share: String,
    instance: String,
    reason: String,
} }
record! { SpawnRequest {
    instance: Instance,
    image_meta: ImageMeta,
    injected_files: Vec<InjectedFile>,
    admin_password: Option<String>,
    allocations: Vec<ProviderAllocation>,
    network_info: Vec<Vif>,
    block_device_info: BlockDeviceInfo,
    power_on: bool,
    accel_info: Vec<AcceleratorRequest>,
} }
record! { StateConflict {
    instance: String,
    attr: String,
    state: String,
    method: String,
} }
record! { Subnet {
    cidr: String,
    gateway: Option<String>,
    fixed_ips: Vec<String>,
    dns: Vec<String>,
} }
record! { SupportedInstance {
    arch: String,
    hypervisor_type: String,
    vm_mode: String,
} }
record! { SwapVolumeRequest {
    old_connection_info: String,
    new_connection_info: String,
    instance: Instance,
    mountpoint: String,
    resize_to: u64,
} }
enumeration! { TargetPowerState {
    0 PowerOn,
    1 PowerOff,
} }
record! { TaskStateConflict {
    instance: String,
    expected: String,
    actual: String,
} }
record! { UnexpectedError {
    class_name: String,
    message: String,
} }
record! { VideoMemory {
    requested: u64,
    maximum: u64,
} }
record! { Vif {
    id: String,
    address: String,
    network: Network,
    vif_type: String,
    vnic_type: String,
    devname: Option<String>,
    active: bool,
    preserve_on_delete: bool,
    details: Vec<(String, String)>,
    profile: Vec<(String, String)>,
} }
variant! { VirtError {
    0 NotImplemented,
    12 VirtualInterfaceMacAddress,
    19 FlavorMemoryTooSmall,
    29 VirtDriverNotReady,
    30 ReshapeNeeded,
    40 PreserveEphemeralNotSupported,
    42 HypervisorUnavailable,
    45 TriggerCrashDumpNotSupported,
    48 QemuGuestAgentNotEnabled,
    49 InstanceAgentNotEnabled,
    50 SetAdminPasswdNotSupported,
    52 ConsoleNotAvailable,
    57 ImageSerialPortNumberExceedFlavorValue,
    63 ExtendVolumeNotSupported,
    79 InvalidHypervisorType,
    80 DestinationHypervisorTooOld,
} with {
    1 InstanceNotFound(String),
    2 InstanceExists(String),
    3 InstancePowerOffFailure(String),
    4 InstanceFaultRollback(FlatError),
    5 ComputeResourcesUnavailable(String),
    6 BuildAbort(InstanceReason),
    7 UnexpectedTaskState(TaskStateConflict),
    8 UnexpectedDeletingTaskState(TaskStateConflict),
    9 NoMoreFixedIps(String),
    10 ExternalNetworkAttachForbidden(String),
    11 VirtualInterfaceCreate(String),
    13 VirtualInterfacePlug(String),
    14 FixedIpInvalidOnHost(String),
    15 UnableToAutoAllocateNetwork(String),
    16 NetworksWithQosPolicyNotSupported(QosNetwork),
    17 VtpmSecretForbidden(String),
    18 FlavorDiskTooSmall(String),
    20 ImageNotActive(String),
    21 ImageUnacceptable(ImageReason),
    22 InvalidDiskInfo(String),
    23 InvalidDiskFormat(String),
    24 SignatureVerification(String),
    25 CertificateValidationFailed(String),
    26 VolumeEncryptionNotSupported(EncryptedVolume),
    27 InvalidInput(String),
    28 RequestedVramTooHigh(VideoMemory),
    31 ReshapeFailed(String),
    32 Other(String),
    33 Unexpected(UnexpectedError),
    34 Nova(FlatError),
    35 InstanceNotRunning(String),
    36 InstanceNotReady(String),
    37 InstanceInvalidState(StateConflict),
    38 InstanceUnacceptable(InstanceReason),
    39 InstanceDeployFailure(String),
    41 InvalidConfiguration(String),
    43 InstanceNotRescuable(InstanceReason),
    44 UnsupportedRescueImage(String),
    46 ImageNotFound(String),
    47 InstanceQuiesceNotSupported(String),
    51 NotSupportedWithOption(OptionConflict),
    53 ConsoleTypeInvalid(String),
    54 ConsoleTypeUnavailable(String),
    55 SocketPortRangeExhausted(String),
    56 ImageSerialPortNumberInvalid(String),
    58 VolumeNotFound(String),
    59 VolumeAttachmentNotFound(String),
    60 DiskNotFound(String),
    61 DeviceNotFound(String),
    62 DeviceDetachFailed(DeviceReason),
    64 MultiattachNotSupportedByVirtDriver(String),
    65 TooManyDiskDevices(u32),
    66 InterfaceAttachFailed(String),
    67 InterfaceDetachFailed(String),
    68 PciDeviceNotFoundById(String),
    69 ShareNotFound(String),
    70 ShareProtocolNotSupported(String),
    71 ShareMountError(ShareReason),
    72 ShareUmountError(ShareReason),
    73 ResizeError(String),
    74 MigrationError(String),
    75 MigrationPreCheckError(String),
    76 InvalidSharedStorage(PathReason),
    77 InvalidLocalStorage(PathReason),
    78 InvalidCpuInfo(String),
    81 UnableToMigrateToSelf(InstanceHost),
    82 LiveMigrationUriNotAvailable(String),
} as {
    (),
    String,
    String,
    String,
    FlatError,
    String,
    InstanceReason,
    TaskStateConflict,
    TaskStateConflict,
    String,
    String,
    String,
    (),
    String,
    String,
    String,
    QosNetwork,
    String,
    String,
    (),
    String,
    ImageReason,
    String,
    String,
    String,
    String,
    EncryptedVolume,
    String,
    VideoMemory,
    (),
    (),
    String,
    String,
    UnexpectedError,
    FlatError,
    String,
    String,
    StateConflict,
    InstanceReason,
    String,
    (),
    String,
    (),
    InstanceReason,
    String,
    (),
    String,
    String,
    (),
    (),
    (),
    OptionConflict,
    (),
    String,
    String,
    String,
    String,
    (),
    String,
    String,
    String,
    String,
    DeviceReason,
    (),
    String,
    u32,
    String,
    String,
    String,
    String,
    String,
    ShareReason,
    ShareReason,
    String,
    String,
    String,
    PathReason,
    PathReason,
    String,
    (),
    (),
    InstanceHost,
    String,
} }
enumeration! { VmState {
    0 Building,
    1 Active,
    2 Paused,
    3 Suspended,
    4 Stopped,
    5 Rescued,
    6 Resized,
    7 SoftDelete,
    8 Deleted,
    9 Error,
    10 Shelved,
    11 ShelvedOffloaded,
} }
record! { VolumeConnector {
    ip: String,
    host: String,
    initiator: Option<String>,
    properties: Vec<(String, String)>,
} }
record! { VolumeEncryption {
    provider: Option<String>,
    control_location: Option<String>,
    cipher: Option<String>,
    key_size: Option<u32>,
    encryption_key_id: Option<String>,
} }
record! { VolumeUsage {
    volume: String,
    instance: String,
    rd_req: u64,
    rd_bytes: u64,
    wr_req: u64,
    wr_bytes: u64,
} }
record! { VtpmSecret {
    uuid: Option<String>,
    value: Option<String>,
} }

/// The named types.
pub(crate) const NAMED: &[(&str, &super::Shape)] = &[
    ("AcceleratorRequest", <AcceleratorRequest as super::Abi>::SHAPE),
    ("AttachVolumeRequest", <AttachVolumeRequest as super::Abi>::SHAPE),
    ("BlockDevice", <BlockDevice as super::Abi>::SHAPE),
    ("BlockDeviceDestination", <BlockDeviceDestination as super::Abi>::SHAPE),
    ("BlockDeviceInfo", <BlockDeviceInfo as super::Abi>::SHAPE),
    ("BlockDeviceSource", <BlockDeviceSource as super::Abi>::SHAPE),
    ("Capability", <Capability as super::Abi>::SHAPE),
    ("CheckDestinationRequest", <CheckDestinationRequest as super::Abi>::SHAPE),
    ("CheckSourceDataRequest", <CheckSourceDataRequest as super::Abi>::SHAPE),
    ("CheckSourceRequest", <CheckSourceRequest as super::Abi>::SHAPE),
    ("CleanupRequest", <CleanupRequest as super::Abi>::SHAPE),
    ("ComputeInfo", <ComputeInfo as super::Abi>::SHAPE),
    ("Console", <Console as super::Abi>::SHAPE),
    ("ConsumerAllocations", <ConsumerAllocations as super::Abi>::SHAPE),
    ("CpuDiagnostics", <CpuDiagnostics as super::Abi>::SHAPE),
    ("CpuInfo", <CpuInfo as super::Abi>::SHAPE),
    ("CpuTopology", <CpuTopology as super::Abi>::SHAPE),
    ("DestroyRequest", <DestroyRequest as super::Abi>::SHAPE),
    ("DetachVolumeRequest", <DetachVolumeRequest as super::Abi>::SHAPE),
    ("DeviceNameRequest", <DeviceNameRequest as super::Abi>::SHAPE),
    ("DeviceNamesRequest", <DeviceNamesRequest as super::Abi>::SHAPE),
    ("DeviceReason", <DeviceReason as super::Abi>::SHAPE),
    ("DiagnosticValue", <DiagnosticValue as super::Abi>::SHAPE),
    ("DiskCounters", <DiskCounters as super::Abi>::SHAPE),
    ("DiskDiagnostics", <DiskDiagnostics as super::Abi>::SHAPE),
    ("DriverState", <DriverState as super::Abi>::SHAPE),
    ("EncryptedVolume", <EncryptedVolume as super::Abi>::SHAPE),
    ("ExtendVolumeRequest", <ExtendVolumeRequest as super::Abi>::SHAPE),
    ("FinishMigrationRequest", <FinishMigrationRequest as super::Abi>::SHAPE),
    ("FinishRevertMigrationRequest", <FinishRevertMigrationRequest as super::Abi>::SHAPE),
    ("FlatError", <FlatError as super::Abi>::SHAPE),
    ("Flavor", <Flavor as super::Abi>::SHAPE),
    ("GuestNumaCell", <GuestNumaCell as super::Abi>::SHAPE),
    ("GuestNumaTopology", <GuestNumaTopology as super::Abi>::SHAPE),
    ("HostCpuStats", <HostCpuStats as super::Abi>::SHAPE),
    ("HostPower", <HostPower as super::Abi>::SHAPE),
    ("ImageMeta", <ImageMeta as super::Abi>::SHAPE),
    ("ImageReason", <ImageReason as super::Abi>::SHAPE),
    ("InjectedFile", <InjectedFile as super::Abi>::SHAPE),
    ("Instance", <Instance as super::Abi>::SHAPE),
    ("InstanceDiagnostics", <InstanceDiagnostics as super::Abi>::SHAPE),
    ("InstanceDisk", <InstanceDisk as super::Abi>::SHAPE),
    ("InstanceHost", <InstanceHost as super::Abi>::SHAPE),
    ("InstanceInfo", <InstanceInfo as super::Abi>::SHAPE),
    ("InstanceReason", <InstanceReason as super::Abi>::SHAPE),
    ("InstanceVolumes", <InstanceVolumes as super::Abi>::SHAPE),
    ("Inventory", <Inventory as super::Abi>::SHAPE),
    ("LiveMigrateData", <LiveMigrateData as super::Abi>::SHAPE),
    ("LiveMigrateNumaInfo", <LiveMigrateNumaInfo as super::Abi>::SHAPE),
    ("LiveMigrationClaim", <LiveMigrationClaim as super::Abi>::SHAPE),
    ("LiveMigrationOutcome", <LiveMigrationOutcome as super::Abi>::SHAPE),
    ("LiveMigrationRequest", <LiveMigrationRequest as super::Abi>::SHAPE),
    ("LocalEncryption", <LocalEncryption as super::Abi>::SHAPE),
    ("LocalEncryptionFormat", <LocalEncryptionFormat as super::Abi>::SHAPE),
    ("MemoryDiagnostics", <MemoryDiagnostics as super::Abi>::SHAPE),
    ("MigrateDiskAndPowerOffRequest", <MigrateDiskAndPowerOffRequest as super::Abi>::SHAPE),
    ("MigrateVif", <MigrateVif as super::Abi>::SHAPE),
    ("Migration", <Migration as super::Abi>::SHAPE),
    ("MigrationType", <MigrationType as super::Abi>::SHAPE),
    ("Network", <Network as super::Abi>::SHAPE),
    ("NicDiagnostics", <NicDiagnostics as super::Abi>::SHAPE),
    ("NodeResources", <NodeResources as super::Abi>::SHAPE),
    ("NumaCell", <NumaCell as super::Abi>::SHAPE),
    ("NumaPages", <NumaPages as super::Abi>::SHAPE),
    ("OptionConflict", <OptionConflict as super::Abi>::SHAPE),
    ("PathReason", <PathReason as super::Abi>::SHAPE),
    ("PciDevice", <PciDevice as super::Abi>::SHAPE),
    ("PciDeviceStatus", <PciDeviceStatus as super::Abi>::SHAPE),
    ("PciDeviceType", <PciDeviceType as super::Abi>::SHAPE),
    ("PostAtDestinationRequest", <PostAtDestinationRequest as super::Abi>::SHAPE),
    ("PostClaimRequest", <PostClaimRequest as super::Abi>::SHAPE),
    ("PostLiveMigrationRequest", <PostLiveMigrationRequest as super::Abi>::SHAPE),
    ("PowerOnRequest", <PowerOnRequest as super::Abi>::SHAPE),
    ("PowerState", <PowerState as super::Abi>::SHAPE),
    ("PreLiveMigrationRequest", <PreLiveMigrationRequest as super::Abi>::SHAPE),
    ("Provider", <Provider as super::Abi>::SHAPE),
    ("ProviderAllocation", <ProviderAllocation as super::Abi>::SHAPE),
    ("ProviderTreeUpdate", <ProviderTreeUpdate as super::Abi>::SHAPE),
    ("QosNetwork", <QosNetwork as super::Abi>::SHAPE),
    ("RebootRequest", <RebootRequest as super::Abi>::SHAPE),
    ("RebootType", <RebootType as super::Abi>::SHAPE),
    ("RebuildRequest", <RebuildRequest as super::Abi>::SHAPE),
    ("RescueRequest", <RescueRequest as super::Abi>::SHAPE),
    ("ResourceAmount", <ResourceAmount as super::Abi>::SHAPE),
    ("ResumeRequest", <ResumeRequest as super::Abi>::SHAPE),
    ("RollbackAtDestinationRequest", <RollbackAtDestinationRequest as super::Abi>::SHAPE),
    ("RollbackStatus", <RollbackStatus as super::Abi>::SHAPE),
    ("SavedEntry", <SavedEntry as super::Abi>::SHAPE),
    ("SavedGuest", <SavedGuest as super::Abi>::SHAPE),
    ("SavedVolume", <SavedVolume as super::Abi>::SHAPE),
    ("SchedulerLimits", <SchedulerLimits as super::Abi>::SHAPE),
    ("ShareMapping", <ShareMapping as super::Abi>::SHAPE),
    ("ShareProtocol", <ShareProtocol as super::Abi>::SHAPE),
    ("ShareReason", <ShareReason as super::Abi>::SHAPE),
    ("SpawnRequest", <SpawnRequest as super::Abi>::SHAPE),
    ("StateConflict", <StateConflict as super::Abi>::SHAPE),
    ("Subnet", <Subnet as super::Abi>::SHAPE),
    ("SupportedInstance", <SupportedInstance as super::Abi>::SHAPE),
    ("SwapVolumeRequest", <SwapVolumeRequest as super::Abi>::SHAPE),
    ("TargetPowerState", <TargetPowerState as super::Abi>::SHAPE),
    ("TaskStateConflict", <TaskStateConflict as super::Abi>::SHAPE),
    ("UnexpectedError", <UnexpectedError as super::Abi>::SHAPE),
    ("VideoMemory", <VideoMemory as super::Abi>::SHAPE),
    ("Vif", <Vif as super::Abi>::SHAPE),
    ("VirtError", <VirtError as super::Abi>::SHAPE),
    ("VmState", <VmState as super::Abi>::SHAPE),
    ("VolumeConnector", <VolumeConnector as super::Abi>::SHAPE),
    ("VolumeEncryption", <VolumeEncryption as super::Abi>::SHAPE),
    ("VolumeUsage", <VolumeUsage as super::Abi>::SHAPE),
    ("VtpmSecret", <VtpmSecret as super::Abi>::SHAPE),
];

method! { init_host (String,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]init-host" (0 i32, 1 i32),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]init-host" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { cleanup_host (String,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]cleanup-host" (0 i32, 1 i32),
    answer true as init_host }
method! { get_available_nodes (bool,) -> Result<Vec<String>, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]get-available-nodes" (0 i32),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]get-available-nodes" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_nodenames_by_uuid (bool,) -> Result<Vec<(String, String)>, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]get-nodenames-by-uuid" (0 i32),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]get-nodenames-by-uuid" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { node_is_available (String,) -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]node-is-available" (0 i32, 1 i32),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]node-is-available" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { is_node_deleted (String,) -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]is-node-deleted" (0 i32, 1 i32),
    answer true as node_is_available }
method! { process_instances_at_startup (Vec<Instance>,) -> Result<Vec<Instance>, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]process-instances-at-startup" (0 i32, 1 i32),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]process-instances-at-startup" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_host_ip_addr () -> Result<String, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]get-host-ip-addr" (),
    answer true "[export]nova:virt/service@1.0.0" "[task-return]get-host-ip-addr" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_host_uptime () -> Result<String, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]get-host-uptime" (),
    answer true as get_host_ip_addr }
method! { set_host_enabled (bool,) -> Result<String, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]set-host-enabled" (0 i32),
    answer true as get_host_ip_addr }
method! { host_power_action (HostPower,) -> Result<String, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]host-power-action" (0 i32),
    answer true as get_host_ip_addr }
method! { host_maintenance_mode (String, bool,) -> Result<String, VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]host-maintenance-mode" (0 i32, 1 i32, 2 i32),
    answer true as get_host_ip_addr }
method! { poll_rebooting_instances (u32, Vec<Instance>,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/service@1.0.0" "[async-lower]poll-rebooting-instances" (0 i32, 1 i32, 2 i32),
    answer true as init_host }
method! { get_available_resource (String,) -> Result<Option<NodeResources>, VirtError>, instance None, export true,
    import true "nova:virt/inventory@1.0.0" "[async-lower]get-available-resource" (0 i32, 1 i32),
    answer false "[export]nova:virt/inventory@1.0.0" "[task-return]get-available-resource" (0 i32) }
method! { update_provider_tree (Vec<Provider>, String, Option<Vec<ConsumerAllocations>>,) -> Result<ProviderTreeUpdate, VirtError>, instance None, export true,
    import false "nova:virt/inventory@1.0.0" "[async-lower]update-provider-tree" (0 i32),
    answer true "[export]nova:virt/inventory@1.0.0" "[task-return]update-provider-tree" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { capabilities () -> Result<Vec<Capability>, VirtError>, instance None, export true,
    import true "nova:virt/inventory@1.0.0" "[async-lower]capabilities" (),
    answer true "[export]nova:virt/inventory@1.0.0" "[task-return]capabilities" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { capabilities_as_traits () -> Result<Vec<(String, bool)>, VirtError>, instance None, export true,
    import true "nova:virt/inventory@1.0.0" "[async-lower]capabilities-as-traits" (),
    answer true "[export]nova:virt/inventory@1.0.0" "[task-return]capabilities-as-traits" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_host_cpu_stats () -> Result<HostCpuStats, VirtError>, instance None, export true,
    import true "nova:virt/inventory@1.0.0" "[async-lower]get-host-cpu-stats" (),
    answer true "[export]nova:virt/inventory@1.0.0" "[task-return]get-host-cpu-stats" (0 i32, 1 i64, 2 i64, 3 i64, 4 i64, 5 i64, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_info (Instance, bool,) -> Result<InstanceInfo, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/queries@1.0.0" "[async-lower]get-info" (0 i32),
    answer true "[export]nova:virt/queries@1.0.0" "[task-return]get-info" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_num_instances () -> Result<u32, VirtError>, instance None, export true,
    import true "nova:virt/queries@1.0.0" "[async-lower]get-num-instances" (),
    answer true "[export]nova:virt/queries@1.0.0" "[task-return]get-num-instances" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { list_instances () -> Result<Vec<String>, VirtError>, instance None, export true,
    import true "nova:virt/queries@1.0.0" "[async-lower]list-instances" (),
    answer true as get_available_nodes }
method! { list_instance_uuids () -> Result<Vec<String>, VirtError>, instance None, export true,
    import true "nova:virt/queries@1.0.0" "[async-lower]list-instance-uuids" (),
    answer true as get_available_nodes }
method! { instance_exists (Instance,) -> Result<bool, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/queries@1.0.0" "[async-lower]instance-exists" (0 i32),
    answer true as node_is_available }
method! { instance_on_disk (Instance,) -> Result<bool, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/queries@1.0.0" "[async-lower]instance-on-disk" (0 i32),
    answer true as node_is_available }
method! { prepare_for_spawn (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]prepare-for-spawn" (0 i32),
    answer true as init_host }
method! { prepare_networks_before_block_device_mapping (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]prepare-networks-before-block-device-mapping" (0 i32),
    answer true as init_host }
method! { clean_networks_preparation (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]clean-networks-preparation" (0 i32),
    answer true as init_host }
method! { failed_spawn_cleanup (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]failed-spawn-cleanup" (0 i32),
    answer true as init_host }
method! { default_root_device_name (Instance, ImageMeta, Option<BlockDevice>,) -> Result<String, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]default-root-device-name" (0 i32),
    answer true as get_host_ip_addr }
method! { default_device_names_for_instance (DeviceNamesRequest,) -> Result<Vec<BlockDevice>, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]default-device-names-for-instance" (0 i32),
    answer true "[export]nova:virt/building@1.0.0" "[task-return]default-device-names-for-instance" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_device_name_for_instance (DeviceNameRequest,) -> Result<String, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]get-device-name-for-instance" (0 i32),
    answer true as get_host_ip_addr }
method! { spawn (SpawnRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]spawn" (0 i32),
    answer true as init_host }
method! { rebuild (RebuildRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]rebuild" (0 i32),
    answer true as init_host }
method! { destroy (DestroyRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]destroy" (0 i32),
    answer true as init_host }
method! { cleanup (CleanupRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]cleanup" (0 i32),
    answer true as init_host }
method! { delete_instance_files (Instance,) -> Result<bool, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]delete-instance-files" (0 i32),
    answer true as node_is_available }
method! { cleanup_lingering_instance_resources (Instance,) -> Result<bool, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]cleanup-lingering-instance-resources" (0 i32),
    answer true as node_is_available }
method! { plug_vifs (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]plug-vifs" (0 i32),
    answer true as init_host }
method! { unplug_vifs (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/building@1.0.0" "[async-lower]unplug-vifs" (0 i32),
    answer true as init_host }
method! { reboot (RebootRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]reboot" (0 i32),
    answer true as init_host }
method! { power_off (Instance, u32, u32,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]power-off" (0 i32),
    answer true as init_host }
method! { power_on (PowerOnRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]power-on" (0 i32),
    answer true as init_host }
method! { power_update_event (Instance, TargetPowerState,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]power-update-event" (0 i32),
    answer true as init_host }
method! { pause (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]pause" (0 i32),
    answer true as init_host }
method! { unpause (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]unpause" (0 i32),
    answer true as init_host }
method! { suspend (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]suspend" (0 i32),
    answer true as init_host }
method! { resume (ResumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]resume" (0 i32),
    answer true as init_host }
method! { resume_state_on_host_boot (ResumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]resume-state-on-host-boot" (0 i32),
    answer true as init_host }
method! { rescue (RescueRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]rescue" (0 i32),
    answer true as init_host }
method! { unrescue (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]unrescue" (0 i32),
    answer true as init_host }
method! { soft_delete (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]soft-delete" (0 i32),
    answer true as init_host }
method! { restore (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]restore" (0 i32),
    answer true as init_host }
method! { trigger_crash_dump (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/power@1.0.0" "[async-lower]trigger-crash-dump" (0 i32),
    answer true as init_host }
method! { get_console_output (Instance,) -> Result<Vec<u8>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-console-output" (0 i32),
    answer true "[export]nova:virt/guests@1.0.0" "[task-return]get-console-output" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_vnc_console (Instance,) -> Result<Console, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-vnc-console" (0 i32),
    answer true "[export]nova:virt/guests@1.0.0" "[task-return]get-vnc-console" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_spice_console (Instance,) -> Result<Console, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-spice-console" (0 i32),
    answer true as get_vnc_console }
method! { get_serial_console (Instance,) -> Result<Console, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-serial-console" (0 i32),
    answer true as get_vnc_console }
method! { get_mks_console (Instance,) -> Result<Console, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-mks-console" (0 i32),
    answer true as get_vnc_console }
method! { get_diagnostics (Instance,) -> Result<Vec<(String, DiagnosticValue)>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-diagnostics" (0 i32),
    answer true "[export]nova:virt/guests@1.0.0" "[task-return]get-diagnostics" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { get_instance_diagnostics (Instance,) -> Result<InstanceDiagnostics, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]get-instance-diagnostics" (0 i32),
    answer false "[export]nova:virt/guests@1.0.0" "[task-return]get-instance-diagnostics" (0 i32) }
method! { set_admin_password (Instance, String,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]set-admin-password" (0 i32),
    answer true as init_host }
method! { inject_network_info (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]inject-network-info" (0 i32),
    answer true as init_host }
method! { quiesce (Instance, ImageMeta,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]quiesce" (0 i32),
    answer true as init_host }
method! { unquiesce (Instance, ImageMeta,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/guests@1.0.0" "[async-lower]unquiesce" (0 i32),
    answer true as init_host }
method! { snapshot (Instance, String,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/images@1.0.0" "[async-lower]snapshot" (0 i32),
    answer true as init_host }
method! { cache_image (String,) -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/images@1.0.0" "[async-lower]cache-image" (0 i32, 1 i32),
    answer true as node_is_available }
method! { manage_image_cache (Vec<Instance>,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/images@1.0.0" "[async-lower]manage-image-cache" (0 i32, 1 i32),
    answer true as init_host }
method! { get_volume_connector (Instance,) -> Result<VolumeConnector, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]get-volume-connector" (0 i32),
    answer true "[export]nova:virt/volumes@1.0.0" "[task-return]get-volume-connector" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { attach_volume (AttachVolumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 1]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]attach-volume" (0 i32),
    answer true as init_host }
method! { detach_volume (DetachVolumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 1]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]detach-volume" (0 i32),
    answer true as init_host }
method! { swap_volume (SwapVolumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 2]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]swap-volume" (0 i32),
    answer true as init_host }
method! { extend_volume (ExtendVolumeRequest,) -> Result<(), VirtError>, instance Some(&[0, 1]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]extend-volume" (0 i32),
    answer true as init_host }
method! { is_supported_fs_format (String,) -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/volumes@1.0.0" "[async-lower]is-supported-fs-format" (0 i32, 1 i32),
    answer true as node_is_available }
method! { get_all_volume_usage (Vec<InstanceVolumes>,) -> Result<Vec<VolumeUsage>, VirtError>, instance None, export true,
    import true "nova:virt/volumes@1.0.0" "[async-lower]get-all-volume-usage" (0 i32, 1 i32),
    answer true "[export]nova:virt/volumes@1.0.0" "[task-return]get-all-volume-usage" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { block_stats (Instance, String,) -> Result<Option<DiskCounters>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/volumes@1.0.0" "[async-lower]block-stats" (0 i32),
    answer true "[export]nova:virt/volumes@1.0.0" "[task-return]block-stats" (0 i32, 1 i32, 2 i64, 3 i64, 4 i64, 5 i64, 6 i32, 7 i64, 8 i32, 9 i32) }
method! { mount_share (Instance, ShareMapping,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/shares@1.0.0" "[async-lower]mount-share" (0 i32),
    answer true as init_host }
method! { umount_share (Instance, ShareMapping,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/shares@1.0.0" "[async-lower]umount-share" (0 i32),
    answer true as init_host }
method! { attach_interface (Instance, ImageMeta, Vif,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/interfaces@1.0.0" "[async-lower]attach-interface" (0 i32),
    answer true as init_host }
method! { detach_interface (Instance, Vif,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/interfaces@1.0.0" "[async-lower]detach-interface" (0 i32),
    answer true as init_host }
method! { network_binding_host_id (Instance,) -> Result<Option<String>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/interfaces@1.0.0" "[async-lower]network-binding-host-id" (0 i32),
    answer true "[export]nova:virt/interfaces@1.0.0" "[task-return]network-binding-host-id" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { manages_network_binding_host_id () -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/interfaces@1.0.0" "[async-lower]manages-network-binding-host-id" (),
    answer true as node_is_available }
method! { migrate_disk_and_power_off (MigrateDiskAndPowerOffRequest,) -> Result<Option<String>, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/cold-migration@1.0.0" "[async-lower]migrate-disk-and-power-off" (0 i32),
    answer true as network_binding_host_id }
method! { finish_migration (FinishMigrationRequest,) -> Result<(), VirtError>, instance Some(&[0, 1]), export false,
    import false "nova:virt/cold-migration@1.0.0" "[async-lower]finish-migration" (0 i32),
    answer true as init_host }
method! { confirm_migration (Migration, Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[1]), export false,
    import false "nova:virt/cold-migration@1.0.0" "[async-lower]confirm-migration" (0 i32),
    answer true as init_host }
method! { finish_revert_migration (FinishRevertMigrationRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/cold-migration@1.0.0" "[async-lower]finish-revert-migration" (0 i32),
    answer true as init_host }
method! { check_can_live_migrate_destination (CheckDestinationRequest,) -> Result<LiveMigrateData, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]check-can-live-migrate-destination" (0 i32),
    answer false "[export]nova:virt/live-migration@1.0.0" "[task-return]check-can-live-migrate-destination" (0 i32) }
method! { check_can_live_migrate_source (CheckSourceRequest,) -> Result<LiveMigrateData, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]check-can-live-migrate-source" (0 i32),
    answer false as check_can_live_migrate_destination }
method! { post_claim_migrate_data (PostClaimRequest,) -> Result<LiveMigrateData, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]post-claim-migrate-data" (0 i32),
    answer false as check_can_live_migrate_destination }
method! { check_source_migrate_data_at_dest (CheckSourceDataRequest,) -> Result<LiveMigrateData, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]check-source-migrate-data-at-dest" (0 i32),
    answer false as check_can_live_migrate_destination }
method! { cleanup_live_migration_destination_check (LiveMigrateData,) -> Result<(), VirtError>, instance None, export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]cleanup-live-migration-destination-check" (0 i32),
    answer true as init_host }
method! { get_instance_disk_info (Instance, BlockDeviceInfo,) -> Result<Vec<InstanceDisk>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]get-instance-disk-info" (0 i32),
    answer true "[export]nova:virt/live-migration@1.0.0" "[task-return]get-instance-disk-info" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { pre_live_migration (PreLiveMigrationRequest,) -> Result<LiveMigrateData, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]pre-live-migration" (0 i32),
    answer false as check_can_live_migrate_destination }
method! { live_migration (LiveMigrationRequest,) -> Result<LiveMigrationOutcome, VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]live-migration" (0 i32),
    answer true "[export]nova:virt/live-migration@1.0.0" "[task-return]live-migration" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { live_migration_force_complete (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]live-migration-force-complete" (0 i32),
    answer true as init_host }
method! { live_migration_abort (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]live-migration-abort" (0 i32),
    answer true as init_host }
method! { rollback_live_migration_at_source (Instance, LiveMigrateData,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]rollback-live-migration-at-source" (0 i32),
    answer true as init_host }
method! { rollback_live_migration_at_destination (RollbackAtDestinationRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]rollback-live-migration-at-destination" (0 i32),
    answer true as init_host }
method! { post_live_migration (PostLiveMigrationRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]post-live-migration" (0 i32),
    answer true as init_host }
method! { post_live_migration_at_source (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]post-live-migration-at-source" (0 i32),
    answer true as init_host }
method! { post_live_migration_at_destination (PostAtDestinationRequest,) -> Result<(), VirtError>, instance Some(&[0, 0]), export false,
    import false "nova:virt/live-migration@1.0.0" "[async-lower]post-live-migration-at-destination" (0 i32),
    answer true as init_host }
method! { check_instance_shared_storage_local (Instance,) -> Result<Option<String>, VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/shared-storage@1.0.0" "[async-lower]check-instance-shared-storage-local" (0 i32),
    answer true as network_binding_host_id }
method! { check_instance_shared_storage_remote (String,) -> Result<bool, VirtError>, instance None, export true,
    import true "nova:virt/shared-storage@1.0.0" "[async-lower]check-instance-shared-storage-remote" (0 i32, 1 i32),
    answer true as node_is_available }
method! { check_instance_shared_storage_cleanup (String,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/shared-storage@1.0.0" "[async-lower]check-instance-shared-storage-cleanup" (0 i32, 1 i32),
    answer true as init_host }
method! { save_state () -> Result<DriverState, VirtError>, instance None, export true,
    import true "nova:virt/persistence@1.0.0" "[async-lower]save-state" (),
    answer true "[export]nova:virt/persistence@1.0.0" "[task-return]save-state" (0 i32, 1 i32, 2 i64, 3 i64, 4 i32, 5 i32, 6 i32, 7 i32, 8 i32, 9 i32) }
method! { restore_state (DriverState,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/persistence@1.0.0" "[async-lower]restore-state" (0 i32, 1 i32, 2 i32, 3 i32),
    answer true as init_host }
method! { ensure_filtering_rules_for_instance (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/legacy-firewall@1.0.0" "[async-lower]ensure-filtering-rules-for-instance" (0 i32),
    answer true as init_host }
method! { unfilter_instance (Instance, Vec<Vif>,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/legacy-firewall@1.0.0" "[async-lower]unfilter-instance" (0 i32),
    answer true as init_host }
method! { refresh_instance_security_rules (Instance,) -> Result<(), VirtError>, instance Some(&[0]), export false,
    import false "nova:virt/legacy-firewall@1.0.0" "[async-lower]refresh-instance-security-rules" (0 i32),
    answer true as init_host }
method! { refresh_provider_fw_rules () -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/legacy-firewall@1.0.0" "[async-lower]refresh-provider-fw-rules" (),
    answer true as init_host }
method! { refresh_security_group_members (String,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/legacy-firewall@1.0.0" "[async-lower]refresh-security-group-members" (0 i32, 1 i32),
    answer true as init_host }
method! { refresh_security_group_rules (String,) -> Result<(), VirtError>, instance None, export true,
    import true "nova:virt/legacy-firewall@1.0.0" "[async-lower]refresh-security-group-rules" (0 i32, 1 i32),
    answer true as init_host }

/// Exports every method of a component.
#[doc(hidden)]
#[macro_export]
macro_rules! export_methods {
    ($component:ty) => {
        $crate::export_method! { $component, init_host, "[async-lift]nova:virt/service@1.0.0#init-host", "[callback][async-lift]nova:virt/service@1.0.0#init-host", (a0, a1) }
        $crate::export_method! { $component, cleanup_host, "[async-lift]nova:virt/service@1.0.0#cleanup-host", "[callback][async-lift]nova:virt/service@1.0.0#cleanup-host", (a0, a1) }
        $crate::export_method! { $component, get_available_nodes, "[async-lift]nova:virt/service@1.0.0#get-available-nodes", "[callback][async-lift]nova:virt/service@1.0.0#get-available-nodes", (a0) }
        $crate::export_method! { $component, get_nodenames_by_uuid, "[async-lift]nova:virt/service@1.0.0#get-nodenames-by-uuid", "[callback][async-lift]nova:virt/service@1.0.0#get-nodenames-by-uuid", (a0) }
        $crate::export_method! { $component, node_is_available, "[async-lift]nova:virt/service@1.0.0#node-is-available", "[callback][async-lift]nova:virt/service@1.0.0#node-is-available", (a0, a1) }
        $crate::export_method! { $component, is_node_deleted, "[async-lift]nova:virt/service@1.0.0#is-node-deleted", "[callback][async-lift]nova:virt/service@1.0.0#is-node-deleted", (a0, a1) }
        $crate::export_method! { $component, process_instances_at_startup, "[async-lift]nova:virt/service@1.0.0#process-instances-at-startup", "[callback][async-lift]nova:virt/service@1.0.0#process-instances-at-startup", (a0, a1) }
        $crate::export_method! { $component, get_host_ip_addr, "[async-lift]nova:virt/service@1.0.0#get-host-ip-addr", "[callback][async-lift]nova:virt/service@1.0.0#get-host-ip-addr", () }
        $crate::export_method! { $component, get_host_uptime, "[async-lift]nova:virt/service@1.0.0#get-host-uptime", "[callback][async-lift]nova:virt/service@1.0.0#get-host-uptime", () }
        $crate::export_method! { $component, set_host_enabled, "[async-lift]nova:virt/service@1.0.0#set-host-enabled", "[callback][async-lift]nova:virt/service@1.0.0#set-host-enabled", (a0) }
        $crate::export_method! { $component, host_power_action, "[async-lift]nova:virt/service@1.0.0#host-power-action", "[callback][async-lift]nova:virt/service@1.0.0#host-power-action", (a0) }
        $crate::export_method! { $component, host_maintenance_mode, "[async-lift]nova:virt/service@1.0.0#host-maintenance-mode", "[callback][async-lift]nova:virt/service@1.0.0#host-maintenance-mode", (a0, a1, a2) }
        $crate::export_method! { $component, poll_rebooting_instances, "[async-lift]nova:virt/service@1.0.0#poll-rebooting-instances", "[callback][async-lift]nova:virt/service@1.0.0#poll-rebooting-instances", (a0, a1, a2) }
        $crate::export_method! { $component, get_available_resource, "[async-lift]nova:virt/inventory@1.0.0#get-available-resource", "[callback][async-lift]nova:virt/inventory@1.0.0#get-available-resource", (a0, a1) }
        $crate::export_method! { $component, update_provider_tree, "[async-lift]nova:virt/inventory@1.0.0#update-provider-tree", "[callback][async-lift]nova:virt/inventory@1.0.0#update-provider-tree", (a0, a1, a2, a3, a4, a5, a6) }
        $crate::export_method! { $component, capabilities, "[async-lift]nova:virt/inventory@1.0.0#capabilities", "[callback][async-lift]nova:virt/inventory@1.0.0#capabilities", () }
        $crate::export_method! { $component, capabilities_as_traits, "[async-lift]nova:virt/inventory@1.0.0#capabilities-as-traits", "[callback][async-lift]nova:virt/inventory@1.0.0#capabilities-as-traits", () }
        $crate::export_method! { $component, get_host_cpu_stats, "[async-lift]nova:virt/inventory@1.0.0#get-host-cpu-stats", "[callback][async-lift]nova:virt/inventory@1.0.0#get-host-cpu-stats", () }
        $crate::export_method! { $component, get_info, "[async-lift]nova:virt/queries@1.0.0#get-info", "[callback][async-lift]nova:virt/queries@1.0.0#get-info", (a0) }
        $crate::export_method! { $component, get_num_instances, "[async-lift]nova:virt/queries@1.0.0#get-num-instances", "[callback][async-lift]nova:virt/queries@1.0.0#get-num-instances", () }
        $crate::export_method! { $component, list_instances, "[async-lift]nova:virt/queries@1.0.0#list-instances", "[callback][async-lift]nova:virt/queries@1.0.0#list-instances", () }
        $crate::export_method! { $component, list_instance_uuids, "[async-lift]nova:virt/queries@1.0.0#list-instance-uuids", "[callback][async-lift]nova:virt/queries@1.0.0#list-instance-uuids", () }
        $crate::export_method! { $component, instance_exists, "[async-lift]nova:virt/queries@1.0.0#instance-exists", "[callback][async-lift]nova:virt/queries@1.0.0#instance-exists", (a0) }
        $crate::export_method! { $component, instance_on_disk, "[async-lift]nova:virt/queries@1.0.0#instance-on-disk", "[callback][async-lift]nova:virt/queries@1.0.0#instance-on-disk", (a0) }
        $crate::export_method! { $component, prepare_for_spawn, "[async-lift]nova:virt/building@1.0.0#prepare-for-spawn", "[callback][async-lift]nova:virt/building@1.0.0#prepare-for-spawn", (a0) }
        $crate::export_method! { $component, prepare_networks_before_block_device_mapping, "[async-lift]nova:virt/building@1.0.0#prepare-networks-before-block-device-mapping", "[callback][async-lift]nova:virt/building@1.0.0#prepare-networks-before-block-device-mapping", (a0) }
        $crate::export_method! { $component, clean_networks_preparation, "[async-lift]nova:virt/building@1.0.0#clean-networks-preparation", "[callback][async-lift]nova:virt/building@1.0.0#clean-networks-preparation", (a0) }
        $crate::export_method! { $component, failed_spawn_cleanup, "[async-lift]nova:virt/building@1.0.0#failed-spawn-cleanup", "[callback][async-lift]nova:virt/building@1.0.0#failed-spawn-cleanup", (a0) }
        $crate::export_method! { $component, default_root_device_name, "[async-lift]nova:virt/building@1.0.0#default-root-device-name", "[callback][async-lift]nova:virt/building@1.0.0#default-root-device-name", (a0) }
        $crate::export_method! { $component, default_device_names_for_instance, "[async-lift]nova:virt/building@1.0.0#default-device-names-for-instance", "[callback][async-lift]nova:virt/building@1.0.0#default-device-names-for-instance", (a0) }
        $crate::export_method! { $component, get_device_name_for_instance, "[async-lift]nova:virt/building@1.0.0#get-device-name-for-instance", "[callback][async-lift]nova:virt/building@1.0.0#get-device-name-for-instance", (a0) }
        $crate::export_method! { $component, spawn, "[async-lift]nova:virt/building@1.0.0#spawn", "[callback][async-lift]nova:virt/building@1.0.0#spawn", (a0) }
        $crate::export_method! { $component, rebuild, "[async-lift]nova:virt/building@1.0.0#rebuild", "[callback][async-lift]nova:virt/building@1.0.0#rebuild", (a0) }
        $crate::export_method! { $component, destroy, "[async-lift]nova:virt/building@1.0.0#destroy", "[callback][async-lift]nova:virt/building@1.0.0#destroy", (a0) }
        $crate::export_method! { $component, cleanup, "[async-lift]nova:virt/building@1.0.0#cleanup", "[callback][async-lift]nova:virt/building@1.0.0#cleanup", (a0) }
        $crate::export_method! { $component, delete_instance_files, "[async-lift]nova:virt/building@1.0.0#delete-instance-files", "[callback][async-lift]nova:virt/building@1.0.0#delete-instance-files", (a0) }
        $crate::export_method! { $component, cleanup_lingering_instance_resources, "[async-lift]nova:virt/building@1.0.0#cleanup-lingering-instance-resources", "[callback][async-lift]nova:virt/building@1.0.0#cleanup-lingering-instance-resources", (a0) }
        $crate::export_method! { $component, plug_vifs, "[async-lift]nova:virt/building@1.0.0#plug-vifs", "[callback][async-lift]nova:virt/building@1.0.0#plug-vifs", (a0) }
        $crate::export_method! { $component, unplug_vifs, "[async-lift]nova:virt/building@1.0.0#unplug-vifs", "[callback][async-lift]nova:virt/building@1.0.0#unplug-vifs", (a0) }
        $crate::export_method! { $component, reboot, "[async-lift]nova:virt/power@1.0.0#reboot", "[callback][async-lift]nova:virt/power@1.0.0#reboot", (a0) }
        $crate::export_method! { $component, power_off, "[async-lift]nova:virt/power@1.0.0#power-off", "[callback][async-lift]nova:virt/power@1.0.0#power-off", (a0) }
        $crate::export_method! { $component, power_on, "[async-lift]nova:virt/power@1.0.0#power-on", "[callback][async-lift]nova:virt/power@1.0.0#power-on", (a0) }
        $crate::export_method! { $component, power_update_event, "[async-lift]nova:virt/power@1.0.0#power-update-event", "[callback][async-lift]nova:virt/power@1.0.0#power-update-event", (a0) }
        $crate::export_method! { $component, pause, "[async-lift]nova:virt/power@1.0.0#pause", "[callback][async-lift]nova:virt/power@1.0.0#pause", (a0) }
        $crate::export_method! { $component, unpause, "[async-lift]nova:virt/power@1.0.0#unpause", "[callback][async-lift]nova:virt/power@1.0.0#unpause", (a0) }
        $crate::export_method! { $component, suspend, "[async-lift]nova:virt/power@1.0.0#suspend", "[callback][async-lift]nova:virt/power@1.0.0#suspend", (a0) }
        $crate::export_method! { $component, resume, "[async-lift]nova:virt/power@1.0.0#resume", "[callback][async-lift]nova:virt/power@1.0.0#resume", (a0) }
        $crate::export_method! { $component, resume_state_on_host_boot, "[async-lift]nova:virt/power@1.0.0#resume-state-on-host-boot", "[callback][async-lift]nova:virt/power@1.0.0#resume-state-on-host-boot", (a0) }
        $crate::export_method! { $component, rescue, "[async-lift]nova:virt/power@1.0.0#rescue", "[callback][async-lift]nova:virt/power@1.0.0#rescue", (a0) }
        $crate::export_method! { $component, unrescue, "[async-lift]nova:virt/power@1.0.0#unrescue", "[callback][async-lift]nova:virt/power@1.0.0#unrescue", (a0) }
        $crate::export_method! { $component, soft_delete, "[async-lift]nova:virt/power@1.0.0#soft-delete", "[callback][async-lift]nova:virt/power@1.0.0#soft-delete", (a0) }
        $crate::export_method! { $component, restore, "[async-lift]nova:virt/power@1.0.0#restore", "[callback][async-lift]nova:virt/power@1.0.0#restore", (a0) }
        $crate::export_method! { $component, trigger_crash_dump, "[async-lift]nova:virt/power@1.0.0#trigger-crash-dump", "[callback][async-lift]nova:virt/power@1.0.0#trigger-crash-dump", (a0) }
        $crate::export_method! { $component, get_console_output, "[async-lift]nova:virt/guests@1.0.0#get-console-output", "[callback][async-lift]nova:virt/guests@1.0.0#get-console-output", (a0) }
        $crate::export_method! { $component, get_vnc_console, "[async-lift]nova:virt/guests@1.0.0#get-vnc-console", "[callback][async-lift]nova:virt/guests@1.0.0#get-vnc-console", (a0) }
        $crate::export_method! { $component, get_spice_console, "[async-lift]nova:virt/guests@1.0.0#get-spice-console", "[callback][async-lift]nova:virt/guests@1.0.0#get-spice-console", (a0) }
        $crate::export_method! { $component, get_serial_console, "[async-lift]nova:virt/guests@1.0.0#get-serial-console", "[callback][async-lift]nova:virt/guests@1.0.0#get-serial-console", (a0) }
        $crate::export_method! { $component, get_mks_console, "[async-lift]nova:virt/guests@1.0.0#get-mks-console", "[callback][async-lift]nova:virt/guests@1.0.0#get-mks-console", (a0) }
        $crate::export_method! { $component, get_diagnostics, "[async-lift]nova:virt/guests@1.0.0#get-diagnostics", "[callback][async-lift]nova:virt/guests@1.0.0#get-diagnostics", (a0) }
        $crate::export_method! { $component, get_instance_diagnostics, "[async-lift]nova:virt/guests@1.0.0#get-instance-diagnostics", "[callback][async-lift]nova:virt/guests@1.0.0#get-instance-diagnostics", (a0) }
        $crate::export_method! { $component, set_admin_password, "[async-lift]nova:virt/guests@1.0.0#set-admin-password", "[callback][async-lift]nova:virt/guests@1.0.0#set-admin-password", (a0) }
        $crate::export_method! { $component, inject_network_info, "[async-lift]nova:virt/guests@1.0.0#inject-network-info", "[callback][async-lift]nova:virt/guests@1.0.0#inject-network-info", (a0) }
        $crate::export_method! { $component, quiesce, "[async-lift]nova:virt/guests@1.0.0#quiesce", "[callback][async-lift]nova:virt/guests@1.0.0#quiesce", (a0) }
        $crate::export_method! { $component, unquiesce, "[async-lift]nova:virt/guests@1.0.0#unquiesce", "[callback][async-lift]nova:virt/guests@1.0.0#unquiesce", (a0) }
        $crate::export_method! { $component, snapshot, "[async-lift]nova:virt/images@1.0.0#snapshot", "[callback][async-lift]nova:virt/images@1.0.0#snapshot", (a0) }
        $crate::export_method! { $component, cache_image, "[async-lift]nova:virt/images@1.0.0#cache-image", "[callback][async-lift]nova:virt/images@1.0.0#cache-image", (a0, a1) }
        $crate::export_method! { $component, manage_image_cache, "[async-lift]nova:virt/images@1.0.0#manage-image-cache", "[callback][async-lift]nova:virt/images@1.0.0#manage-image-cache", (a0, a1) }
        $crate::export_method! { $component, get_volume_connector, "[async-lift]nova:virt/volumes@1.0.0#get-volume-connector", "[callback][async-lift]nova:virt/volumes@1.0.0#get-volume-connector", (a0) }
        $crate::export_method! { $component, attach_volume, "[async-lift]nova:virt/volumes@1.0.0#attach-volume", "[callback][async-lift]nova:virt/volumes@1.0.0#attach-volume", (a0) }
        $crate::export_method! { $component, detach_volume, "[async-lift]nova:virt/volumes@1.0.0#detach-volume", "[callback][async-lift]nova:virt/volumes@1.0.0#detach-volume", (a0) }
        $crate::export_method! { $component, swap_volume, "[async-lift]nova:virt/volumes@1.0.0#swap-volume", "[callback][async-lift]nova:virt/volumes@1.0.0#swap-volume", (a0) }
        $crate::export_method! { $component, extend_volume, "[async-lift]nova:virt/volumes@1.0.0#extend-volume", "[callback][async-lift]nova:virt/volumes@1.0.0#extend-volume", (a0) }
        $crate::export_method! { $component, is_supported_fs_format, "[async-lift]nova:virt/volumes@1.0.0#is-supported-fs-format", "[callback][async-lift]nova:virt/volumes@1.0.0#is-supported-fs-format", (a0, a1) }
        $crate::export_method! { $component, get_all_volume_usage, "[async-lift]nova:virt/volumes@1.0.0#get-all-volume-usage", "[callback][async-lift]nova:virt/volumes@1.0.0#get-all-volume-usage", (a0, a1) }
        $crate::export_method! { $component, block_stats, "[async-lift]nova:virt/volumes@1.0.0#block-stats", "[callback][async-lift]nova:virt/volumes@1.0.0#block-stats", (a0) }
        $crate::export_method! { $component, mount_share, "[async-lift]nova:virt/shares@1.0.0#mount-share", "[callback][async-lift]nova:virt/shares@1.0.0#mount-share", (a0) }
        $crate::export_method! { $component, umount_share, "[async-lift]nova:virt/shares@1.0.0#umount-share", "[callback][async-lift]nova:virt/shares@1.0.0#umount-share", (a0) }
        $crate::export_method! { $component, attach_interface, "[async-lift]nova:virt/interfaces@1.0.0#attach-interface", "[callback][async-lift]nova:virt/interfaces@1.0.0#attach-interface", (a0) }
        $crate::export_method! { $component, detach_interface, "[async-lift]nova:virt/interfaces@1.0.0#detach-interface", "[callback][async-lift]nova:virt/interfaces@1.0.0#detach-interface", (a0) }
        $crate::export_method! { $component, network_binding_host_id, "[async-lift]nova:virt/interfaces@1.0.0#network-binding-host-id", "[callback][async-lift]nova:virt/interfaces@1.0.0#network-binding-host-id", (a0) }
        $crate::export_method! { $component, manages_network_binding_host_id, "[async-lift]nova:virt/interfaces@1.0.0#manages-network-binding-host-id", "[callback][async-lift]nova:virt/interfaces@1.0.0#manages-network-binding-host-id", () }
        $crate::export_method! { $component, migrate_disk_and_power_off, "[async-lift]nova:virt/cold-migration@1.0.0#migrate-disk-and-power-off", "[callback][async-lift]nova:virt/cold-migration@1.0.0#migrate-disk-and-power-off", (a0) }
        $crate::export_method! { $component, finish_migration, "[async-lift]nova:virt/cold-migration@1.0.0#finish-migration", "[callback][async-lift]nova:virt/cold-migration@1.0.0#finish-migration", (a0) }
        $crate::export_method! { $component, confirm_migration, "[async-lift]nova:virt/cold-migration@1.0.0#confirm-migration", "[callback][async-lift]nova:virt/cold-migration@1.0.0#confirm-migration", (a0) }
        $crate::export_method! { $component, finish_revert_migration, "[async-lift]nova:virt/cold-migration@1.0.0#finish-revert-migration", "[callback][async-lift]nova:virt/cold-migration@1.0.0#finish-revert-migration", (a0) }
        $crate::export_method! { $component, check_can_live_migrate_destination, "[async-lift]nova:virt/live-migration@1.0.0#check-can-live-migrate-destination", "[callback][async-lift]nova:virt/live-migration@1.0.0#check-can-live-migrate-destination", (a0) }
        $crate::export_method! { $component, check_can_live_migrate_source, "[async-lift]nova:virt/live-migration@1.0.0#check-can-live-migrate-source", "[callback][async-lift]nova:virt/live-migration@1.0.0#check-can-live-migrate-source", (a0) }
        $crate::export_method! { $component, post_claim_migrate_data, "[async-lift]nova:virt/live-migration@1.0.0#post-claim-migrate-data", "[callback][async-lift]nova:virt/live-migration@1.0.0#post-claim-migrate-data", (a0) }
        $crate::export_method! { $component, check_source_migrate_data_at_dest, "[async-lift]nova:virt/live-migration@1.0.0#check-source-migrate-data-at-dest", "[callback][async-lift]nova:virt/live-migration@1.0.0#check-source-migrate-data-at-dest", (a0) }
        $crate::export_method! { $component, cleanup_live_migration_destination_check, "[async-lift]nova:virt/live-migration@1.0.0#cleanup-live-migration-destination-check", "[callback][async-lift]nova:virt/live-migration@1.0.0#cleanup-live-migration-destination-check", (a0) }
        $crate::export_method! { $component, get_instance_disk_info, "[async-lift]nova:virt/live-migration@1.0.0#get-instance-disk-info", "[callback][async-lift]nova:virt/live-migration@1.0.0#get-instance-disk-info", (a0) }
        $crate::export_method! { $component, pre_live_migration, "[async-lift]nova:virt/live-migration@1.0.0#pre-live-migration", "[callback][async-lift]nova:virt/live-migration@1.0.0#pre-live-migration", (a0) }
        $crate::export_method! { $component, live_migration, "[async-lift]nova:virt/live-migration@1.0.0#live-migration", "[callback][async-lift]nova:virt/live-migration@1.0.0#live-migration", (a0) }
        $crate::export_method! { $component, live_migration_force_complete, "[async-lift]nova:virt/live-migration@1.0.0#live-migration-force-complete", "[callback][async-lift]nova:virt/live-migration@1.0.0#live-migration-force-complete", (a0) }
        $crate::export_method! { $component, live_migration_abort, "[async-lift]nova:virt/live-migration@1.0.0#live-migration-abort", "[callback][async-lift]nova:virt/live-migration@1.0.0#live-migration-abort", (a0) }
        $crate::export_method! { $component, rollback_live_migration_at_source, "[async-lift]nova:virt/live-migration@1.0.0#rollback-live-migration-at-source", "[callback][async-lift]nova:virt/live-migration@1.0.0#rollback-live-migration-at-source", (a0) }
        $crate::export_method! { $component, rollback_live_migration_at_destination, "[async-lift]nova:virt/live-migration@1.0.0#rollback-live-migration-at-destination", "[callback][async-lift]nova:virt/live-migration@1.0.0#rollback-live-migration-at-destination", (a0) }
        $crate::export_method! { $component, post_live_migration, "[async-lift]nova:virt/live-migration@1.0.0#post-live-migration", "[callback][async-lift]nova:virt/live-migration@1.0.0#post-live-migration", (a0) }
        $crate::export_method! { $component, post_live_migration_at_source, "[async-lift]nova:virt/live-migration@1.0.0#post-live-migration-at-source", "[callback][async-lift]nova:virt/live-migration@1.0.0#post-live-migration-at-source", (a0) }
        $crate::export_method! { $component, post_live_migration_at_destination, "[async-lift]nova:virt/live-migration@1.0.0#post-live-migration-at-destination", "[callback][async-lift]nova:virt/live-migration@1.0.0#post-live-migration-at-destination", (a0) }
        $crate::export_method! { $component, check_instance_shared_storage_local, "[async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-local", "[callback][async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-local", (a0) }
        $crate::export_method! { $component, check_instance_shared_storage_remote, "[async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-remote", "[callback][async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-remote", (a0, a1) }
        $crate::export_method! { $component, check_instance_shared_storage_cleanup, "[async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-cleanup", "[callback][async-lift]nova:virt/shared-storage@1.0.0#check-instance-shared-storage-cleanup", (a0, a1) }
        $crate::export_method! { $component, save_state, "[async-lift]nova:virt/persistence@1.0.0#save-state", "[callback][async-lift]nova:virt/persistence@1.0.0#save-state", () }
        $crate::export_method! { $component, restore_state, "[async-lift]nova:virt/persistence@1.0.0#restore-state", "[callback][async-lift]nova:virt/persistence@1.0.0#restore-state", (a0, a1, a2, a3) }
        $crate::export_method! { $component, ensure_filtering_rules_for_instance, "[async-lift]nova:virt/legacy-firewall@1.0.0#ensure-filtering-rules-for-instance", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#ensure-filtering-rules-for-instance", (a0) }
        $crate::export_method! { $component, unfilter_instance, "[async-lift]nova:virt/legacy-firewall@1.0.0#unfilter-instance", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#unfilter-instance", (a0) }
        $crate::export_method! { $component, refresh_instance_security_rules, "[async-lift]nova:virt/legacy-firewall@1.0.0#refresh-instance-security-rules", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#refresh-instance-security-rules", (a0) }
        $crate::export_method! { $component, refresh_provider_fw_rules, "[async-lift]nova:virt/legacy-firewall@1.0.0#refresh-provider-fw-rules", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#refresh-provider-fw-rules", () }
        $crate::export_method! { $component, refresh_security_group_members, "[async-lift]nova:virt/legacy-firewall@1.0.0#refresh-security-group-members", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#refresh-security-group-members", (a0, a1) }
        $crate::export_method! { $component, refresh_security_group_rules, "[async-lift]nova:virt/legacy-firewall@1.0.0#refresh-security-group-rules", "[callback][async-lift]nova:virt/legacy-firewall@1.0.0#refresh-security-group-rules", (a0, a1) }
    };
}
