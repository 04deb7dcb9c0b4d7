"""The nouns of the contract.

Written by `drivers/bindings` from the contract; not to be changed by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Optional, Union


Uuid = str
"""A UUID in text form, lower case with hyphens."""


class VmState(Enum):
    """Where the server stands in its life, as Nova's `vm_state`."""

    BUILDING = 0
    """Being built; no guest can be relied on yet."""
    ACTIVE = 1
    """Running, or meant to be."""
    PAUSED = 2
    """Paused: the guest stays in memory, its processors stand still."""
    SUSPENDED = 3
    """Suspended to disk."""
    STOPPED = 4
    """Powered off."""
    RESCUED = 5
    """Booted from a rescue image."""
    RESIZED = 6
    """Resized or migrated, waiting for confirmation or revert."""
    SOFT_DELETE = 7
    """Deleted with a deadline up to which it can be restored."""
    DELETED = 8
    """Deleted."""
    ERROR = 9
    """Failed."""
    SHELVED = 10
    """Snapshot taken and powered off, still on its host."""
    SHELVED_OFFLOADED = 11
    """Snapshot taken and gone from its host."""


class PowerState(Enum):
    """What the hypervisor says of a guest. Nova's number in brackets."""

    NOSTATE = 0
    """Nothing is known of a guest (0)."""
    RUNNING = 1
    """Running (1)."""
    PAUSED = 2
    """Paused (3)."""
    SHUTDOWN = 3
    """Powered off (4)."""
    CRASHED = 4
    """Crashed (6)."""
    SUSPENDED = 5
    """Suspended (7)."""


@dataclass
class Flavor:
    """The size of a server."""

    flavorid: str
    """The identifier the API shows, for instance `1` or a UUID."""
    name: str
    """The name, for instance `m1.small`."""
    vcpus: int
    """Virtual processors."""
    memory_mb: int
    """Memory in MiB."""
    root_gb: int
    """Root disk in GiB; 0: as large as the image."""
    ephemeral_gb: int
    """Further local disk in GiB."""
    swap: int
    """Swap in MiB."""
    extra_specs: list[tuple[str, str]] = field(default_factory=list)
    """Free properties (`hw:cpu_policy`, `trait:…`), key and value."""


@dataclass
class GuestNumaCell:
    """A memory node of a guest."""

    id: int
    """Number of the host's memory node; -1: not chosen."""
    cpuset: list[int]
    """The guest's processors that float over the host's shared ones."""
    pcpuset: list[int]
    """The guest's processors that have one of the host's to themselves."""
    memory_mb: int
    """Memory in MiB."""
    pagesize_kb: Optional[int] = None
    """Size of the memory pages in KiB, if it is prescribed."""
    cpu_pinning: list[tuple[int, int]] = field(default_factory=list)
    """Processor of the guest, and processor of the host it is bound to."""
    cpu_policy: Optional[str] = None
    """`shared`, `dedicated` or `mixed`, if it is prescribed."""
    cpu_thread_policy: Optional[str] = None
    """`prefer`, `isolate` or `require`, if it is prescribed."""


@dataclass
class GuestNumaTopology:
    """The memory nodes of a guest."""

    cells: list[GuestNumaCell] = field(default_factory=list)
    """The memory nodes, at least one."""
    emulator_threads_policy: Optional[str] = None
    """`isolate` or `share`: where the threads of the emulator run, if it is prescribed."""


class PciDeviceType(Enum):
    """Kinds of PCI device. Nova's spelling in brackets."""

    STANDARD = 0
    """An ordinary device (`type-PCI`)."""
    SRIOV_PF = 1
    """The physical function of a device that can be divided (`type-PF`)."""
    SRIOV_VF = 2
    """One of its virtual functions (`type-VF`)."""
    VDPA = 3
    """A virtual function with the virtio data path (`vdpa`)."""


class PciDeviceStatus(Enum):
    """What a PCI device is used for. Hosts report `available` only."""

    AVAILABLE = 0
    """Free."""
    CLAIMED = 1
    """Meant for a server that is not there yet."""
    ALLOCATED = 2
    """A server has it."""
    REMOVED = 3
    """Taken out of the host while a server had it."""
    DELETED = 4
    """Not to be used any more."""
    UNCLAIMABLE = 5
    """Cannot be claimed because one of its virtual functions is."""
    UNAVAILABLE = 6
    """Cannot be used because the device it is a part of is in use."""


@dataclass
class PciDevice:
    """A PCI device of a host."""

    address: str
    """Its address on the host, for instance `0000:01:00.0`."""
    vendor_id: str
    """The vendor's number, four hexadecimal digits in lower case."""
    product_id: str
    """The product's number, in the same form."""
    dev_type: PciDeviceType
    """Its kind."""
    status: PciDeviceStatus
    """What it is used for."""
    numa_node: Optional[int] = None
    """The host's memory node it is close to, if that is known."""
    dev_id: Optional[str] = None
    """The hypervisor's own name for it."""
    label: Optional[str] = None
    """For instance `label_8086_10ed`."""
    parent_addr: Optional[str] = None
    """The address of the physical function it is a part of."""
    request_id: Optional[Uuid] = None
    """The request of the server that it answers, once it is claimed."""
    extra_info: list[tuple[str, str]] = field(default_factory=list)
    """Anything else (`parent_ifname`, `capabilities`, `mac_address`), key and value."""


@dataclass
class Instance:
    """A server as the compute manager holds it at the time of the call."""

    uuid: Uuid
    """The server's identifier, the same on every host."""
    name: str
    """The name of the guest for the hypervisor, for instance `instance_00000001`."""
    display_name: str
    """The name its owner gave the server."""
    hostname: str
    """The name the guest has in its network."""
    project_id: str
    """Owning project."""
    user_id: str
    """Owning user."""
    host: Optional[str]
    """The compute host the server is on according to its record; none while nothing is chosen."""
    node: Optional[str]
    """The node of that host."""
    vm_state: VmState
    """State of the record."""
    task_state: Optional[str]
    """The task under way, in Nova's spelling (`spawning`, `resize_migrating`), if any."""
    power_state: PowerState
    """Power state of the record, which may be out of date."""
    flavor: Flavor
    """The flavor in force: in `finish_migration` already the new one, in `finish_revert_migration` the old
    one again. Both are in the `migration`.
    """
    image_ref: Optional[Uuid]
    """The image the server was made of; none when it boots from a volume."""
    root_device_name: Optional[str]
    """The device of the root disk, for instance `/dev/vda`, once it is known."""
    metadata: list[tuple[str, str]]
    """The owner's metadata, key and value."""
    system_metadata: list[tuple[str, str]]
    """The compute service's own notes, key and value."""
    availability_zone: Optional[str]
    """The availability zone it was made in, once it is known."""
    config_drive: bool
    """Is it to have a drive with its configuration?"""
    user_data: Optional[str] = None
    """What its owner gave it to read at the first boot, in base64."""
    key_name: Optional[str] = None
    """The name of its owner's key pair, if it has one."""
    key_data: Optional[str] = None
    """The public key of it."""
    numa_topology: Optional[GuestNumaTopology] = None
    """How it is laid out over the host's memory nodes, if that is prescribed. In a move the one of the host
    that is called.
    """
    pci_devices: list[PciDevice] = field(default_factory=list)
    """The PCI devices of the host that are claimed for it. In a move those of the host that is called."""


