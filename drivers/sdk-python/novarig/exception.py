"""What a driver may raise, by Nova's names (`nova/exception.py`).

`NotImplementedError` is Python's own. An exception that is none of these is a defect of the driver, and reaches
the compute manager as such, with its traceback.

Written by `drivers/bindings` from the contract; not to be changed by hand.
"""

from __future__ import annotations

from novarig import _errors, types
from novarig._errors import (
    InstanceFaultRollback,
    NovaException,
    OtherNovaException,
    UnexpectedException,
)


class InstanceNotFound(NovaException):
    """`InstanceNotFound` (404), of this server: "Instance <uuid> could not be found." """

    code = 404
    msg_fmt = "Instance {instance_id} could not be found."

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class InstanceExists(NovaException):
    """`InstanceExists`, a message."""

    code = 500
    msg_fmt = "{message}"

    def __init__(self, message: str) -> None:
        super().__init__(None, message=message)


class InstancePowerOffFailure(NovaException):
    """`InstancePowerOffFailure`, the reason: "Failed to power off instance: <reason>"."""

    code = 500
    msg_fmt = "Failed to power off instance: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class ComputeResourcesUnavailable(NovaException):
    """`ComputeResourcesUnavailable` (400), the reason: "Insufficient compute resources: <reason>." """

    code = 400
    msg_fmt = "Insufficient compute resources: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class BuildAbortException(NovaException):
    """`BuildAbortException`: "Build of instance <uuid> aborted: <reason>". No other host is tried."""

    code = 500
    msg_fmt = "Build of instance {instance} aborted: {reason}"

    def __init__(self, instance: str, reason: str) -> None:
        super().__init__(None, instance=instance, reason=reason)


class UnexpectedTaskStateError(NovaException):
    """`UnexpectedTaskStateError`: somebody else has changed the server's task."""

    code = 500
    msg_fmt = "{instance} {expected} {actual}"

    def __init__(self, instance: str, expected: str, actual: str) -> None:
        super().__init__(None, instance=instance, expected=expected, actual=actual)


class UnexpectedDeletingTaskStateError(NovaException):
    """`UnexpectedDeletingTaskStateError`: the server is being deleted meanwhile."""

    code = 500
    msg_fmt = "{instance} {expected} {actual}"

    def __init__(self, instance: str, expected: str, actual: str) -> None:
        super().__init__(None, instance=instance, expected=expected, actual=actual)


class NoMoreFixedIps(NovaException):
    """`NoMoreFixedIps`, of this network: "No fixed IP addresses available for network: <net>"."""

    code = 500
    msg_fmt = "No fixed IP addresses available for network: {network}"

    def __init__(self, network: str) -> None:
        super().__init__(None, network=network)


class ExternalNetworkAttachForbidden(NovaException):
    """`ExternalNetworkAttachForbidden` (403), of this network."""

    code = 403
    msg_fmt = "{network}"

    def __init__(self, network: str) -> None:
        super().__init__(None, network=network)


class VirtualInterfaceCreateException(NovaException):
    """`VirtualInterfaceCreateException`, a message; Nova's own is "Virtual Interface creation failed"."""

    code = 500
    msg_fmt = "{message}"

    def __init__(self, message: str = "Virtual Interface creation failed") -> None:
        super().__init__(None, message=message)


class VirtualInterfaceMacAddressException(NovaException):
    """`VirtualInterfaceMacAddressException`: "Creation of virtual interface with unique mac address failed"."""

    code = 500
    msg_fmt = "Creation of virtual interface with unique mac address failed"

    def __init__(self) -> None:
        super().__init__(None)


class VirtualInterfacePlugException(NovaException):
    """`VirtualInterfacePlugException`, a message; Nova's own is "Virtual interface plugin failed"."""

    code = 500
    msg_fmt = "{message}"

    def __init__(self, message: str = "Virtual interface plugin failed") -> None:
        super().__init__(None, message=message)


class FixedIpInvalidOnHost(NovaException):
    """`FixedIpInvalidOnHost` (400), of this port."""

    code = 400
    msg_fmt = "{port}"

    def __init__(self, port: str) -> None:
        super().__init__(None, port=port)


