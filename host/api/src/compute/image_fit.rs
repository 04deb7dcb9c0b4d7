//! Whether an image and a flavor can be one server's (`nova/compute/api.py, _validate_flavor_image`). Whatever does not fit
//! is the user's mistake: 400.

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use crate::image;
use model::{Flavor, ImageId, ImageMeta};
use serde_json::json;

/// Refuses an image that is not there, not active or does not fit the flavor.
pub(super) fn check_named(call: &Call<'_>, id: ImageId, flavor: &Flavor) -> Result<(), Refusal> {
    let images = image::seen_by(call.world, &call.requester);
    let image = images.into_iter().find(|image| image.meta.id == id);
    let image = image.ok_or_else(|| Refusal::bad_request("Can not find requested image"))?;
    if !image.active {
        return Err(Refusal::bad_request(format!("Image {id} is not active.")));
    }
    check(&image.meta, Some(image.size), flavor)
}

/// Refuses a flavor that does not fit the image a server was made of, which may be gone.
pub(super) fn check_resize(call: &Call<'_>, id: ImageId, flavor: &Flavor) -> Result<(), Refusal> {
    let image = call.cloud.services().records.image(id);
    image.map_or(Ok(()), |image| check(&image, None, flavor))
}

fn check(image: &ImageMeta, size: Option<u64>, flavor: &Flavor) -> Result<(), Refusal> {
    if let Some(architecture) = image.properties.get("architecture")
        && !ARCHITECTURES.contains(&architecture.as_str())
    {
        let message =
            format!("Invalid image metadata. Error: Architecture name '{architecture}' is not valid");
        return Err(Refusal::bad_request(message));
    }
    if let Some(drive) = image.properties.get("img_config_drive")
        && !matches!(drive.as_str(), "optional" | "mandatory")
    {
        let message = format!("Image's config drive option '{drive}' is invalid");
        return Err(Refusal::bad_request(message));
    }
    if flavor.memory_mb < image.min_ram_mb {
        return Err(Refusal::bad_request("Flavor's memory is too small for requested image."));
    }
    check_packed_ring(image, flavor)?;
    check_locked_memory(image, flavor)?;
    check_encrypted_memory(image, flavor)?;
    // A flavor without a disk takes what the image needs.
    let disk = flavor.root_gb << 30;
    if let Some(size) = size.filter(|size| disk > 0 && *size > disk) {
        let message = format!(
            "Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image is {size} bytes."
        );
        return Err(Refusal::bad_request(message));
    }
    let least = image.min_disk_gb << 30;
    if disk > 0 && least > disk {
        return Err(Refusal::bad_request(format!(
            "Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {disk} bytes, \
             minimum size is {least} bytes."
        )));
    }
    Ok(())
}

/// What image and flavor say of one thing, each if it says anything.
fn said(image: &ImageMeta, flavor: &Flavor, name: &str) -> (Option<bool>, Option<bool>) {
    let truth = |text: &String| body::truth(&json!(text));
    let in_image = image.properties.get(&format!("hw_{name}")).map(truth);
    (in_image, flavor.extra_specs.get(&format!("hw:{name}")).map(truth))
}

fn shown(truth: bool) -> &'static str {
    if truth { "True" } else { "False" }
}

/// Whether virtqueues are packed is said by both alike (`nova/virt/hardware.py, get_packed_virtqueue_constraint`).
fn check_packed_ring(image: &ImageMeta, flavor: &Flavor) -> Result<(), Refusal> {
    match said(image, flavor, "virtio_packed_ring") {
        (Some(in_image), Some(in_flavor)) if in_image != in_flavor => Err(Refusal::bad_request(format!(
            "Flavor has hw:virtio_packed_ring extra spec explicitly set to {}, conflicting with image which has \
             hw_virtio_packed_ring explicitly set to {}.",
            shown(in_flavor),
            shown(in_image)
        ))),
        _ => Ok(()),
    }
}