@dataclass
class ImageMeta:
    """An image as the image service describes it."""

    id: Optional[Uuid]
    """The image; none for a server that boots from a volume."""
    name: Optional[str]
    """Its name."""
    status: Optional[str]
    """`active`, `queued`, …"""
    container_format: Optional[str]
    """`bare`, `ovf`, …"""
    disk_format: Optional[str]
    """`raw`, `qcow2`, …"""
    min_disk: int
    """Smallest root disk in GiB, 0: any."""
    min_ram: int
    """Smallest memory in MiB, 0: any."""
    size: Optional[int] = None
    """Size in bytes, if known."""
    properties: list[tuple[str, str]] = field(default_factory=list)
    """Properties (`hw_vif_model`, `os_require_quiesce`), key and value."""


@dataclass
class Subnet:
    """A part of a network that addresses are given from."""

    cidr: str
    """For instance `192.168.1.0/24`."""
    gateway: Optional[str] = None
    """The gateway's address, if it has one."""
    fixed_ips: list[str] = field(default_factory=list)
    """Fixed addresses of the interface in this subnet."""
    dns: list[str] = field(default_factory=list)
    """Name servers."""


@dataclass
class Network:
    """A network that an interface is plugged into."""

    id: Uuid
    """The network's identifier."""
    label: str
    """Its name."""
    bridge: Optional[str] = None
    """The bridge on the host, if the network service names one."""
    mtu: Optional[int] = None
    """Largest transfer unit in bytes, if the network service names one."""
    subnets: list[Subnet] = field(default_factory=list)
    """The subnets the interface has addresses in."""


@dataclass
class Vif:
    """A virtual network interface, one for each port."""

    id: Uuid
    """The port's identifier."""
    address: str
    """The MAC address."""
    network: Network
    """Where it is plugged in."""
    vif_type: str
    """How it is to be plugged: `ovs`, `bridge`, `unbound`, …"""
    vnic_type: str
    """`normal`, `direct`, …"""
    devname: Optional[str]
    """The name of the device on the host, if one is fixed."""
    active: bool
    """Is the port up?"""
    preserve_on_delete: bool
    """Does the port outlive the server?"""
    details: list[tuple[str, str]] = field(default_factory=list)
    """Details of the binding, key and value."""
    profile: list[tuple[str, str]] = field(default_factory=list)
    """The binding profile, key and value."""


NetworkInfo = list["Vif"]
"""All interfaces of a server, in order."""


class BlockDeviceSource(Enum):
    """What a block device is made from."""

    BLANK = 0
    """Empty."""
    IMAGE = 1
    """An image."""
    SNAPSHOT = 2
    """A snapshot of a volume."""
    VOLUME = 3
    """A volume."""


class BlockDeviceDestination(Enum):
    """Where a block device lives."""

    LOCAL = 0
    """On the disk of the host."""
    VOLUME = 1
    """In the volume service."""


class LocalEncryptionFormat(Enum):
    """Formats of an encrypted local disk."""

    LUKS = 0
    """With a header that describes it."""
    PLAIN = 1
    """Without."""


@dataclass
class LocalEncryption:
    """How the driver encrypts a local disk."""

    format: LocalEncryptionFormat
    """The format."""
    secret_uuid: Optional[Uuid] = None
    """The secret with the passphrase, once it is made."""
    options: list[tuple[str, str]] = field(default_factory=list)
    """Further options of the format, key and value."""


@dataclass
class BlockDevice:
    """One disk of a server."""

    uuid: Uuid
    """Identifier of the record."""
    source_type: BlockDeviceSource
    """What it is made from."""
    destination_type: BlockDeviceDestination
    """Where it lives."""
    device_name: Optional[str]
    """The name in the guest (`/dev/vdb`), once it is known."""
    boot_index: Optional[int]
    """Place in the boot order, the smallest first; none or negative: not booted from."""
    size: Optional[int]
    """Size in GiB, for swap in MiB, if it is given."""
    volume_id: Optional[Uuid]
    """The volume, if it is one."""
    attachment_id: Optional[Uuid]
    """The volume's attachment, if it is one."""
    connection_info: Optional[str]
    """How to reach the volume: a JSON document of the volume service, free-form there too."""
    disk_bus: Optional[str]
    """`virtio`, `scsi`, … if it is prescribed."""
    device_type: Optional[str]
    """`disk`, `cdrom`, … if it is prescribed."""
    guest_format: Optional[str]
    """The file system of a blank disk, or `swap`."""
    tag: Optional[str]
    """The owner's tag for the device."""
    delete_on_termination: bool
    """Does it go when the server goes?"""
    image_id: Optional[Uuid] = None
    """The image it is made from, if it is."""
    snapshot_id: Optional[Uuid] = None
    """The volume snapshot it is made from, if it is."""
    volume_type: Optional[str] = None
    """The type of the volume, if it is one and a type is prescribed."""
    encryption: Optional[LocalEncryption] = None
    """How a local disk is encrypted; none: not at all."""


@dataclass
class VolumeEncryption:
    """How the volume service has encrypted a volume."""

    provider: Optional[str] = None
    """What does it: `luks`, `plain`, …"""
    control_location: Optional[str] = None
    """Where: `front_end` is this host, `back_end` the storage."""
    cipher: Optional[str] = None
    """For instance `aes_xts_plain64`."""
    key_size: Optional[int] = None
    """Length of the key in bits."""
    encryption_key_id: Optional[Uuid] = None
    """The key in the key manager."""


@dataclass
class AcceleratorRequest:
    """An accelerator that is bound to a server."""

    uuid: Uuid
    """Identifier of the request."""
    device_profile_name: str
    """The device profile it comes from."""
    hostname: Optional[str]
    """The host the accelerator is on."""
    device_rp_uuid: Optional[Uuid]
    """The resource provider it is."""
    state: str
    """`Bound`, `BindFailed`, …"""
    attach_handle_type: Optional[str] = None
    """How it is handed to the guest: `PCI`, `MDEV`, …"""
    attach_handle_info: list[tuple[str, str]] = field(default_factory=list)
    """What the kind needs, for PCI `domain`, `bus`, `device` and `function`; key and value."""


class ShareProtocol(Enum):
    """The protocol a share is reached by."""

    NFS = 0
    """NFS."""
    CEPHFS = 1
    """The file system of Ceph."""


@dataclass
class ShareMapping:
    """A share of the file service that belongs to a server."""

    uuid: Uuid
    """Identifier of the record."""
    instance: Uuid
    """The server."""
    share_id: Uuid
    """The share."""
    status: str
    """Nova's spelling: `attaching`, `inactive`, `active`, `detaching`, `error`."""
    tag: str
    """The name the guest finds it by."""
    export_location: str
    """Where it is, in the form of its protocol."""
    share_proto: ShareProtocol
    """Its protocol."""
    access_type: Optional[str] = None
    """How access was given: `ip`, `cephx`; none: not yet."""
    access_to: Optional[str] = None
    """To whom."""
    access_key: Optional[str] = None
    """The key that goes with it. A secret."""