class UnableToAutoAllocateNetwork(NovaException):
    """`UnableToAutoAllocateNetwork` (400), for this project."""

    code = 400
    msg_fmt = "{project}"

    def __init__(self, project: str) -> None:
        super().__init__(None, project=project)


class NetworksWithQoSPolicyNotSupported(NovaException):
    """`NetworksWithQoSPolicyNotSupported` (400)."""

    code = 400
    msg_fmt = "{instance} {network}"

    def __init__(self, instance: str, network: str) -> None:
        super().__init__(None, instance=instance, network=network)


class VTPMSecretForbidden(NovaException):
    """`VTPMSecretForbidden` (403), a message."""

    code = 403
    msg_fmt = "{message}"

    def __init__(self, message: str) -> None:
        super().__init__(None, message=message)


class FlavorDiskTooSmall(NovaException):
    """`FlavorDiskTooSmall`, a message; Nova's own is "The created instance's disk would be too small." """

    code = 500
    msg_fmt = "{message}"

    def __init__(self, message: str = "The created instance's disk would be too small.") -> None:
        super().__init__(None, message=message)


class FlavorMemoryTooSmall(NovaException):
    """`FlavorMemoryTooSmall`: "Flavor's memory is too small for requested image." """

    code = 500
    msg_fmt = "Flavor's memory is too small for requested image."

    def __init__(self) -> None:
        super().__init__(None)


class ImageNotActive(NovaException):
    """`ImageNotActive`, of this image: "Image <image> is not active." """

    code = 500
    msg_fmt = "Image {image} is not active."

    def __init__(self, image: str) -> None:
        super().__init__(None, image=image)


class ImageUnacceptable(NovaException):
    """`ImageUnacceptable` (400): "Image <image> is unacceptable: <reason>"."""

    code = 400
    msg_fmt = "Image {image} is unacceptable: {reason}"

    def __init__(self, image: str, reason: str) -> None:
        super().__init__(None, image=image, reason=reason)


class InvalidDiskInfo(NovaException):
    """`InvalidDiskInfo` (400), the reason: "Disk info file is invalid: <reason>"."""

    code = 400
    msg_fmt = "Disk info file is invalid: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class InvalidDiskFormat(NovaException):
    """`InvalidDiskFormat` (400), of this format: "Disk format <format> is not acceptable"."""

    code = 400
    msg_fmt = "Disk format {disk_format} is not acceptable"

    def __init__(self, disk_format: str) -> None:
        super().__init__(None, disk_format=disk_format)


class SignatureVerificationError(NovaException):
    """`SignatureVerificationError`, the reason."""

    code = 500
    msg_fmt = "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class CertificateValidationFailed(NovaException):
    """`CertificateValidationFailed`, a message."""

    code = 500
    msg_fmt = "{message}"

    def __init__(self, message: str) -> None:
        super().__init__(None, message=message)


class VolumeEncryptionNotSupported(NovaException):
    """`VolumeEncryptionNotSupported` (400)."""

    code = 400
    msg_fmt = "{volume_type} {volume}"

    def __init__(self, volume_type: str, volume: str) -> None:
        super().__init__(None, volume_type=volume_type, volume=volume)


class InvalidInput(NovaException):
    """`InvalidInput` (400), the reason: "Invalid input received: <reason>"."""

    code = 400
    msg_fmt = "Invalid input received: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class RequestedVRamTooHigh(NovaException):
    """`RequestedVRamTooHigh`."""

    code = 500
    msg_fmt = "{requested} {maximum}"

    def __init__(self, requested: int, maximum: int) -> None:
        super().__init__(None, requested=requested, maximum=maximum)


class VirtDriverNotReady(NovaException):
    """`VirtDriverNotReady`: "Virt driver is not ready." A resource update is skipped."""

    code = 500
    msg_fmt = "Virt driver is not ready."

    def __init__(self) -> None:
        super().__init__(None)


class ReshapeNeeded(NovaException):
    """`ReshapeNeeded`: inventories have to move between providers."""

    code = 500
    msg_fmt = "ReshapeNeeded"

    def __init__(self) -> None:
        super().__init__(None)


class ReshapeFailed(NovaException):
    """`ReshapeFailed`, the error."""

    code = 500
    msg_fmt = "{error}"

    def __init__(self, error: str) -> None:
        super().__init__(None, error=error)