/// Encrypted memory asks for a firmware and a machine, which the image must name
/// (`nova/virt/hardware.py, get_mem_encryption_constraint`).
fn check_encrypted_memory(image: &ImageMeta, flavor: &Flavor) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::bad_request(message));
    let (in_image, in_flavor) = said(image, flavor, "mem_encryption");
    if in_image != Some(true) && in_flavor != Some(true) {
        return Ok(());
    }
    if let (Some(in_image), Some(in_flavor)) = (in_image, in_flavor)
        && in_image != in_flavor
    {
        return refuse(format!(
            "Flavor {} has hw:mem_encryption extra spec explicitly set to {}, conflicting with image {} which has \
             hw_mem_encryption property explicitly set to {}",
            flavor.name,
            flavor.extra_specs.get("hw:mem_encryption").map_or("", String::as_str),
            image.name,
            shown(in_image)
        ));
    }
    let mut by = Vec::new();
    if in_flavor == Some(true) {
        by.push(format!("hw:mem_encryption extra spec in {} flavor", flavor.name));
    }
    if in_image == Some(true) {
        by.push(format!("hw_mem_encryption property of image {}", image.id));
    }
    let property = |key: &str| image.properties.get(key).map(String::as_str);
    if property("hw_firmware_type") != Some("uefi") {
        return refuse(format!(
            "Memory encryption is requested by {} but the image metadata doesn't have the 'hw_firmware_type' property set \
             to 'uefi'",
            by.join(" and ")
        ));
    }
    let model = flavor.extra_specs.get("hw:mem_encryption_model").map(String::as_str);
    let model = model.or(property("hw_mem_encryption_model")).unwrap_or("amd-sev");
    if let Some(machine) = property("hw_machine_type").filter(|machine| !machine.contains("q35")) {
        return refuse(format!(
            "Machine type '{machine}' is not compatible with image {} ({}): q35 type is required for {model} to work",
            image.name, image.id
        ));
    }
    let stateless = property("hw_firmware_stateless").is_some_and(|text| body::truth(&json!(text)));
    if model == "amd-sev-snp" && !stateless {
        return refuse(format!(
            "The {model} memory encryption model requires stateless firmware but the image metadata doesn't have the \
             'hw_firmware_stateless' property set to True"
        ));
    }
    Ok(())
}

/// Memory can be locked only where the size of its pages is said, and image and flavor must agree
/// (`nova/virt/hardware.py, get_locked_memory_constraint`).
fn check_locked_memory(image: &ImageMeta, flavor: &Flavor) -> Result<(), Refusal> {
    let (in_image, in_flavor) = said(image, flavor, "locked_memory");
    if let (Some(in_image), Some(in_flavor)) = (in_image, in_flavor)
        && in_image != in_flavor
    {
        return Err(Refusal::bad_request(format!(
            "locked_memory value in image ({}) and flavor ({}) conflict. A consistent value is expected if both \
             specified.",
            shown(in_image),
            shown(in_flavor)
        )));
    }
    let sized = image.properties.contains_key("hw_mem_page_size")
        || flavor.extra_specs.contains_key("hw:mem_page_size");
    if in_image.or(in_flavor) == Some(true) && !sized {
        let message = "locked_memory value in image or flavor is forbidden when mem_page_size is not set.";
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

/// Architectures an image can be of (`nova/objects/fields.py, Architecture`).
const ARCHITECTURES: [&str; 38] = [
    "alpha",
    "amd64",
    "i386",
    "i486",
    "i586",
    "x86_32",
    "armv6",
    "armv7l",
    "armv7b",
    "aarch64",
    "cris",
    "i686",
    "ia64",
    "lm32",
    "m68k",
    "microblaze",
    "microblazeel",
    "mips",
    "mipsel",
    "mips64",
    "mips64el",
    "openrisc",
    "parisc",
    "parisc64",
    "ppc",
    "ppcle",
    "ppc64",
    "ppc64le",
    "ppcemb",
    "s390",
    "s390x",
    "sh4",
    "sh4eb",
    "sparc",
    "sparc64",
    "unicore32",
    "x86_64",
    "xtensa",
];