@dataclass
class BlockDeviceInfo:
    """All disks of a server. Where Nova has four lists, the kind of each tells them apart, as Nova's own
    rules do: a local disk made from an image is the root disk, a local blank one is swap if its format is
    `swap` and else an ephemeral disk, all others are volumes.
    """

    root_device_name: Optional[str] = None
    """The device the server boots from, once it is known."""
    devices: list[BlockDevice] = field(default_factory=list)
    """The disks."""


class MigrationType(Enum):
    """Why a server changes its host or its flavor."""

    MIGRATION = 0
    """A cold migration: another host, the same flavor."""
    RESIZE = 1
    """A resize: another flavor, and another host unless it is one to the same host."""
    LIVE_MIGRATION = 2
    """A live migration."""
    EVACUATION = 3
    """An evacuation from a host that is down."""


@dataclass
class Migration:
    """The record of a move."""

    uuid: Uuid
    """The move's identifier; also the consumer of the allocation held by the old host."""
    migration_type: MigrationType
    """Why."""
    status: str
    """Nova's spelling: `pre_migrating`, `migrating`, `post_migrating`, `finished`, `confirming`, `confirmed`,
    `reverting`, `reverted`, `error`, …
    """
    source_compute: str
    """The host the server comes from."""
    source_node: str
    """The node of it."""
    dest_compute: str
    """The host the server goes to."""
    dest_node: str
    """The node of it."""
    dest_host: str
    """The address of the host the server goes to."""
    old_flavor: Flavor
    """The flavor before the move."""
    new_flavor: Flavor
    """The flavor after it; the same unless it is a resize."""


@dataclass
class ResourceAmount:
    """An amount of one resource class."""

    resource_class: str
    """`VCPU`, `MEMORY_MB`, `DISK_GB`, `CUSTOM_…`"""
    amount: int
    """In the unit of the class (pieces, MiB, GiB)."""


@dataclass
class ProviderAllocation:
    """What a server holds on one resource provider."""

    provider: Uuid
    """The provider."""
    resources: list[ResourceAmount] = field(default_factory=list)
    """What it holds there."""


@dataclass
class InjectedFile:
    """A file to put into the guest's disk before it boots."""

    path: str
    """Path in the guest."""
    contents: bytes = b""
    """What is to be in it."""


@dataclass
class ConsumerAllocations:
    """What one consumer holds on the providers of a tree."""

    consumer: Uuid
    """The server, or the move whose old host is held."""
    project_id: str
    """Its project."""
    user_id: str
    """Its user."""
    generation: Optional[int] = None
    """How often its allocations have changed; none: it has none yet."""
    allocations: list[ProviderAllocation] = field(default_factory=list)
    """What it holds."""


@dataclass
class InstanceInfo:
    """What the hypervisor knows of a guest."""

    state: PowerState
    """Its power state."""
    internal_id: Optional[str] = None
    """The hypervisor's own name for it, if it has one."""


@dataclass
class CpuTopology:
    """How processors are arranged."""

    sockets: int
    """Sockets."""
    cores: int
    """Cores of a socket."""
    threads: int
    """Threads of a core."""


@dataclass
class CpuInfo:
    """The processors of a node."""

    arch: str
    """`x86_64`, `aarch64`, …"""
    model: str
    """Model, for instance `Nehalem`."""
    vendor: str
    """Vendor, for instance `Intel`."""
    features: list[str]
    """Feature flags."""
    topology: CpuTopology
    """Arrangement."""


@dataclass
class SupportedInstance:
    """A kind of guest that a node can run."""

    arch: str
    """Architecture, for instance `x86_64`."""
    hypervisor_type: str
    """Hypervisor type, for instance `kvm`."""
    vm_mode: str
    """`hvm`, `xen`, …"""


@dataclass
class NumaPages:
    """The memory pages of one size that a memory node has."""

    size_kb: int
    """Size in KiB."""
    total: int
    """How many there are."""
    used: int
    """How many are in use."""
    reserved: int
    """How many are kept for the host itself."""


@dataclass
class NumaCell:
    """A memory node of a host."""

    id: int
    """Its number."""
    socket: Optional[int]
    """The processor socket it belongs to, if that is known."""
    cpuset: list[int]
    """Processors that guests share."""
    pcpuset: list[int]
    """Processors that one guest can have to itself."""
    pinned_cpus: list[int]
    """Of these, those that a guest has."""
    cpu_usage: int
    """Processors in use by guests that share."""
    memory_mb: int
    """Memory in MiB."""
    memory_usage_mb: int
    """Memory in use, in MiB."""
    siblings: list[list[int]] = field(default_factory=list)
    """Processors that are threads of the same core, core by core."""
    mempages: list[NumaPages] = field(default_factory=list)
    """Memory pages by size."""


@dataclass
class NodeResources:
    """The numbers of one node."""

    vcpus: int
    """Processors the node has."""
    memory_mb: int
    """Memory the node has, in MiB."""
    local_gb: int
    """Disk the node has, in GiB."""
    vcpus_used: int
    """Processors in use by guests, as far as the driver knows."""
    memory_mb_used: int
    """Memory in use, in MiB."""
    local_gb_used: int
    """Disk in use, in GiB."""
    uuid: Optional[Uuid]
    """The node's identifier, if the driver fixes it; it then wins over any other."""
    hypervisor_type: str
    """For instance `fake` or `QEMU`."""
    hypervisor_version: int
    """Version as one number: 1.2.3 is 1002003."""
    hypervisor_hostname: str
    """Name of the node."""
    disk_available_least: Optional[int]
    """Disk that is left when all sparse images are full, in GiB; may be negative."""
    cpu_info: CpuInfo
    """The processors."""
    supported_instances: list[SupportedInstance] = field(default_factory=list)
    """Kinds of guest it can run."""
    stats: list[tuple[str, str]] = field(default_factory=list)
    """Free numbers for the scheduler, key and value."""
    numa_topology: Optional[list[NumaCell]] = None
    """The memory nodes; none: the driver does not tell."""
    pci_passthrough_devices: list[PciDevice] = field(default_factory=list)
    """The PCI devices that may be given to guests. What the operator does not offer is left out by the
    compute service.
    """


@dataclass
class Inventory:
    """How much of one resource class a provider has to give."""

    resource_class: str
    """`VCPU`, `MEMORY_MB`, `DISK_GB`, `CUSTOM_…`"""
    total: int
    """Capacity before reservation and ratio, in the unit of the class."""
    reserved: int
    """Kept for the host itself."""
    min_unit: int
    """Smallest amount a consumer can have."""
    max_unit: int
    """Largest amount a consumer can have."""
    step_size: int
    """An amount has to be a multiple of this."""
    allocation_ratio: float
    """Overcommit: `(total - reserved) * allocation-ratio` can be consumed."""


@dataclass
class Provider:
    """A resource provider: the node itself or a part of it."""

    uuid: Uuid
    """Identifier; a new one for a provider that is to be made."""
    name: str
    """Unique name. The root of a node's tree has the name of the node."""
    parent: Optional[Uuid] = None
    """The provider it is a part of; none for the root."""
    inventories: list[Inventory] = field(default_factory=list)
    """What it has to give, one for each class."""
    traits: list[str] = field(default_factory=list)
    """Traits: what it can do (`HW_CPU_X86_AVX`, `CUSTOM_…`)."""
    aggregates: list[Uuid] = field(default_factory=list)
    """Aggregates it belongs to."""


