//! Whether a server can be rebuilt where it is with an image that requires traits
//! (`_validate_image_traits_for_rebuild`).

use compute::ReportClient;
use model::{ImageMeta, NovaError, Server};
use std::collections::BTreeSet;

/// The traits an image requires.
fn required(image: &ImageMeta) -> BTreeSet<&str> {
    let wanted = image.properties.iter().filter(|(_, value)| *value == "required");
    wanted.filter_map(|(key, _)| key.strip_prefix("trait:")).collect()
}

/// Refuses an image whose traits the flavor forbids, or that none of the providers has that the server is allocated from.
pub(crate) fn check(client: &ReportClient, server: &Server, image: &ImageMeta) -> Result<(), NovaError> {
    let wanted = required(image);
    let forbidden = |name: &str| {
        let said = server.flavor.extra_specs.get(&format!("trait:{name}"));
        said.is_some_and(|said| said == "forbidden")
    };
    if wanted.iter().any(|name| forbidden(name)) {
        return Err(NovaError::no_valid_host(
            "Image traits are part of forbidden traits in flavor associated with the server. Either specify a different \
             image during rebuild or create a new server with the specified image and a compatible flavor.",
        ));
    }
    let held = client.allocations_of(server.id.into());
    let missing = client.read(|placement| {
        let has = |name: &str| {
            let providers = held.keys().filter_map(|id| placement.provider(*id).ok());
            providers.into_iter().any(|provider| provider.traits().any(|known| known.as_str() == name))
        };
        wanted.iter().any(|name| !has(name))
    });
    if missing {
        return Err(NovaError::no_valid_host(
            "Image traits cannot be satisfied by the current resource providers. Either specify a different image during \
             rebuild or create a new server with the specified image.",
        ));
    }
    Ok(())
}
