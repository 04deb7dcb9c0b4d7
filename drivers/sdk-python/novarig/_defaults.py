"""What Nova's base class does where it does more than nothing (``nova/virt/driver.py, ComputeDriver``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from novarig import config
from novarig.types import (
    Capability,
    CheckSourceDataRequest,
    Instance,
    LiveMigrateData,
    PostClaimRequest,
)

if TYPE_CHECKING:
    from novarig._driver import Driver


async def get_nodenames_by_uuid(driver: Driver, refresh: bool) -> list[tuple[str, str]]:
    return []


async def node_is_available(driver: Driver, nodename: str) -> bool:
    return nodename in await driver.get_available_nodes(False) or nodename in await driver.get_available_nodes(True)


async def is_node_deleted(driver: Driver, nodename: str) -> bool:
    return False


async def process_instances_at_startup(driver: Driver, instances: list[Instance]) -> list[Instance]:
    return instances


_TRAITS = {
    Capability.SUPPORTS_MIGRATE_TO_SAME_HOST: "COMPUTE_SAME_HOST_COLD_MIGRATE",
    Capability.SUPPORTS_ATTACH_INTERFACE: "COMPUTE_NET_ATTACH_INTERFACE",
    Capability.SUPPORTS_DEVICE_TAGGING: "COMPUTE_DEVICE_TAGGING",
    Capability.SUPPORTS_TAGGED_ATTACH_INTERFACE: "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG",
    Capability.SUPPORTS_TAGGED_ATTACH_VOLUME: "COMPUTE_VOLUME_ATTACH_WITH_TAG",
    Capability.SUPPORTS_EXTEND_VOLUME: "COMPUTE_VOLUME_EXTEND",
    Capability.SUPPORTS_MULTIATTACH: "COMPUTE_VOLUME_MULTI_ATTACH",
    Capability.SUPPORTS_TRUSTED_CERTS: "COMPUTE_TRUSTED_CERTS",
    Capability.SUPPORTS_ACCELERATORS: "COMPUTE_ACCELERATORS",
    Capability.SUPPORTS_BFV_RESCUE: "COMPUTE_RESCUE_BFV",
    Capability.SUPPORTS_SECURE_BOOT: "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
    Capability.SUPPORTS_SOCKET_PCI_NUMA_AFFINITY: "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
    Capability.SUPPORTS_REMOTE_MANAGED_PORTS: "COMPUTE_REMOTE_MANAGED_PORTS",
    Capability.SUPPORTS_ADDRESS_SPACE_PASSTHROUGH: "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
    Capability.SUPPORTS_ADDRESS_SPACE_EMULATED: "COMPUTE_ADDRESS_SPACE_EMULATED",
    Capability.SUPPORTS_STATELESS_FIRMWARE: "COMPUTE_SECURITY_STATELESS_FIRMWARE",
    Capability.SUPPORTS_VIRTIO_FS: "COMPUTE_STORAGE_VIRTIO_FS",
    Capability.SUPPORTS_MEM_BACKING_FILE: "COMPUTE_MEM_BACKING_FILE",
    Capability.SUPPORTS_EPHEMERAL_ENCRYPTION: "COMPUTE_EPHEMERAL_ENCRYPTION",
    Capability.SUPPORTS_EPHEMERAL_ENCRYPTION_LUKS: "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS",
    Capability.SUPPORTS_EPHEMERAL_ENCRYPTION_PLAIN: "COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN",
    **{
        Capability[f"SUPPORTS_IMAGE_TYPE_{kind}"]: f"COMPUTE_IMAGE_TYPE_{kind}"
        for kind in ("AKI", "AMI", "ARI", "ISO", "QCOW2", "RAW", "VDI", "VHD", "VHDX", "VMDK", "PLOOP")
    },
}
"""The trait that stands for a capability (``CAPABILITY_TRAITS_MAP``). The others have none."""


async def capabilities_as_traits(driver: Driver) -> list[tuple[str, bool]]:
    """From the driver's own capabilities: of a layer that changes them too."""
    capabilities = await driver.capabilities()
    excluded = {f"COMPUTE_IMAGE_TYPE_{kind.upper()}" for kind in config.get().image_type_exclude_list}
    return [(trait, of in capabilities and trait not in excluded) for of, trait in _TRAITS.items()]


async def get_num_instances(driver: Driver) -> int:
    return len(await driver.list_instances())


async def instance_exists(driver: Driver, instance: Instance) -> bool:
    try:
        return instance.uuid in await driver.list_instance_uuids()
    except NotImplementedError:
        return instance.name in await driver.list_instances()


async def instance_on_disk(driver: Driver, instance: Instance) -> bool:
    return False


async def delete_instance_files(driver: Driver, instance: Instance) -> bool:
    return True


async def cleanup_lingering_instance_resources(driver: Driver, instance: Instance) -> bool:
    return True


async def is_supported_fs_format(driver: Driver, fs_type: str) -> bool:
    return False


async def network_binding_host_id(driver: Driver, instance: Instance) -> Optional[str]:
    return instance.host


async def manages_network_binding_host_id(driver: Driver) -> bool:
    return False


async def post_claim_migrate_data(driver: Driver, request: PostClaimRequest) -> LiveMigrateData:
    return request.migrate_data


async def check_source_migrate_data_at_dest(driver: Driver, request: CheckSourceDataRequest) -> LiveMigrateData:
    return request.migrate_data