ProviderTree = list["Provider"]
"""A node's providers, parents before children."""


class Capability(Enum):
    """What a driver can do. Most become a trait of the node's provider, given in brackets; the others steer
    the compute manager itself.
    """

    HAS_IMAGECACHE = 0
    """Keeps images for later (no trait)."""
    SUPPORTS_EVACUATE = 1
    """Can take over the guests of a dead host (no trait)."""
    SUPPORTS_MIGRATE_TO_SAME_HOST = 2
    """Can cold migrate a guest onto the host it is on (`COMPUTE_SAME_HOST_COLD_MIGRATE`)."""
    SUPPORTS_ATTACH_INTERFACE = 3
    """Can plug an interface into a guest (`COMPUTE_NET_ATTACH_INTERFACE`)."""
    SUPPORTS_DEVICE_TAGGING = 4
    """Can show the guest tags of its devices (`COMPUTE_DEVICE_TAGGING`)."""
    SUPPORTS_TAGGED_ATTACH_INTERFACE = 5
    """The same for interfaces plugged later (`COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG`)."""
    SUPPORTS_TAGGED_ATTACH_VOLUME = 6
    """The same for volumes attached later (`COMPUTE_VOLUME_ATTACH_WITH_TAG`)."""
    SUPPORTS_EXTEND_VOLUME = 7
    """Can grow a volume in use (`COMPUTE_VOLUME_EXTEND`)."""
    SUPPORTS_MULTIATTACH = 8
    """Can attach one volume to several guests (`COMPUTE_VOLUME_MULTI_ATTACH`)."""
    SUPPORTS_TRUSTED_CERTS = 9
    """Checks image certificates (`COMPUTE_TRUSTED_CERTS`)."""
    SUPPORTS_PCPUS = 10
    """Offers dedicated processors (no trait)."""
    SUPPORTS_ACCELERATORS = 11
    """Offers accelerators (`COMPUTE_ACCELERATORS`)."""
    SUPPORTS_BFV_RESCUE = 12
    """Can rescue a server that boots from a volume (`COMPUTE_RESCUE_BFV`)."""
    SUPPORTS_VTPM = 13
    """Offers virtual TPMs (no trait)."""
    SUPPORTS_SECURE_BOOT = 14
    """Offers secure boot (`COMPUTE_SECURITY_UEFI_SECURE_BOOT`)."""
    SUPPORTS_SOCKET_PCI_NUMA_AFFINITY = 15
    """Places PCI devices by socket (`COMPUTE_SOCKET_PCI_NUMA_AFFINITY`)."""
    SUPPORTS_REMOTE_MANAGED_PORTS = 16
    """Offers ports managed by a smart network card (`COMPUTE_REMOTE_MANAGED_PORTS`)."""
    SUPPORTS_ADDRESS_SPACE_PASSTHROUGH = 17
    """`COMPUTE_ADDRESS_SPACE_PASSTHROUGH`."""
    SUPPORTS_ADDRESS_SPACE_EMULATED = 18
    """`COMPUTE_ADDRESS_SPACE_EMULATED`."""
    SUPPORTS_STATELESS_FIRMWARE = 19
    """`COMPUTE_SECURITY_STATELESS_FIRMWARE`."""
    SUPPORTS_VIRTIO_FS = 20
    """`COMPUTE_STORAGE_VIRTIO_FS`."""
    SUPPORTS_MEM_BACKING_FILE = 21
    """`COMPUTE_MEM_BACKING_FILE`."""
    SUPPORTS_EPHEMERAL_ENCRYPTION = 22
    """`COMPUTE_EPHEMERAL_ENCRYPTION`."""
    SUPPORTS_EPHEMERAL_ENCRYPTION_LUKS = 23
    """`COMPUTE_EPHEMERAL_ENCRYPTION_LUKS`."""
    SUPPORTS_EPHEMERAL_ENCRYPTION_PLAIN = 24
    """`COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN`."""
    SUPPORTS_IMAGE_TYPE_AKI = 25
    """Boots images of the format (`COMPUTE_IMAGE_TYPE_AKI`)."""
    SUPPORTS_IMAGE_TYPE_AMI = 26
    """`COMPUTE_IMAGE_TYPE_AMI`."""
    SUPPORTS_IMAGE_TYPE_ARI = 27
    """`COMPUTE_IMAGE_TYPE_ARI`."""
    SUPPORTS_IMAGE_TYPE_ISO = 28
    """`COMPUTE_IMAGE_TYPE_ISO`."""
    SUPPORTS_IMAGE_TYPE_QCOW2 = 29
    """`COMPUTE_IMAGE_TYPE_QCOW2`."""
    SUPPORTS_IMAGE_TYPE_RAW = 30
    """`COMPUTE_IMAGE_TYPE_RAW`."""
    SUPPORTS_IMAGE_TYPE_VDI = 31
    """`COMPUTE_IMAGE_TYPE_VDI`."""
    SUPPORTS_IMAGE_TYPE_VHD = 32
    """`COMPUTE_IMAGE_TYPE_VHD`."""
    SUPPORTS_IMAGE_TYPE_VHDX = 33
    """`COMPUTE_IMAGE_TYPE_VHDX`."""
    SUPPORTS_IMAGE_TYPE_VMDK = 34
    """`COMPUTE_IMAGE_TYPE_VMDK`."""
    SUPPORTS_IMAGE_TYPE_PLOOP = 35
    """`COMPUTE_IMAGE_TYPE_PLOOP`."""


@dataclass
class VolumeConnector:
    """What the volume service has to know of the host to connect a volume to it."""

    ip: str
    """The address of the host for storage."""
    host: str
    """The host's name."""
    initiator: Optional[str] = None
    """iSCSI initiator, if it has one."""
    properties: list[tuple[str, str]] = field(default_factory=list)
    """Anything else a transport needs, key and value."""


class RebootType(Enum):
    """How a guest is rebooted."""

    SOFT = 0
    """The guest's system is asked to restart."""
    HARD = 1
    """The guest is switched off and on."""


@dataclass
class MigrateVif:
    """A port as it is on the destination of a live migration."""

    port_id: Uuid
    """The port."""
    source_vif: Vif
    """The interface on the source."""
    host: Optional[str] = None
    """The destination host, once the port is bound to it."""
    vif_type: Optional[str] = None
    """How it is to be plugged there."""
    vnic_type: Optional[str] = None
    """`normal`, `direct`, …"""
    details: list[tuple[str, str]] = field(default_factory=list)
    """Details of the binding there, key and value."""
    profile: list[tuple[str, str]] = field(default_factory=list)
    """The binding profile there, key and value."""