class InstanceNotRunning(NovaException):
    """`InstanceNotRunning` (400), of this server: "Instance <uuid> is not running." In a snapshot: the guest
    is gone meanwhile, no error.
    """

    code = 400
    msg_fmt = "Instance {instance_id} is not running."

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class InstanceNotReady(NovaException):
    """`InstanceNotReady` (400), of this server: "Instance <uuid> is not ready". Console calls answer 409."""

    code = 400
    msg_fmt = "Instance {instance_id} is not ready"

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class InstanceInvalidState(NovaException):
    """`InstanceInvalidState` (400): "Instance <uuid> in <attr> <state>. Cannot <method> while the instance is
    in this state." Calls of the API answer 409.
    """

    code = 400
    msg_fmt = "Instance {instance} in {attr} {state}. Cannot {method} while the instance is in this state."

    def __init__(self, instance: str, attr: str, state: str, method: str) -> None:
        super().__init__(None, instance=instance, attr=attr, state=state, method=method)


class InstanceUnacceptable(NovaException):
    """`InstanceUnacceptable` (400): "Instance <uuid> is unacceptable: <reason>". Aborts a build in its block
    device phase.
    """

    code = 400
    msg_fmt = "Instance {instance} is unacceptable: {reason}"

    def __init__(self, instance: str, reason: str) -> None:
        super().__init__(None, instance=instance, reason=reason)


class InstanceDeployFailure(NovaException):
    """`InstanceDeployFailure` (400), the reason: "Failed to deploy instance: <reason>". A build is tried on
    another host.
    """

    code = 400
    msg_fmt = "Failed to deploy instance: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class PreserveEphemeralNotSupported(NovaException):
    """`PreserveEphemeralNotSupported` (400): "The current driver does not support preserving ephemeral
    partitions." A rebuild answers it to its caller.
    """

    code = 400
    msg_fmt = "The current driver does not support preserving ephemeral partitions."

    def __init__(self) -> None:
        super().__init__(None)


class InvalidConfiguration(NovaException):
    """`InvalidConfiguration` (400), a message; Nova's own is "Configuration is Invalid." In the resource
    update at the start it keeps the service from starting.
    """

    code = 400
    msg_fmt = "{message}"

    def __init__(self, message: str = "Configuration is Invalid.") -> None:
        super().__init__(None, message=message)


class HypervisorUnavailable(NovaException):
    """`HypervisorUnavailable`: "Connection to the hypervisor is broken on host". Ends a live migration as it
    is.
    """

    code = 500
    msg_fmt = "Connection to the hypervisor is broken on host"

    def __init__(self) -> None:
        super().__init__(None)


class InstanceNotRescuable(NovaException):
    """`InstanceNotRescuable` (400): "Instance <uuid> cannot be rescued: <reason>"."""

    code = 400
    msg_fmt = "Instance {instance} cannot be rescued: {reason}"

    def __init__(self, instance: str, reason: str) -> None:
        super().__init__(None, instance=instance, reason=reason)


class UnsupportedRescueImage(NovaException):
    """`UnsupportedRescueImage` (400), of this image: "Requested rescue image '<image>' is not supported"."""

    code = 400
    msg_fmt = "Requested rescue image '{image}' is not supported"

    def __init__(self, image: str) -> None:
        super().__init__(None, image=image)


class TriggerCrashDumpNotSupported(NovaException):
    """`TriggerCrashDumpNotSupported` (400): "Triggering crash dump is not supported"."""

    code = 400
    msg_fmt = "Triggering crash dump is not supported"

    def __init__(self) -> None:
        super().__init__(None)


class ImageNotFound(NovaException):
    """`ImageNotFound` (404), of this image: "Image <image> could not be found." In a snapshot: the task is
    cleared and nothing else.
    """

    code = 404
    msg_fmt = "Image {image} could not be found."

    def __init__(self, image: str) -> None:
        super().__init__(None, image=image)


class InstanceQuiesceNotSupported(NovaException):
    """`InstanceQuiesceNotSupported` (400), of this server: "Quiescing is not supported in instance <uuid>". A
    snapshot goes on without, unless the image insists.
    """

    code = 400
    msg_fmt = "Quiescing is not supported in instance {instance_id}"

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class QemuGuestAgentNotEnabled(NovaException):
    """`QemuGuestAgentNotEnabled` (400): "QEMU guest agent is not enabled". Treated like
    `instance_quiesce_not_supported`, and like `instance_agent_not_enabled`, of which it is a kind.
    """

    code = 400
    msg_fmt = "QEMU guest agent is not enabled"

    def __init__(self) -> None:
        super().__init__(None)


