//! What Nova 34.0.0 is known to break itself when a driver call fails: a reviewed list, with the evidence.
//!
//! By default the control plane does what Nova does, so the explorer finds these too. They are told as known; whatever is
//! not in this list is either a mistake of this project or something nobody has looked at yet.

use crate::scenario::{FaultKind, FaultSpec};
use model::ExceptionClass;
use virt::Method;

/// A way in which Nova 34.0.0 itself breaks an invariant.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The invariant.
    pub invariant: &'static str,
    /// The methods whose failure does it.
    pub methods: &'static [Method],
    /// The exceptions after which it does; none named: whatever is raised.
    pub after: &'static [ExceptionClass],
    /// Why, and whether it was observed.
    pub reason: &'static str,
}

/// Why this fault is known to break this invariant, if it is.
pub fn of(invariant: &str, fault: &FaultSpec) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.invariant == invariant
            && known.methods.contains(&fault.at.method)
            && (known.after.is_empty()
                || known.after.iter().any(|class| fault.error == FaultKind::Raise(*class)))
    })
}

/// Calls whose failure sends a build or a move to another host, or back.
const RESCHEDULED: &[Method] = &[
    Method::Spawn,
    Method::NodeIsAvailable,
    Method::GetAvailableNodes,
    Method::GetHostIpAddr,
    Method::UpdateProviderTree,
    Method::Capabilities,
];

/// The list.
pub const KNOWN: &[Known] = &[
    Known {
        invariant: "every_event_finished",
        methods: RESCHEDULED,
        after: &[],
        reason: "a second try repeats the event's name, and finishing finds the first of that name both times",
    },
    Known {
        invariant: "no_task_left",
        methods: &[
            Method::PrepareForSpawn,
            Method::PrepareNetworksBeforeBlockDeviceMapping,
            Method::DefaultRootDeviceName,
            Method::DefaultDeviceNamesForInstance,
            Method::Spawn,
        ],
        after: &[ExceptionClass::InstanceNotFound],
        reason: "taken for a server that was deleted meanwhile, whose state is left to the deletion (observed)",
    },
    Known {
        invariant: "server_holds_its_flavor_on_its_host",
        methods: &[Method::UpdateProviderTree, Method::Capabilities],
        after: &[ExceptionClass::InstanceNotFound],
        reason: "the same, in the claim: the record has its host already, the allocation is deleted",
    },
    Known {
        invariant: "no_guest_astray",
        methods: &[Method::GetInfo],
        after: &[],
        reason: "right after the spawn: the claim is over, so nobody destroys the guest of the failed build (observed)",
    },
    Known {
        invariant: "one_guest_on_its_host",
        methods: &[
            Method::FinishMigration,
            Method::FinishRevertMigration,
            Method::UpdateProviderTree,
            Method::Capabilities,
        ],
        after: &[ExceptionClass::NotImplementedError, ExceptionClass::InstanceFaultRollback],
        reason: "taken for \"never mind\": the server is ACTIVE again although the work is half done (observed)",
    },
    Known {
        invariant: "no_task_left",
        methods: &[Method::Destroy],
        after: &[ExceptionClass::InstanceNotFound],
        reason: "a deletion that finds no guest takes the server for deleted, and leaves it deleting (observed)",
    },
    Known {
        invariant: "one_guest_on_its_host",
        methods: &[Method::Destroy],
        after: &[ExceptionClass::NovaException],
        reason: "an offload whose destroy had its effect and lost its reply: the server stays on its host without a guest",
    },
    Known {
        invariant: "one_guest_on_its_host",
        methods: &[Method::SaveState, Method::RestoreState],
        after: &[],
        reason: "not Nova's: an exchange of drivers that do not hand over their guests restarts the hypervisor without them",
    },
];