@dataclass
class LiveMigrateNumaInfo:
    """Where the memory nodes and processors of a guest go on the destination."""

    cpu_pins: list[tuple[int, list[int]]] = field(default_factory=list)
    """Processor of the guest, and the processors of the host it may run on."""
    cell_pins: list[tuple[int, list[int]]] = field(default_factory=list)
    """Memory node of the guest, and the memory nodes of the host it may be on."""
    emulator_pins: list[int] = field(default_factory=list)
    """Processors of the host for the threads of the emulator."""
    sched_vcpus: list[int] = field(default_factory=list)
    """Processors of the guest that run in real time."""
    sched_priority: Optional[int] = None
    """Their priority; none: none runs in real time."""


@dataclass
class VtpmSecret:
    """The secret of a guest's virtual TPM on its way to the destination."""

    uuid: Optional[Uuid] = None
    """The secret in the key manager."""
    value: Optional[str] = None
    """Its value. A secret."""


@dataclass
class LiveMigrateData:
    """What source and destination of a live migration tell each other. It begins in
    `check_can_live_migrate_destination`, every later call gets what the one before it answered, and the
    compute manager reads and completes it on the way. `none`: nobody has said so far, which in some places
    counts as no and in some as "an old host".
    """

    is_shared_instance_path: bool
    """Are the instance's files on storage that both hosts see? If so, nothing has to be removed on the source
    afterwards, and nothing on the destination when it fails.
    """
    is_shared_block_storage: bool
    """Are its disks on storage that both hosts see, even if other files are not?"""
    is_volume_backed: Optional[bool] = None
    """Does it boot from a volume?"""
    block_migration: Optional[bool] = None
    """Are local disks copied?"""
    disk_over_commit: Optional[bool] = None
    """May more disk be promised than the destination has?"""
    disk_available_mb: Optional[int] = None
    """Free disk on the destination in MiB; may be negative."""
    migration: Optional[Migration] = None
    """The move."""
    old_vol_attachment_ids: list[tuple[Uuid, Uuid]] = field(default_factory=list)
    """Volume, and the attachment it had on the source; for the way back."""
    wait_for_vif_plugged: Optional[bool] = None
    """Does the source wait for the interfaces to be plugged on the destination before it sends the guest?"""
    vifs: Optional[list[MigrateVif]] = None
    """The interfaces with their bindings on the destination; none: there are no such bindings."""
    pci_dev_map_src_dst: Optional[list[tuple[str, str]]] = None
    """Address of a PCI device on the source, and of the one that takes its place."""
    src_supports_numa_live_migration: Optional[bool] = None
    """Can the source move a guest that is bound to memory nodes?"""
    dst_supports_numa_live_migration: Optional[bool] = None
    """Can the destination?"""
    dst_numa_info: Optional[LiveMigrateNumaInfo] = None
    """Where its memory nodes go. If present, the source is cleaned up afterwards."""
    dst_supports_mdev_live_migration: Optional[bool] = None
    """Can the destination move mediated devices?"""
    source_mdev_types: list[tuple[Uuid, str]] = field(default_factory=list)
    """Mediated device on the source, and its type."""
    target_mdevs: Optional[list[tuple[Uuid, Uuid]]] = None
    """Mediated device on the source, and the one that takes its place. If present, the source is cleaned up
    afterwards.
    """
    vtpm_secret: Optional[VtpmSecret] = None
    """The secret of its virtual TPM. If present, the source is cleaned up afterwards."""
    properties: list[tuple[str, str]] = field(default_factory=list)
    """What only the driver reads (addresses to listen on, disk buses, …), key and value."""


@dataclass
class InstanceDisk:
    """A local disk of a guest that has to be copied in a live migration."""

    disk_type: str
    """Format: `raw`, `qcow2`, …"""
    path: str
    """Where it is on the source."""
    virt_disk_size: int
    """Its size for the guest, in bytes."""
    backing_file: Optional[str]
    """The image it stands on, if it does."""
    disk_size: int
    """The room it takes, in bytes."""
    over_committed_disk_size: int
    """The room it may take beyond that, in bytes."""


@dataclass
class ComputeInfo:
    """A compute node as its record has it."""

    host: str
    """The compute host that looks after it."""
    host_ip: Optional[str]
    """The address of that host."""
    node: NodeResources
    """Its numbers."""


@dataclass
class SchedulerLimits:
    """What a guest may take of a host, beyond what placement counts. `none`: no limit."""

    vcpu: Optional[int] = None
    """Processors."""
    memory_mb: Optional[int] = None
    """Memory in MiB."""
    disk_gb: Optional[int] = None
    """Disk in GiB."""
    numa_cpu_allocation_ratio: Optional[float] = None
    """Overcommit of the processors of a memory node."""
    numa_ram_allocation_ratio: Optional[float] = None
    """Overcommit of the memory of a memory node."""


@dataclass
class LiveMigrationClaim:
    """What the destination has claimed for a guest that arrives."""

    numa_topology: Optional[GuestNumaTopology] = None
    """Its memory nodes, if it has any."""
    pci_devices: list[PciDevice] = field(default_factory=list)
    """Its PCI devices."""


@dataclass
class InstanceVolumes:
    """The volumes of one server on this host."""

    instance: Instance
    """The server."""
    bdms: list[BlockDevice] = field(default_factory=list)
    """Its volumes."""


class HostPower(Enum):
    """What os-hosts can ask of a host."""

    STARTUP = 0
    """Switch it on."""
    SHUTDOWN = 1
    """Switch it off."""
    REBOOT = 2
    """Restart it."""


class TargetPowerState(Enum):
    """The power state that an external event wishes."""

    POWER_ON = 0
    """`POWER_ON`."""
    POWER_OFF = 1
    """`POWER_OFF`."""


@dataclass
class ProviderTreeUpdate:
    """What `update_provider_tree` wants."""

    tree: ProviderTree = field(default_factory=list)
    """The tree as it is to be."""
    allocations: Optional[list[ConsumerAllocations]] = None
    """The allocations as they are to be, if they were given; all of them, changed or not."""


@dataclass
class HostCpuStats:
    """What the processors of a host did since it was started."""

    kernel: int
    """Time in the kernel, in nanoseconds."""
    idle: int
    """Time idle, in nanoseconds."""
    user: int
    """Time in programs, in nanoseconds."""
    iowait: int
    """Time waiting for disks, in nanoseconds."""
    frequency: int
    """Frequency at present, in MHz."""


@dataclass
class Console:
    """Where a console can be reached."""

    host: str
    """The host."""
    port: int
    """The port."""
    internal_access_path: Optional[str] = None
    """What the proxy has to ask for on that port, if it has to."""
    tls_port: Optional[int] = None
    """The port for TLS, only for SPICE."""


@dataclass
class DiagnosticValue_Null:
    """Not known."""


@dataclass
class DiagnosticValue_Boolean:
    """Yes or no."""

    value: bool


@dataclass
class DiagnosticValue_Integer:
    """A whole number."""

    value: int


@dataclass
class DiagnosticValue_Float:
    """Any other number."""

    value: float


@dataclass
class DiagnosticValue_Text:
    """A text."""

    value: str


DiagnosticValue = Union[DiagnosticValue_Null, DiagnosticValue_Boolean, DiagnosticValue_Integer, DiagnosticValue_Float, DiagnosticValue_Text]
"""A value in the free diagnostics of a guest."""


