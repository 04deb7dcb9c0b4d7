//! The image service's API, version 2 (Glance): list, show, create, upload, download, delete.
//!
//! What the control plane needs of an image is in its state of record, where servers' snapshots appear too; what only this
//! service shows (format, size, owner, content) is kept here.

mod fixture;
mod view;

use crate::answer::{Answer, Ask, Content};
use crate::caller::{Access, Requester};
use crate::world::World;
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use conductor::Cloud;
use model::{ImageId, ImageMeta, ProjectId, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use uuid::Uuid;

/// What is kept of images beside their records.
#[derive(Debug, Default)]
pub(crate) struct Images(BTreeMap<ImageId, Note>);

/// What only this service shows of an image.
#[derive(Clone, Debug)]
struct Note {
    container_format: String,
    visibility: &'static str,
    owner: ProjectId,
    size: u64,
    active: bool,
    tags: Vec<String>,
    created_at: Timestamp,
    data: Option<Bytes>,
}

impl Images {
    /// Puts the images that every functional test of Nova's finds into a cloud.
    pub(crate) fn of_fixture(cloud: &Cloud) -> Self {
        let mut images = Self::default();
        for (meta, note) in fixture::images() {
            images.0.insert(meta.id, note);
            cloud.records().put_image(meta);
        }
        images
    }

    /// The note on an image; a snapshot of a server has none and was made by its project.
    fn note(&self, image: &ImageMeta) -> Note {
        self.0.get(&image.id).cloned().unwrap_or_else(|| Note {
            container_format: "bare".to_owned(),
            visibility: "private",
            owner: ProjectId::from(image.properties.get("owner_id").map_or("", String::as_str)),
            size: 0,
            active: true,
            tags: Vec::new(),
            created_at: Timestamp::default(),
            data: None,
        })
    }
}

fn refusal(status: StatusCode, message: &str) -> Answer {
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let page = format!(
        "<html>\n <head>\n  <title>{code} {reason}</title>\n </head>\n <body>\n  <h1>{code} {reason}</h1>\n  {message}\n </body>\n</html>"
    );
    Answer {
        status,
        headers: HeaderMap::new(),
        body: Content::Bytes(Bytes::from(page), "text/html; charset=UTF-8"),
    }
}

fn not_found(id: &str) -> Answer {
    let mut shown = String::new();
    // Only what a uuid can be is said back into a page.
    let _ = write!(
        shown,
        "{}",
        id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>()
    );
    refusal(StatusCode::NOT_FOUND, &format!("No image found with ID {shown}<br /><br />"))
}

/// Answers a request.
pub(crate) fn answer(world: &World, ask: &Ask) -> Answer {
    let parts = ask.parts();
    if matches!(parts.as_slice(), [] | ["versions"]) {
        return Answer::json(300, view::versions(ask));
    }
    let Some(requester) = Requester::of(world, ask) else {
        let answer =
            refusal(StatusCode::UNAUTHORIZED, "This server could not verify that you are authorized.");
        return answer.with("www-authenticate", "Keystone uri=\"/identity\"");
    };
    let ["v2", "images", rest @ ..] = parts.as_slice() else {
        return refusal(StatusCode::NOT_FOUND, "The resource could not be found.<br /><br />");
    };
    match (rest, &ask.method) {
        ([], &Method::GET) => list(world, ask, &requester),
        ([], &Method::POST) if requester.may(Access::Member) => create(world, ask, &requester),
        ([], &Method::POST) => {
            refusal(StatusCode::FORBIDDEN, "You are not authorized to complete add_image action.")
        }
        ([id, rest @ ..], method) => {
            let found = id.parse().ok().and_then(|id: ImageId| visible(world, id, &requester));
            let Some((image, note)) = found else { return not_found(id) };
            one(world, ask, &requester, (image, note), (rest, method))
        }
        _ => refusal(StatusCode::METHOD_NOT_ALLOWED, "The method is not allowed for this resource."),
    }
}

/// An image as the compute service passes it on.
pub(crate) struct ImageFacts {
    /// Its record.
    pub(crate) meta: ImageMeta,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Whether its content is there.
    pub(crate) active: bool,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// The project that made it; empty for one that nobody made.
    pub(crate) owner: ProjectId,
}

/// The images somebody sees, oldest first.
pub(crate) fn seen_by(world: &World, requester: &Requester) -> Vec<ImageFacts> {
    let notes = world.images.borrow();
    let images = world.cloud().records().images().into_iter();
    let noted = images.map(|meta| (notes.note(&meta), meta));
    let shared = |meta: &ImageMeta| {
        meta.properties.get("instance_owner").is_some_and(|project| requester.project == project.as_str())
    };
    let seen = noted.filter(|(note, meta)| may_see(requester, note) || shared(meta));
    seen.map(|(note, meta)| ImageFacts {
        meta,
        size: note.size,
        active: note.active,
        created_at: note.created_at,
        owner: note.owner,
    })
    .collect()
}

/// Deletes an image that is the requester's to delete. Answers whether it was.
pub(crate) fn delete(world: &World, requester: &Requester, id: &str) -> bool {
    let found = id.parse().ok().and_then(|id: ImageId| visible(world, id, requester));
    let Some((image, note)) = found.filter(|(_, note)| is_own(requester, note)) else { return false };
    drop(note);
    world.cloud().records().delete_image(image.id);
    world.images.borrow_mut().0.remove(&image.id);
    true
}

fn is_own(requester: &Requester, note: &Note) -> bool {
    requester.is_admin || requester.may(Access::Member) && note.owner == requester.project
}

fn may_see(requester: &Requester, note: &Note) -> bool {
    note.visibility == "public" || requester.is_admin || note.owner == requester.project
}

fn visible(world: &World, id: ImageId, requester: &Requester) -> Option<(ImageMeta, Note)> {
    let image = world.cloud().records().image(id)?;
    let note = world.images.borrow().note(&image);
    may_see(requester, &note).then_some((image, note))
}

fn list(world: &World, ask: &Ask, requester: &Requester) -> Answer {
    let images = world.images.borrow();
    let all = world.cloud().records().images();
    let noted = all.iter().map(|image| (image, images.note(image)));
    let mut shown: Vec<Value> = noted
        .filter(|(_, note)| may_see(requester, note))
        .map(|(image, note)| view::show(image, &note))
        .collect();
    for (key, wanted) in ask
        .query
        .pairs()
        .filter(|(key, _)| !matches!(*key, "limit" | "marker" | "sort" | "sort_key" | "sort_dir"))
    {
        // `in:` stands before several values, of which one is enough.
        let any: Vec<&str> =
            wanted.strip_prefix("in:").map_or_else(|| vec![wanted], |list| list.split(',').collect());
        shown.retain(|image| image[key].as_str().is_some_and(|value| any.contains(&value)));
    }
    if let Some(marker) = ask.query.get("marker") {
        let after = shown.iter().position(|image| image["id"] == marker);
        shown = after.map_or_else(Vec::new, |at| shown.split_off(at + 1));
    }
    if let Some(limit) = ask.query.get("limit").and_then(|limit| limit.parse().ok()) {
        shown.truncate(limit);
    }
    Answer::json(200, json!({"images": shown, "schema": "/v2/schemas/images", "first": "/v2/images"}))
}

fn one(
    world: &World,
    ask: &Ask,
    requester: &Requester,
    (image, mut note): (ImageMeta, Note),
    (rest, method): (&[&str], &Method),
) -> Answer {
    let own = is_own(requester, &note);
    match (rest, method) {
        ([], &Method::GET) => Answer::json(200, view::show(&image, &note)),
        (["file"], &Method::GET) => match note.data {
            Some(data) => Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Content::Bytes(data, "application/octet-stream"),
            },
            None => Answer::empty(204),
        },
        ([] | ["file"], &Method::DELETE | &Method::PUT) if !own => {
            refusal(StatusCode::FORBIDDEN, "You are not authorized to complete this action.")
        }
        ([], &Method::DELETE) => {
            world.cloud().records().delete_image(image.id);
            world.images.borrow_mut().0.remove(&image.id);
            Answer::empty(204)
        }
        (["file"], &Method::PUT) if note.active => {
            refusal(StatusCode::CONFLICT, "Image status transition from active to saving is not allowed")
        }
        (["file"], &Method::PUT) => {
            note.size = ask.body.len() as u64;
            note.data = Some(ask.body.clone());
            note.active = true;
            world.images.borrow_mut().0.insert(image.id, note);
            Answer::empty(204)
        }
        _ => refusal(StatusCode::NOT_FOUND, "The resource could not be found.<br /><br />"),
    }
}