class InstanceAgentNotEnabled(NovaException):
    """`InstanceAgentNotEnabled` (400): "Guest agent is not enabled for the instance"."""

    code = 400
    msg_fmt = "Guest agent is not enabled for the instance"

    def __init__(self) -> None:
        super().__init__(None)


class SetAdminPasswdNotSupported(NovaException):
    """`SetAdminPasswdNotSupported` (400): "Set admin password is not supported"."""

    code = 400
    msg_fmt = "Set admin password is not supported"

    def __init__(self) -> None:
        super().__init__(None)


class NotSupportedWithOption(NovaException):
    """`NotSupportedWithOption` (400): "<operation> is not supported in conjunction with the current <option>
    setting. Please refer to the nova config-reference." 
    """

    code = 400
    msg_fmt = "{operation} is not supported in conjunction with the current {option_name} setting. Please refer to the nova config-reference."

    def __init__(self, operation: str, option_name: str) -> None:
        super().__init__(None, operation=operation, option_name=option_name)


class ConsoleNotAvailable(NovaException):
    """`ConsoleNotAvailable` (404): "Guest does not have a console available." """

    code = 404
    msg_fmt = "Guest does not have a console available."

    def __init__(self) -> None:
        super().__init__(None)


class ConsoleTypeInvalid(NovaException):
    """`ConsoleTypeInvalid` (400), of this type: "Invalid console type <type>"."""

    code = 400
    msg_fmt = "Invalid console type {kind}"

    def __init__(self, kind: str) -> None:
        super().__init__(None, kind=kind)


class ConsoleTypeUnavailable(NovaException):
    """`ConsoleTypeUnavailable` (400), of this type: "Unavailable console type <type>." """

    code = 400
    msg_fmt = "Unavailable console type {kind}."

    def __init__(self, kind: str) -> None:
        super().__init__(None, kind=kind)


class SocketPortRangeExhaustedException(NovaException):
    """`SocketPortRangeExhaustedException`, of this host: "Not able to acquire a free port for <host>". Serial
    consoles.
    """

    code = 500
    msg_fmt = "Not able to acquire a free port for {host}"

    def __init__(self, host: str) -> None:
        super().__init__(None, host=host)


class ImageSerialPortNumberInvalid(NovaException):
    """`ImageSerialPortNumberInvalid` (400), what was given: "Number of serial ports specified in flavor is
    invalid: expected an integer, got '<given>'".
    """

    code = 400
    msg_fmt = "Number of serial ports specified in flavor is invalid: expected an integer, got '{given}'"

    def __init__(self, given: str) -> None:
        super().__init__(None, given=given)


class ImageSerialPortNumberExceedFlavorValue(NovaException):
    """`ImageSerialPortNumberExceedFlavorValue` (400): "Forbidden to exceed flavor value of number of serial
    ports passed in image meta." 
    """

    code = 400
    msg_fmt = "Forbidden to exceed flavor value of number of serial ports passed in image meta."

    def __init__(self) -> None:
        super().__init__(None)


class VolumeNotFound(NovaException):
    """`VolumeNotFound` (404), of this volume: "Volume <volume> could not be found." """

    code = 404
    msg_fmt = "Volume {volume} could not be found."

    def __init__(self, volume: str) -> None:
        super().__init__(None, volume=volume)


class VolumeAttachmentNotFound(NovaException):
    """`VolumeAttachmentNotFound` (404), of this attachment: "Volume attachment <attachment> could not be
    found." 
    """

    code = 404
    msg_fmt = "Volume attachment {attachment} could not be found."

    def __init__(self, attachment: str) -> None:
        super().__init__(None, attachment=attachment)


class DiskNotFound(NovaException):
    """`DiskNotFound` (404), of this place: "No disk at <place>". A volume that is detached counts as
    detached.
    """

    code = 404
    msg_fmt = "No disk at {place}"

    def __init__(self, place: str) -> None:
        super().__init__(None, place=place)


