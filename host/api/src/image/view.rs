//! How images are shown.

use super::Note;
use crate::answer::Ask;
use model::ImageMeta;
use serde_json::{Value, json};

pub(super) fn show(image: &ImageMeta, note: &Note) -> Value {
    // Times without fractions, as the image service has them.
    let time = note.created_at.to_string();
    let time = format!("{}Z", time.split('.').next().unwrap_or(&time));
    let mut shown: serde_json::Map<String, Value> =
        image.properties.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let size = if note.active { json!(note.size) } else { Value::Null };
    let own = json!({
        "id": image.id, "name": image.name, "status": if note.active { "active" } else { "queued" },
        "visibility": note.visibility, "owner": note.owner, "protected": false, "os_hidden": false,
        "container_format": note.container_format, "disk_format": image.disk_format,
        "min_disk": image.min_disk_gb, "min_ram": image.min_ram_mb,
        "size": size, "virtual_size": null, "checksum": null, "os_hash_algo": null, "os_hash_value": null,
        "tags": note.tags, "created_at": time, "updated_at": time,
        "self": format!("/v2/images/{}", image.id), "file": format!("/v2/images/{}/file", image.id),
        "schema": "/v2/schemas/image",
    });
    if let Value::Object(own) = own {
        shown.extend(own);
    }
    Value::Object(shown)
}

pub(super) fn versions(ask: &Ask) -> Value {
    let link = json!([{"rel": "self", "href": format!("{}/v2/", ask.base())}]);
    json!({"versions": [{"id": "v2.0", "status": "CURRENT", "links": link}]})
}