fn create(world: &World, ask: &Ask, requester: &Requester) -> Answer {
    let Some(body) = ask.json().ok().filter(Value::is_object) else {
        return refusal(StatusCode::BAD_REQUEST, "Malformed JSON in request body.");
    };
    match insert(world, &body, &requester.project, false) {
        Ok((image, note)) => {
            let location = format!("{}/v2/images/{}", ask.base(), image.id);
            Answer::json(201, view::show(&image, &note)).with("location", &location)
        }
        Err(problem) => refusal(StatusCode::CONFLICT, &problem),
    }
}

/// Makes an image as Nova's stand-in for the image service does (`nova/tests/fixtures/glance.py`): with this id if one is
/// given, and active at once.
pub(crate) fn create_by_harness(world: &World, body: &Value) -> Result<Value, String> {
    let given = &body["image"];
    let properties = given["properties"].as_object().cloned().unwrap_or_default();
    let mut flat = properties;
    for key in ["id", "name", "container_format", "disk_format", "min_disk", "min_ram", "tags", "visibility"]
    {
        if !given[key].is_null() {
            flat.insert(key.to_owned(), given[key].clone());
        }
    }
    let (image, note) = insert(world, &Value::Object(flat), &ProjectId::from(""), true)?;
    let mut shown = view::show(&image, &note);
    shown["properties"] = json!(image.properties);
    Ok(json!({"image": shown}))
}