class DeviceNotFound(NovaException):
    """`DeviceNotFound` (404), of this device: "Device '<device>' not found." """

    code = 404
    msg_fmt = "Device '{device}' not found."

    def __init__(self, device: str) -> None:
        super().__init__(None, device=device)


class DeviceDetachFailed(NovaException):
    """`DeviceDetachFailed`: "Device detach failed for <device>: <reason>". The volume is in use as before."""

    code = 500
    msg_fmt = "Device detach failed for {device}: {reason}"

    def __init__(self, device: str, reason: str) -> None:
        super().__init__(None, device=device, reason=reason)


class ExtendVolumeNotSupported(NovaException):
    """`ExtendVolumeNotSupported` (400): "Volume size extension is not supported by the hypervisor." """

    code = 400
    msg_fmt = "Volume size extension is not supported by the hypervisor."

    def __init__(self) -> None:
        super().__init__(None)


class MultiattachNotSupportedByVirtDriver(NovaException):
    """`MultiattachNotSupportedByVirtDriver` (400), of this volume: "Volume <volume> has 'multiattach' set,
    which is not supported for this instance." 
    """

    code = 400
    msg_fmt = "Volume {volume} has 'multiattach' set, which is not supported for this instance."

    def __init__(self, volume: str) -> None:
        super().__init__(None, volume=volume)


class TooManyDiskDevices(NovaException):
    """`TooManyDiskDevices` (403), the largest number: "The maximum allowed number of disk devices (<maximum>)
    to attach to a single instance has been exceeded." 
    """

    code = 403
    msg_fmt = "The maximum allowed number of disk devices ({maximum}) to attach to a single instance has been exceeded."

    def __init__(self, maximum: int) -> None:
        super().__init__(None, maximum=maximum)


class InterfaceAttachFailed(NovaException):
    """`InterfaceAttachFailed`, of this server: "Failed to attach network adapter device to <uuid>"."""

    code = 500
    msg_fmt = "Failed to attach network adapter device to {instance_id}"

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class InterfaceDetachFailed(NovaException):
    """`InterfaceDetachFailed` (400), of this server: "Failed to detach network adapter device from <uuid>"."""

    code = 400
    msg_fmt = "Failed to detach network adapter device from {instance_id}"

    def __init__(self, instance_id: str) -> None:
        super().__init__(None, instance_id=instance_id)


class PciDeviceNotFoundById(NovaException):
    """`PciDeviceNotFoundById` (404), of this device: "PCI device <id> not found". When interfaces are plugged
    in at the start it is only logged.
    """

    code = 404
    msg_fmt = "PCI device {id} not found"

    def __init__(self, id: str) -> None:
        super().__init__(None, id=id)


class ShareNotFound(NovaException):
    """`ShareNotFound` (404), of this share: "Share <share> could not be found." Share errors put the share
    and the server into ERROR.
    """

    code = 404
    msg_fmt = "Share {share} could not be found."

    def __init__(self, share: str) -> None:
        super().__init__(None, share=share)


class ShareProtocolNotSupported(NovaException):
    """`ShareProtocolNotSupported` (404), of this protocol: "Share protocol <protocol> is not supported." """

    code = 404
    msg_fmt = "Share protocol {protocol} is not supported."

    def __init__(self, protocol: str) -> None:
        super().__init__(None, protocol=protocol)


class ShareMountError(NovaException):
    """`ShareMountError`: "Share id <share> mount error from server <uuid>.", and in a line of its own
    "Reason: <reason>." 
    """

    code = 500
    msg_fmt = "Share id {share} mount error from server {instance}.\", and in a line of its own \"Reason: {reason}."

    def __init__(self, share: str, instance: str, reason: str) -> None:
        super().__init__(None, share=share, instance=instance, reason=reason)


class ShareUmountError(NovaException):
    """`ShareUmountError`: "Share id <share> umount error from server <uuid>.", and in a line of its own
    "Reason: <reason>." 
    """

    code = 500
    msg_fmt = "Share id {share} umount error from server {instance}.\", and in a line of its own \"Reason: {reason}."

    def __init__(self, share: str, instance: str, reason: str) -> None:
        super().__init__(None, share=share, instance=instance, reason=reason)


