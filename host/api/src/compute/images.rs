//! Images through the compute service, up to 2.35 (`nova/api/openstack/compute/images.py`): what the image service says.

use super::body;
use super::call::Call;
use super::refusal::Refusal;
use super::server_view::seconds;
use crate::answer::Answer;
use crate::image::{self, ImageFacts};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn links(call: &Call<'_>, image: &ImageFacts) -> Value {
    let path = format!("/images/{}", image.meta.id);
    let alternate = json!({
        "rel": "alternate", "type": "application/vnd.openstack.image",
        "href": format!("{}/image{path}", call.ask.origin()),
    });
    let mut links = call.links(&path);
    if let Some(links) = links.as_array_mut() {
        links.push(alternate);
    }
    links
}

fn short(call: &Call<'_>, image: &ImageFacts) -> Value {
    json!({"id": image.meta.id, "name": image.meta.name, "links": links(call, image)})
}

fn full(call: &Call<'_>, image: &ImageFacts) -> Value {
    let meta = &image.meta;
    let mut shown = json!({
        "id": meta.id, "name": meta.name, "minRam": meta.min_ram_mb, "minDisk": meta.min_disk_gb,
        "metadata": metadata_of(image), "created": seconds(image.created_at), "updated": seconds(image.created_at),
        "status": if image.active { "ACTIVE" } else { "SAVING" }, "progress": if image.active { 100 } else { 25 },
        "OS-EXT-IMG-SIZE:size": image.size, "links": links(call, image),
    });
    if let Some(server) = meta.properties.get(model::image::INSTANCE_UUID) {
        shown["server"] = json!({"id": server, "links": call.links(&format!("/servers/{server}"))});
    }
    if let Some(automatic) = meta.properties.get("auto_disk_config") {
        let automatic = body::truth(&json!(automatic));
        shown["OS-DCF:diskConfig"] = json!(if automatic { "AUTO" } else { "MANUAL" });
    }
    shown
}

/// The properties, and what else clients look for among them.
fn metadata_of(image: &ImageFacts) -> BTreeMap<String, String> {
    let mut metadata = image.meta.properties.clone();
    if !image.owner.as_str().is_empty() {
        metadata.insert("owner".to_owned(), image.owner.to_string());
    }
    metadata
}

pub(super) fn list(call: &Call<'_>, detail: bool) -> Result<Answer, Refusal> {
    let mut images = image::seen_by(call.world, &call.requester);
    if let Some(name) = call.ask.query.get("name") {
        images.retain(|image| image.meta.name == name);
    }
    let limit = call.limit()?;
    if let Some(marker) = call.ask.query.get("marker") {
        let at = images.iter().position(|image| image.meta.id.to_string() == marker);
        let message = format!("marker [{marker}] not found");
        images.drain(..=at.ok_or_else(|| Refusal::bad_request(message))?);
    }
    images.truncate(limit.unwrap_or(1_000));
    let view = if detail { full } else { short };
    let shown: Vec<Value> = images.iter().map(|image| view(call, image)).collect();
    let last = images.last().map(|image| image.meta.id.to_string());
    let path = if detail { "/images/detail" } else { "/images" };
    let mut answer = json!({"images": shown});
    if let Some(next) = call.next_page(path, limit, last, images.len()) {
        answer["images_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

pub(super) fn show(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, json!({"image": full(call, &find(call, id)?)})))
}

fn find(call: &Call<'_>, id: &str) -> Result<ImageFacts, Refusal> {
    let images = image::seen_by(call.world, &call.requester);
    let found = images.into_iter().find(|image| image.meta.id.to_string() == id);
    found.ok_or_else(|| Refusal::not_found(format!("Image {id} could not be found.")))
}

pub(super) fn delete(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    find(call, id)?;
    image::delete(call.world, &call.requester, id)
        .then(|| Answer::empty(204))
        .ok_or_else(|| Refusal::new(403, "You are not allowed to delete the image."))
}

pub(super) fn metadata(call: &Call<'_>, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, json!({"metadata": metadata_of(&find(call, id)?)})))
}

/// Changes the properties that are named; with `replace` those that are not are gone.
pub(super) fn write_metadata(call: &Call<'_>, id: &str, replace: bool) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"metadata": body::metadata()}), &["metadata"]))?;
    let mut image = find(call, id)?;
    if replace {
        image.meta.properties.clear();
    }
    let pairs = given["metadata"].as_object().into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    image.meta.properties.extend(pairs);
    let shown = json!({"metadata": image.meta.properties});
    call.cloud.records().put_image(image.meta);
    Ok(Answer::json(200, shown))
}

/// Removes a property.
pub(super) fn delete_metadata_item(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let mut image = find(call, id)?;
    image.meta.properties.remove(key).ok_or_else(|| Refusal::not_found("Invalid metadata key"))?;
    call.cloud.records().put_image(image.meta);
    Ok(Answer::empty(204))
}

/// Changes one property.
pub(super) fn set_metadata_item(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let given = body::checked(call, body::object(json!({"meta": body::metadata()}), &["meta"]))?;
    let mut image = find(call, id)?;
    let value = given["meta"].get(key).and_then(Value::as_str);
    let value = value.ok_or_else(|| Refusal::bad_request("Request body and URI mismatch"))?;
    image.meta.properties.insert(key.to_owned(), value.to_owned());
    call.cloud.records().put_image(image.meta);
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}

pub(super) fn metadata_item(call: &Call<'_>, id: &str, key: &str) -> Result<Answer, Refusal> {
    let image = find(call, id)?;
    let value = image.meta.properties.get(key);
    let value = value.ok_or_else(|| Refusal::not_found("Metadata item was not found"))?;
    Ok(Answer::json(200, json!({"meta": {key: value}})))
}
