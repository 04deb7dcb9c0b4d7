//! The root: which versions there are (`placement/handlers/root.py`), and what the API is.

use crate::placement::call::Call;
use crate::placement::openapi;
use crate::placement::reply::Reply;
use crate::placement::routes::Answer;
use crate::placement::version::Version;
use placement::Placement;
use serde_json::json;

pub(crate) fn versions(call: &Call, _state: &Placement) -> Answer {
    let version = json!({
        "id": format!("v{}", Version::MIN),
        "max_version": Version::MAX.to_string(),
        "min_version": Version::MIN.to_string(),
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    });
    Ok(Reply::json(call.version, &json!({ "versions": [version] })))
}

pub(crate) fn describe_api(call: &Call, _state: &Placement) -> Answer {
    Ok(Reply::bytes(call.version, openapi::DOCUMENT.as_bytes().into()))
}