class ResizeError(NovaException):
    """`ResizeError`, the reason: "Resize error: <reason>"."""

    code = 500
    msg_fmt = "Resize error: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class MigrationError(NovaException):
    """`MigrationError`, the reason: "Migration error: <reason>"."""

    code = 500
    msg_fmt = "Migration error: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class MigrationPreCheckError(NovaException):
    """`MigrationPreCheckError`, the reason: "Migration pre-check error: <reason>". The next host is tried."""

    code = 500
    msg_fmt = "Migration pre-check error: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class InvalidSharedStorage(NovaException):
    """`InvalidSharedStorage`: "<path> is not on shared storage: <reason>". Ends a live migration as it is."""

    code = 500
    msg_fmt = "{path} is not on shared storage: {reason}"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(None, path=path, reason=reason)


class InvalidLocalStorage(NovaException):
    """`InvalidLocalStorage`: "<path> is not on local storage: <reason>". Ends a live migration as it is."""

    code = 500
    msg_fmt = "{path} is not on local storage: {reason}"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(None, path=path, reason=reason)


class InvalidCPUInfo(NovaException):
    """`InvalidCPUInfo` (400), the reason: "Unacceptable CPU info: <reason>". The next host is tried."""

    code = 400
    msg_fmt = "Unacceptable CPU info: {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(None, reason=reason)


class InvalidHypervisorType(NovaException):
    """`InvalidHypervisorType` (400): "The supplied hypervisor type of is invalid." The next host is tried."""

    code = 400
    msg_fmt = "The supplied hypervisor type of is invalid."

    def __init__(self) -> None:
        super().__init__(None)


class DestinationHypervisorTooOld(NovaException):
    """`DestinationHypervisorTooOld` (400): "The instance requires a newer hypervisor version than has been
    provided." The next host is tried.
    """

    code = 400
    msg_fmt = "The instance requires a newer hypervisor version than has been provided."

    def __init__(self) -> None:
        super().__init__(None)


class UnableToMigrateToSelf(NovaException):
    """`UnableToMigrateToSelf` (400): "Unable to migrate instance (<uuid>) to current host (<host>)." """

    code = 400
    msg_fmt = "Unable to migrate instance ({instance}) to current host ({host})."

    def __init__(self, instance: str, host: str) -> None:
        super().__init__(None, instance=instance, host=host)


class LiveMigrationURINotAvailable(NovaException):
    """`LiveMigrationURINotAvailable`, of this type of virtualization: "No live migration URI configured and
    no default available for "<type>" hypervisor virtualization type." 
    """

    code = 500
    msg_fmt = "No live migration URI configured and no default available for \"{kind}\" hypervisor virtualization type."

    def __init__(self, kind: str) -> None:
        super().__init__(None, kind=kind)