@dataclass
class CpuDiagnostics:
    """A processor of a guest."""

    id: Optional[int] = None
    """Its number."""
    time: Optional[int] = None
    """Time it ran, in nanoseconds."""
    utilisation: Optional[int] = None
    """How busy it is, in per cent."""


@dataclass
class NicDiagnostics:
    """A network interface of a guest."""

    mac_address: Optional[str] = None
    """The MAC address."""
    rx_octets: Optional[int] = None
    """Bytes received."""
    rx_errors: Optional[int] = None
    """Packets received wrong."""
    rx_drop: Optional[int] = None
    """Packets received and dropped."""
    rx_packets: Optional[int] = None
    """Packets received."""
    rx_rate: Optional[int] = None
    """Rate of receiving in bits a second."""
    tx_octets: Optional[int] = None
    """Bytes sent."""
    tx_errors: Optional[int] = None
    """Packets sent wrong."""
    tx_drop: Optional[int] = None
    """Packets dropped instead of sent."""
    tx_packets: Optional[int] = None
    """Packets sent."""
    tx_rate: Optional[int] = None
    """Rate of sending in bits a second."""


@dataclass
class DiskDiagnostics:
    """A disk of a guest."""

    read_bytes: Optional[int] = None
    """Bytes read."""
    read_requests: Optional[int] = None
    """Requests to read."""
    write_bytes: Optional[int] = None
    """Bytes written."""
    write_requests: Optional[int] = None
    """Requests to write."""
    errors_count: Optional[int] = None
    """Errors."""


@dataclass
class MemoryDiagnostics:
    """The memory of a guest."""

    maximum: Optional[int] = None
    """What it may have, in MiB."""
    used: Optional[int] = None
    """What it uses, in MiB."""


@dataclass
class InstanceDiagnostics:
    """How a guest does, in the form of all drivers. The numbers of processors, interfaces and disks are those
    of the lists.
    """

    state: PowerState
    """Its power state."""
    driver: str
    """The driver: `libvirt`, `vmwareapi`, `ironic`, …"""
    hypervisor: Optional[str]
    """The hypervisor, for instance `kvm`."""
    hypervisor_os: Optional[str]
    """The system of the host."""
    uptime: Optional[int]
    """Seconds since it was started."""
    config_drive: bool
    """Has it a drive with its configuration?"""
    memory_details: MemoryDiagnostics
    """Its memory."""
    cpu_details: list[CpuDiagnostics] = field(default_factory=list)
    """Its processors."""
    nic_details: list[NicDiagnostics] = field(default_factory=list)
    """Its interfaces."""
    disk_details: list[DiskDiagnostics] = field(default_factory=list)
    """Its disks."""


@dataclass
class VolumeUsage:
    """How much a volume was used since it was attached."""

    volume: Uuid
    """The volume."""
    instance: Uuid
    """The server it is attached to."""
    rd_req: int
    """Requests to read."""
    rd_bytes: int
    """Bytes read."""
    wr_req: int
    """Requests to write."""
    wr_bytes: int
    """Bytes written."""


@dataclass
class DiskCounters:
    """How much a disk was used since it was attached."""

    rd_req: int
    """Requests to read."""
    rd_bytes: int
    """Bytes read."""
    wr_req: int
    """Requests to write."""
    wr_bytes: int
    """Bytes written."""
    flush_operations: Optional[int] = None
    """Requests to flush, or that had to wait; none: not counted."""


class RollbackStatus(Enum):
    """How a rolled back live migration is recorded: the status of the move."""

    FAILED = 0
    """`failed`: it did not succeed by itself."""
    CANCELLED = 1
    """`cancelled`: `live_migration_abort` ended it."""
    ERROR = 2
    """`error`: something went wrong that should not."""


@dataclass
class LiveMigrationOutcome_Completed:
    """The guest is on the destination."""


@dataclass
class LiveMigrationOutcome_RolledBack:
    """The guest is still here."""

    value: RollbackStatus


LiveMigrationOutcome = Union[LiveMigrationOutcome_Completed, LiveMigrationOutcome_RolledBack]
"""How a live migration ended."""


@dataclass
class SavedVolume:
    """A volume that is attached to a guest."""

    mountpoint: str
    """The device in the guest, for instance `/dev/vdb`."""
    connection_info: str
    """How to reach it: a JSON document of the volume service."""


@dataclass
class SavedGuest:
    """A guest as another driver can take it over."""

    uuid: Uuid
    """The server."""
    name: str
    """The name of the guest."""
    state: PowerState
    """Its power state."""
    flavor: Flavor
    """The size it has."""
    network_info: NetworkInfo = field(default_factory=list)
    """Its interfaces."""
    volumes: list[SavedVolume] = field(default_factory=list)
    """Its volumes."""


@dataclass
class SavedEntry:
    """Something that only drivers and layers of one name understand."""

    component: str
    """The component it is from, by the name it has in the stack."""
    key: str
    """Name of the entry."""
    value: bytes = b""
    """The value, in a form of the component's own."""


@dataclass
class DriverState:
    """All that a driver knows."""

    guests: list[SavedGuest] = field(default_factory=list)
    """Its guests."""
    entries: list[SavedEntry] = field(default_factory=list)
    """What goes beyond that."""


@dataclass
class SpawnRequest:
    """Everything `spawn` has to know."""

    instance: Instance
    """The server."""
    image_meta: ImageMeta
    """The image to boot."""
    injected_files: list[InjectedFile]
    """Files to put into it."""
    admin_password: Optional[str]
    """Password of the administrator, if one is to be set."""
    allocations: list[ProviderAllocation]
    """What the server holds in placement."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    power_on: bool
    """Is the guest to run, or only to exist?"""
    accel_info: list[AcceleratorRequest] = field(default_factory=list)
    """Its accelerators."""


@dataclass
class DestroyRequest:
    """Everything `destroy` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    destroy_disks: bool
    """Do local disks go too? False if another host uses them."""
    destroy_secrets: bool
    """Do stored secrets (encryption, TPM) go too?"""


@dataclass
class CleanupRequest:
    """Everything `cleanup` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    destroy_disks: bool
    """Do local disks go too?"""
    destroy_vifs: bool
    """Are the interfaces unplugged too?"""
    destroy_secrets: bool
    """Do stored secrets go too?"""
    migrate_data: Optional[LiveMigrateData] = None
    """After a live migration: what source and destination told each other."""


@dataclass
class DeviceNamesRequest:
    """Everything `default_device_names_for_instance` has to know."""

    instance: Instance
    """The server."""
    root_device_name: str
    """The device of the root disk."""
    devices: list[BlockDevice] = field(default_factory=list)
    """The disks to name."""


@dataclass
class RebootRequest:
    """Everything `reboot` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    reboot_type: RebootType
    """How."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    accel_info: list[AcceleratorRequest] = field(default_factory=list)
    """Its accelerators."""
    share_info: list[ShareMapping] = field(default_factory=list)
    """Its shares, mounted."""


@dataclass
class MigrateDiskAndPowerOffRequest:
    """Everything `migrate_disk_and_power_off` has to know."""

    instance: Instance
    """The server, still with its old flavor."""
    dest: str
    """The address of the host it goes to."""
    flavor: Flavor
    """The new flavor."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    timeout: int
    """Seconds the guest has to shut down by itself; 0: it is switched off."""
    retry_interval: int
    """Seconds between two requests to shut down."""


