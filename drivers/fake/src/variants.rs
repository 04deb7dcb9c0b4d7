//! The settings, each of which makes Nova's fake driver one of its variants (`nova/virt/fake.py`).

use novarig_driver_sdk::{Capability, VirtError, settings};

fn word<T: Copy>(key: &str, words: &[(&str, T)]) -> Result<T, VirtError> {
    let text = settings::text(key);
    match words.iter().find(|(word, _)| text.as_deref().is_none_or(|text| text == *word)) {
        Some((_, value)) => Ok(*value),
        None => Err(VirtError::InvalidInput(format!("setting {key} cannot be {}", text.unwrap_or_default()))),
    }
}

fn flag(key: &str) -> Result<bool, VirtError> {
    word(key, &[("false", false), ("true", true)])
}

/// Is it to be Nova's fake driver to the letter?
pub(crate) fn quirks() -> Result<bool, VirtError> {
    word("quirks", &[("none", false), ("nova", true)])
}

/// Is there a child provider with resources of its own?
pub(crate) fn nested() -> Result<bool, VirtError> {
    flag("nested")
}

/// Are there PCI devices?
pub(crate) fn pci() -> Result<bool, VirtError> {
    flag("pci")
}

/// Does it cache images when it is asked to?
pub(crate) fn caching() -> Result<bool, VirtError> {
    flag("caching")
}

/// Does it take power events from outside?
pub(crate) fn power_update() -> Result<bool, VirtError> {
    flag("power_update")
}

/// Where the identifier of the node comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeUuid {
    /// Drawn once.
    Random,
    /// From its name.
    Predictable,
    /// From the compute service.
    Local,
}

/// Where the identifier of the node comes from.
pub(crate) fn node_uuid() -> Result<NodeUuid, VirtError> {
    word(
        "node_uuid",
        &[("random", NodeUuid::Random), ("predictable", NodeUuid::Predictable), ("local", NodeUuid::Local)],
    )
}

/// What it can do beyond Nova's fake driver.
pub(crate) fn capabilities() -> Result<Vec<Capability>, VirtError> {
    let mut more = Vec::new();
    if flag("same_host_cold_migrate")? {
        more.push(Capability::SupportsMigrateToSameHost);
    }
    if flag("rescue_bfv")? {
        more.push(Capability::SupportsBfvRescue);
    }
    let encryption: &[Capability] = word(
        "ephemeral_encryption",
        &[
            ("none", &[] as &[Capability]),
            ("any", &[Capability::SupportsEphemeralEncryption]),
            ("luks", &[Capability::SupportsEphemeralEncryption, Capability::SupportsEphemeralEncryptionLuks]),
            (
                "plain",
                &[Capability::SupportsEphemeralEncryption, Capability::SupportsEphemeralEncryptionPlain],
            ),
        ],
    )?;
    more.extend_from_slice(encryption);
    Ok(more)
}

/// Reads every setting, so that one that cannot be keeps the service from starting and is not found in the middle of the
/// night.
pub(crate) fn check() -> Result<(), VirtError> {
    quirks()?;
    nested()?;
    pci()?;
    caching()?;
    power_update()?;
    node_uuid()?;
    capabilities()?;
    crate::inventory::Resources::from_settings()?;
    Ok(())
}