_errors.special("NotImplemented", NotImplementedError)
_errors.common("InstanceNotFound", InstanceNotFound, None)
_errors.common("InstanceExists", InstanceExists, None)
_errors.common("InstancePowerOffFailure", InstancePowerOffFailure, None)
_errors.special("InstanceFaultRollback", InstanceFaultRollback)
_errors.common("ComputeResourcesUnavailable", ComputeResourcesUnavailable, None)
_errors.common("BuildAbort", BuildAbortException, types.InstanceReason)
_errors.common("UnexpectedTaskState", UnexpectedTaskStateError, types.TaskStateConflict)
_errors.common("UnexpectedDeletingTaskState", UnexpectedDeletingTaskStateError, types.TaskStateConflict)
_errors.common("NoMoreFixedIps", NoMoreFixedIps, None)
_errors.common("ExternalNetworkAttachForbidden", ExternalNetworkAttachForbidden, None)
_errors.common("VirtualInterfaceCreate", VirtualInterfaceCreateException, None)
_errors.common("VirtualInterfaceMacAddress", VirtualInterfaceMacAddressException, None)
_errors.common("VirtualInterfacePlug", VirtualInterfacePlugException, None)
_errors.common("FixedIpInvalidOnHost", FixedIpInvalidOnHost, None)
_errors.common("UnableToAutoAllocateNetwork", UnableToAutoAllocateNetwork, None)
_errors.common("NetworksWithQosPolicyNotSupported", NetworksWithQoSPolicyNotSupported, types.QosNetwork)
_errors.common("VtpmSecretForbidden", VTPMSecretForbidden, None)
_errors.common("FlavorDiskTooSmall", FlavorDiskTooSmall, None)
_errors.common("FlavorMemoryTooSmall", FlavorMemoryTooSmall, None)
_errors.common("ImageNotActive", ImageNotActive, None)
_errors.common("ImageUnacceptable", ImageUnacceptable, types.ImageReason)
_errors.common("InvalidDiskInfo", InvalidDiskInfo, None)
_errors.common("InvalidDiskFormat", InvalidDiskFormat, None)
_errors.common("SignatureVerification", SignatureVerificationError, None)
_errors.common("CertificateValidationFailed", CertificateValidationFailed, None)
_errors.common("VolumeEncryptionNotSupported", VolumeEncryptionNotSupported, types.EncryptedVolume)
_errors.common("InvalidInput", InvalidInput, None)
_errors.common("RequestedVramTooHigh", RequestedVRamTooHigh, types.VideoMemory)
_errors.common("VirtDriverNotReady", VirtDriverNotReady, None)
_errors.common("ReshapeNeeded", ReshapeNeeded, None)
_errors.common("ReshapeFailed", ReshapeFailed, None)
_errors.special("Other", NovaException)
_errors.special("Unexpected", UnexpectedException)
_errors.special("Nova", OtherNovaException)
_errors.common("InstanceNotRunning", InstanceNotRunning, None)
_errors.common("InstanceNotReady", InstanceNotReady, None)
_errors.common("InstanceInvalidState", InstanceInvalidState, types.StateConflict)
_errors.common("InstanceUnacceptable", InstanceUnacceptable, types.InstanceReason)
_errors.common("InstanceDeployFailure", InstanceDeployFailure, None)
_errors.common("PreserveEphemeralNotSupported", PreserveEphemeralNotSupported, None)
_errors.common("InvalidConfiguration", InvalidConfiguration, None)
_errors.common("HypervisorUnavailable", HypervisorUnavailable, None)
_errors.common("InstanceNotRescuable", InstanceNotRescuable, types.InstanceReason)
_errors.common("UnsupportedRescueImage", UnsupportedRescueImage, None)
_errors.common("TriggerCrashDumpNotSupported", TriggerCrashDumpNotSupported, None)
_errors.common("ImageNotFound", ImageNotFound, None)
_errors.common("InstanceQuiesceNotSupported", InstanceQuiesceNotSupported, None)
_errors.common("QemuGuestAgentNotEnabled", QemuGuestAgentNotEnabled, None)
_errors.common("InstanceAgentNotEnabled", InstanceAgentNotEnabled, None)
_errors.common("SetAdminPasswdNotSupported", SetAdminPasswdNotSupported, None)
_errors.common("NotSupportedWithOption", NotSupportedWithOption, types.OptionConflict)
_errors.common("ConsoleNotAvailable", ConsoleNotAvailable, None)
_errors.common("ConsoleTypeInvalid", ConsoleTypeInvalid, None)
_errors.common("ConsoleTypeUnavailable", ConsoleTypeUnavailable, None)
_errors.common("SocketPortRangeExhausted", SocketPortRangeExhaustedException, None)
_errors.common("ImageSerialPortNumberInvalid", ImageSerialPortNumberInvalid, None)
_errors.common("ImageSerialPortNumberExceedFlavorValue", ImageSerialPortNumberExceedFlavorValue, None)
_errors.common("VolumeNotFound", VolumeNotFound, None)
_errors.common("VolumeAttachmentNotFound", VolumeAttachmentNotFound, None)
_errors.common("DiskNotFound", DiskNotFound, None)
_errors.common("DeviceNotFound", DeviceNotFound, None)
_errors.common("DeviceDetachFailed", DeviceDetachFailed, types.DeviceReason)
_errors.common("ExtendVolumeNotSupported", ExtendVolumeNotSupported, None)
_errors.common("MultiattachNotSupportedByVirtDriver", MultiattachNotSupportedByVirtDriver, None)
_errors.common("TooManyDiskDevices", TooManyDiskDevices, None)
_errors.common("InterfaceAttachFailed", InterfaceAttachFailed, None)
_errors.common("InterfaceDetachFailed", InterfaceDetachFailed, None)
_errors.common("PciDeviceNotFoundById", PciDeviceNotFoundById, None)
_errors.common("ShareNotFound", ShareNotFound, None)
_errors.common("ShareProtocolNotSupported", ShareProtocolNotSupported, None)
_errors.common("ShareMountError", ShareMountError, types.ShareReason)
_errors.common("ShareUmountError", ShareUmountError, types.ShareReason)
_errors.common("ResizeError", ResizeError, None)
_errors.common("MigrationError", MigrationError, None)
_errors.common("MigrationPreCheckError", MigrationPreCheckError, None)
_errors.common("InvalidSharedStorage", InvalidSharedStorage, types.PathReason)
_errors.common("InvalidLocalStorage", InvalidLocalStorage, types.PathReason)
_errors.common("InvalidCpuInfo", InvalidCPUInfo, None)
_errors.common("InvalidHypervisorType", InvalidHypervisorType, None)
_errors.common("DestinationHypervisorTooOld", DestinationHypervisorTooOld, None)
_errors.common("UnableToMigrateToSelf", UnableToMigrateToSelf, types.InstanceHost)
_errors.common("LiveMigrationUriNotAvailable", LiveMigrationURINotAvailable, None)