@dataclass
class FinishMigrationRequest:
    """Everything `finish_migration` has to know."""

    migration: Migration
    """The move."""
    instance: Instance
    """The server, already with its new flavor."""
    disk_info: Optional[str]
    """What `migrate_disk_and_power_off` answered on the source."""
    network_info: NetworkInfo
    """Its interfaces."""
    image_meta: ImageMeta
    """Its image."""
    resize_instance: bool
    """Do disks change their size?"""
    allocations: list[ProviderAllocation]
    """What the server holds in placement on this host."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    power_on: bool
    """Is the guest to run? False if the server was stopped."""


@dataclass
class FinishRevertMigrationRequest:
    """Everything `finish_revert_migration` has to know."""

    instance: Instance
    """The server, again with its old flavor."""
    network_info: NetworkInfo
    """Its interfaces."""
    migration: Migration
    """The move that is taken back."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    power_on: bool
    """Is the guest to run? False if the server was stopped."""


@dataclass
class RebuildRequest:
    """Everything `rebuild` has to know."""

    instance: Instance
    """The server."""
    image_meta: ImageMeta
    """The image to boot from now on."""
    injected_files: list[InjectedFile]
    """Files to put into it."""
    admin_password: Optional[str]
    """Password of the administrator, if one is to be set."""
    allocations: list[ProviderAllocation]
    """What the server holds in placement."""
    bdms: list[BlockDevice]
    """Its disks as recorded, whether connected or not."""
    network_info: NetworkInfo
    """Its interfaces."""
    evacuate: bool
    """Does it come from a host that is down? Then there is no guest to remove."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    preserve_ephemeral: bool
    """Is the ephemeral disk to be kept as it is?"""
    accel_uuids: list[Uuid]
    """Its accelerator requests."""
    reimage_boot_volume: bool
    """Is the volume it boots from to be written anew?"""


@dataclass
class PowerOnRequest:
    """Everything `power_on` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    accel_info: list[AcceleratorRequest] = field(default_factory=list)
    """Its accelerators."""
    share_info: list[ShareMapping] = field(default_factory=list)
    """Its shares, mounted."""


@dataclass
class ResumeRequest:
    """Everything `resume` and `resume_state_on_host_boot` have to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    share_info: list[ShareMapping] = field(default_factory=list)
    """Its shares, mounted."""


@dataclass
class RescueRequest:
    """Everything `rescue` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    image_meta: ImageMeta
    """The image to boot for the rescue."""
    rescue_password: str
    """Password of the administrator while it is rescued."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    share_info: list[ShareMapping] = field(default_factory=list)
    """Its shares, mounted."""


@dataclass
class DeviceNameRequest:
    """Everything `get_device_name_for_instance` has to know."""

    instance: Instance
    """The server."""
    bdms: list[BlockDevice]
    """The disks it has."""
    device: BlockDevice
    """The one that needs a name."""


@dataclass
class AttachVolumeRequest:
    """Everything `attach_volume` has to know."""

    connection_info: str
    """How to reach the volume: a JSON document of the volume service, free-form there too."""
    instance: Instance
    """The server."""
    mountpoint: str
    """The device in the guest, for instance `/dev/vdb`."""
    disk_bus: Optional[str] = None
    """`virtio`, `scsi`, … if it is prescribed."""
    device_type: Optional[str] = None
    """`disk`, `cdrom`, … if it is prescribed."""
    encryption: Optional[VolumeEncryption] = None
    """How the volume is encrypted, if it is."""


@dataclass
class DetachVolumeRequest:
    """Everything `detach_volume` has to know."""

    connection_info: str
    """How to reach the volume: a JSON document of the volume service, free-form there too."""
    instance: Instance
    """The server."""
    mountpoint: str
    """The device in the guest, for instance `/dev/vdb`."""
    encryption: Optional[VolumeEncryption] = None
    """How the volume is encrypted, if it is."""


@dataclass
class SwapVolumeRequest:
    """Everything `swap_volume` has to know."""

    old_connection_info: str
    """How to reach the present volume: a JSON document of the volume service."""
    new_connection_info: str
    """How to reach the one that takes its place: likewise."""
    instance: Instance
    """The server."""
    mountpoint: str
    """The device in the guest, for instance `/dev/vdb`."""
    resize_to: int
    """The new size in GiB; 0: the same."""


@dataclass
class ExtendVolumeRequest:
    """Everything `extend_volume` has to know."""

    connection_info: str
    """How to reach the volume: a JSON document of the volume service, free-form there too."""
    instance: Instance
    """The server."""
    requested_size: int
    """The new size in bytes."""


@dataclass
class CheckDestinationRequest:
    """Everything `check_can_live_migrate_destination` has to know."""

    instance: Instance
    """The server."""
    src_compute_info: ComputeInfo
    """The node it is on."""
    dst_compute_info: ComputeInfo
    """The node it is to go to."""
    block_migration: Optional[bool] = None
    """Are local disks to be copied? None: the driver decides."""
    disk_over_commit: Optional[bool] = None
    """May more disk be promised than the destination has? None: nobody said so."""


@dataclass
class CheckSourceRequest:
    """Everything `check_can_live_migrate_source` has to know."""

    instance: Instance
    """The server."""
    dest_check_data: LiveMigrateData
    """What `check_can_live_migrate_destination` answered."""
    block_device_info: BlockDeviceInfo
    """Its disks."""


@dataclass
class PostClaimRequest:
    """Everything `post_claim_migrate_data` has to know."""

    instance: Instance
    """The server."""
    migrate_data: LiveMigrateData
    """What source and destination told each other."""
    claim: LiveMigrationClaim
    """What is claimed on the destination."""


@dataclass
class CheckSourceDataRequest:
    """Everything `check_source_migrate_data_at_dest` has to know."""

    instance: Instance
    """The server."""
    migrate_data: LiveMigrateData
    """What source and destination told each other."""
    migration: Migration
    """The move."""
    limits: Optional[SchedulerLimits] = None
    """What the guest may take of the destination; none: no limits."""
    allocs: list[ProviderAllocation] = field(default_factory=list)
    """What the server holds in placement on the destination."""


@dataclass
class PreLiveMigrationRequest:
    """Everything `pre_live_migration` has to know."""

    instance: Instance
    """The server."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    network_info: NetworkInfo
    """Its interfaces."""
    disk_info: Optional[list[InstanceDisk]]
    """The local disks to copy, as `get_instance_disk_info` answered on the source; none if nothing is copied."""
    migrate_data: LiveMigrateData
    """What source and destination told each other."""


@dataclass
class LiveMigrationRequest:
    """Everything `live_migration` has to know."""

    instance: Instance
    """The server."""
    dest: str
    """The name of the destination host."""
    block_migration: bool
    """Are local disks copied?"""
    migrate_data: LiveMigrateData
    """What source and destination told each other."""