/// What the API shows of an image and is no property of it.
const ATTRIBUTES: [&str; 10] = [
    "id",
    "name",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "tags",
    "visibility",
    "protected",
    "os_hidden",
];

fn insert(
    world: &World,
    given: &Value,
    owner: &ProjectId,
    active: bool,
) -> Result<(ImageMeta, Note), String> {
    let id = match given["id"].as_str() {
        Some(text) => text.parse().map_err(|_| "Invalid image id format".to_owned())?,
        None => ImageId(Uuid::new_v4()),
    };
    let cloud = world.cloud();
    if cloud.records().image(id).is_some() {
        return Err(format!("Image ID {id} already exists!"));
    }
    let text = |key: &str| given[key].as_str().map(str::to_owned);
    let extra = given.as_object().into_iter().flatten();
    let extra = extra.filter(|(key, _)| !ATTRIBUTES.contains(&key.as_str()));
    let image = ImageMeta {
        id,
        name: text("name").unwrap_or_default(),
        disk_format: text("disk_format").unwrap_or_else(|| "raw".to_owned()),
        min_disk_gb: given["min_disk"].as_u64().unwrap_or(0),
        min_ram_mb: given["min_ram"].as_u64().unwrap_or(0),
        properties: extra
            .map(|(key, value)| {
                (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect(),
    };
    let note = Note {
        container_format: text("container_format").unwrap_or_else(|| "bare".to_owned()),
        visibility: if given["visibility"] == "public" || active { "public" } else { "private" },
        owner: owner.clone(),
        size: if active { fixture::CREATED_SIZE } else { 0 },
        active,
        tags: given["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect(),
        created_at: world.now(),
        data: None,
    };
    cloud.records().put_image(image.clone());
    world.images.borrow_mut().0.insert(id, note.clone());
    Ok((image, note))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Rig, body_of, header_of};
    use serde_json::json;

    #[test]
    fn the_fixtures_images_are_there_in_their_order() {
        Rig::open().run(async |rig| {
            let images = body_of(&rig.get("/image/v2/images").await);
            let ids: Vec<_> =
                images["images"].as_array().into_iter().flatten().map(|image| image["id"].clone()).collect();
            assert_eq!(ids.len(), 7);
            assert_eq!(ids[0], "155d900f-4e14-4e4c-a73d-069cbf4541e6");
            assert_eq!(images["images"][0]["size"], 25_165_824);
            assert_eq!(images["images"][0]["architecture"], "x86_64");
        });
    }

    #[test]
    fn an_image_is_made_filled_read_and_deleted_and_others_do_not_see_it() {
        Rig::open().run(async |rig| {
            let made = rig
                .post("/image/v2/images", json!({"name": "tiny", "disk_format": "qcow2", "os_type": "linux"}))
                .await;
            assert_eq!(made.status(), 201);
            let url = header_of(&made, "location").replace("http://rig", "");
            assert_eq!(body_of(&made)["status"], "queued");
            assert_eq!(rig.put_bytes(&format!("{url}/file"), b"disk").await.status(), 204);
            let shown = body_of(&rig.get(&url).await);
            assert_eq!(
                (&shown["status"], &shown["size"], &shown["os_type"]),
                (&json!("active"), &json!(4), &json!("linux"))
            );
            assert_eq!(&rig.get(&format!("{url}/file")).await.body()[..], b"disk");
            let other = rig.with(&[
                ("x-auth-user", "eve"),
                ("x-auth-project-id", "else"),
                ("x-roles", "member,reader"),
            ]);
            assert_eq!(other.get(&url).await.status(), 404);
            assert_eq!(rig.delete(&url).await.status(), 204);
            assert_eq!(rig.get(&url).await.status(), 404);
        });
    }
}