__all__ = [
    "BuildAbortException",
    "CertificateValidationFailed",
    "ComputeResourcesUnavailable",
    "ConsoleNotAvailable",
    "ConsoleTypeInvalid",
    "ConsoleTypeUnavailable",
    "DestinationHypervisorTooOld",
    "DeviceDetachFailed",
    "DeviceNotFound",
    "DiskNotFound",
    "ExtendVolumeNotSupported",
    "ExternalNetworkAttachForbidden",
    "FixedIpInvalidOnHost",
    "FlavorDiskTooSmall",
    "FlavorMemoryTooSmall",
    "HypervisorUnavailable",
    "ImageNotActive",
    "ImageNotFound",
    "ImageSerialPortNumberExceedFlavorValue",
    "ImageSerialPortNumberInvalid",
    "ImageUnacceptable",
    "InstanceAgentNotEnabled",
    "InstanceDeployFailure",
    "InstanceExists",
    "InstanceFaultRollback",
    "InstanceInvalidState",
    "InstanceNotFound",
    "InstanceNotReady",
    "InstanceNotRescuable",
    "InstanceNotRunning",
    "InstancePowerOffFailure",
    "InstanceQuiesceNotSupported",
    "InstanceUnacceptable",
    "InterfaceAttachFailed",
    "InterfaceDetachFailed",
    "InvalidCPUInfo",
    "InvalidConfiguration",
    "InvalidDiskFormat",
    "InvalidDiskInfo",
    "InvalidHypervisorType",
    "InvalidInput",
    "InvalidLocalStorage",
    "InvalidSharedStorage",
    "LiveMigrationURINotAvailable",
    "MigrationError",
    "MigrationPreCheckError",
    "MultiattachNotSupportedByVirtDriver",
    "NetworksWithQoSPolicyNotSupported",
    "NoMoreFixedIps",
    "NotSupportedWithOption",
    "NovaException",
    "OtherNovaException",
    "PciDeviceNotFoundById",
    "PreserveEphemeralNotSupported",
    "QemuGuestAgentNotEnabled",
    "RequestedVRamTooHigh",
    "ReshapeFailed",
    "ReshapeNeeded",
    "ResizeError",
    "SetAdminPasswdNotSupported",
    "ShareMountError",
    "ShareNotFound",
    "ShareProtocolNotSupported",
    "ShareUmountError",
    "SignatureVerificationError",
    "SocketPortRangeExhaustedException",
    "TooManyDiskDevices",
    "TriggerCrashDumpNotSupported",
    "UnableToAutoAllocateNetwork",
    "UnableToMigrateToSelf",
    "UnexpectedDeletingTaskStateError",
    "UnexpectedException",
    "UnexpectedTaskStateError",
    "UnsupportedRescueImage",
    "VTPMSecretForbidden",
    "VirtDriverNotReady",
    "VirtualInterfaceCreateException",
    "VirtualInterfaceMacAddressException",
    "VirtualInterfacePlugException",
    "VolumeAttachmentNotFound",
    "VolumeEncryptionNotSupported",
    "VolumeNotFound",
]