@dataclass
class RollbackAtDestinationRequest:
    """Everything `rollback_live_migration_at_destination` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    destroy_disks: bool
    """Do local disks go too? False if the source uses them."""
    migrate_data: Optional[LiveMigrateData] = None
    """What source and destination told each other, as far as they came."""


@dataclass
class PostLiveMigrationRequest:
    """Everything `post_live_migration` has to know."""

    instance: Instance
    """The server."""
    block_device_info: BlockDeviceInfo
    """Its disks."""
    migrate_data: LiveMigrateData
    """What source and destination told each other."""


@dataclass
class PostAtDestinationRequest:
    """Everything `post_live_migration_at_destination` has to know."""

    instance: Instance
    """The server."""
    network_info: NetworkInfo
    """Its interfaces."""
    block_migration: bool
    """Were local disks copied?"""
    block_device_info: BlockDeviceInfo
    """Its disks."""


class Level(Enum):
    """How important it is."""

    DEBUG = 0
    """For whoever works on the driver."""
    INFO = 1
    """Ordinary events."""
    WARNING = 2
    """Something is not as it should be."""
    ERROR = 3
    """Something failed."""
    CRITICAL = 4
    """The last words before the end: a panic's message. They appear in the error that the caller gets."""


@dataclass
class InventoryPolicy:
    """Ratio and reserve for one resource class."""

    allocation_ratio: Optional[float]
    """The ratio the operator has fixed (`cpu_allocation_ratio`), if so."""
    initial_allocation_ratio: float
    """The ratio of an inventory that has none yet (`initial_cpu_allocation_ratio`)."""
    reserved: int
    """Kept for the host, in the unit of the class (`reserved_host_memory_mb`; for disk GiB, rounded up)."""


@dataclass
class ComputeConfig:
    """The configuration."""

    host: str
    """Name of the compute host."""
    my_ip: str
    """Its address (`my_ip`)."""
    my_block_storage_ip: str
    """Its address for storage (`my_block_storage_ip`)."""
    vcpu: InventoryPolicy
    """For `VCPU`."""
    memory_mb: InventoryPolicy
    """For `MEMORY_MB`."""
    disk_gb: InventoryPolicy
    """For `DISK_GB`."""
    image_type_exclude_list: list[str]
    """Image formats that count as not supported (`image_type_exclude_list`), in lower case."""
    live_migration_wait_for_vif_plug: bool
    """Does a live migration wait for interfaces to be plugged on the destination
    (`live_migration_wait_for_vif_plug`)?
    """
    vif_plugging_timeout: int
    """How long to wait for interfaces to be plugged, in seconds (`vif_plugging_timeout`); 0: not at all."""
    vif_plugging_is_fatal: bool
    """Is it an error if they are not plugged by then (`vif_plugging_is_fatal`)?"""


@dataclass
class InstanceEvent:
    """An event from outside that a driver may wait for."""

    name: str
    """For instance `network_vif_plugged`."""
    tag: str
    """What it is about, for instance the port."""


@dataclass
class EventError_Timeout:
    """Not all events came in time."""


@dataclass
class EventError_Failed:
    """This event came and said that its cause failed."""

    value: InstanceEvent


EventError = Union[EventError_Timeout, EventError_Failed]
"""Why a wait did not end well."""


class LifecycleTransition(Enum):
    """What has become of a guest. Nova's number in brackets."""

    STARTED = 0
    """It runs (0)."""
    STOPPED = 1
    """It is switched off (1)."""
    PAUSED = 2
    """It is paused (2)."""
    RESUMED = 3
    """It runs again (3)."""
    SUSPENDED = 4
    """It is suspended (4)."""
    POSTCOPY_STARTED = 5
    """A live migration has switched over and fetches the rest of the memory (5)."""
    MIGRATION_COMPLETED = 6
    """A live migration has sent everything (6)."""


@dataclass
class LifecycleEvent:
    """Something that happened to a guest without the compute manager having asked for it."""

    instance: Uuid
    """The server."""
    transition: LifecycleTransition
    """What happened."""
    timestamp: Optional[int] = None
    """When, in microseconds since 1970-01-01 00:00 UTC; none: now."""


class DriverTask(Enum):
    """The tasks that a driver may set itself. While a server is being shelved the compute manager replaces
    those of a snapshot with those of shelving.
    """

    IMAGE_PENDING_UPLOAD = 0
    """The guest's disk is read (`image_pending_upload`)."""
    IMAGE_UPLOADING = 1
    """The image is on its way (`image_uploading`)."""
    REBUILD_BLOCK_DEVICE_MAPPING = 2
    """Volumes are exchanged in a rebuild (`rebuild_block_device_mapping`)."""
    REBUILD_SPAWNING = 3
    """The guest is made again in a rebuild (`rebuild_spawning`)."""


@dataclass
class InstanceReason:
    """A reason that concerns one server."""

    instance: Uuid
    """The server."""
    reason: str
    """Why, for a person."""


@dataclass
class ImageReason:
    """A reason that concerns one image."""

    image: Uuid
    """The image."""
    reason: str
    """Why, for a person."""


@dataclass
class TaskStateConflict:
    """A state of the record that is not the one that was expected."""

    instance: Uuid
    """The server."""
    expected: str
    """The expected task state, for a person."""
    actual: str
    """The one that was found."""


@dataclass
class QosNetwork:
    """A network whose quality-of-service policy is in the way."""

    instance: Uuid
    """The server."""
    network: Uuid
    """The network."""


@dataclass
class VideoMemory:
    """Video memory asked for and allowed."""

    requested: int
    """Asked for, in MiB."""
    maximum: int
    """Allowed by the flavor, in MiB."""


@dataclass
class EncryptedVolume:
    """A volume that cannot be encrypted."""

    volume_type: str
    """The type of the volume."""
    volume: Uuid
    """The volume."""


@dataclass
class FlatError:
    """An exception flattened, because no type of the contract may contain itself."""

    class_name: str
    """Nova's name of the exception class, for instance `NovaException`."""
    message: str
    """Its formatted message."""
    code: int
    """Its code, as for HTTP; 500 unless the class has another."""


@dataclass
class UnexpectedError:
    """An exception that is no Nova exception: a defect, or an answer of the hypervisor that nobody foresaw."""

    class_name: str
    """Name of the class, for instance `libvirtError`."""
    message: str
    """Its text."""


@dataclass
class PathReason:
    """A reason that concerns one path."""

    path: str
    """The path."""
    reason: str
    """Why, for a person."""


@dataclass
class DeviceReason:
    """A reason that concerns one device of a guest."""

    device: str
    """The device, for instance `vdb` or a port's address."""
    reason: str
    """Why, for a person."""


@dataclass
class ShareReason:
    """A reason that concerns one share and the server it belongs to."""

    share: Uuid
    """The share."""
    instance: Uuid
    """The server."""
    reason: str
    """Why, for a person."""


@dataclass
class StateConflict:
    """A server in a state in which something cannot be done."""

    instance: Uuid
    """The server."""
    attr: str
    """What it is a state of: `vm_state`, `task_state`, `power_state`."""
    state: str
    """The state, in Nova's spelling."""
    method: str
    """What cannot be done."""


@dataclass
class OptionConflict:
    """An operation that the configuration forbids."""

    operation: str
    """The operation, for a person."""
    option_name: str
    """The option."""


@dataclass
class InstanceHost:
    """A server and a host."""

    instance: Uuid
    """The server."""
    host: str
    """The host."""
