//! Which versions there are, for anybody (`nova/api/openstack/compute/versions.py`).

use super::version::Version;
use crate::answer::{Answer, Ask, Content};
use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};

fn entry(ask: &Ask, id: &str, with_types: bool) -> Value {
    let current = id == "v2.1";
    let mut links = vec![
        json!({"rel": "self", "href": format!("{}/{}/", ask.base(), if current { "v2.1" } else { "v2" })}),
    ];
    let mut entry = json!({
        "id": id,
        "status": if current { "CURRENT" } else { "DEPRECATED" },
        "version": if current { Version::MAX.to_string() } else { String::new() },
        "min_version": if current { Version::MIN.to_string() } else { String::new() },
        "updated": if current { "2013-07-23T11:33:21Z" } else { "2025-07-04T12:00:00Z" },
    });
    if with_types {
        links.push(json!({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}));
        let media_type =
            format!("application/vnd.openstack.compute+json;version={}", if current { "2.1" } else { "2" });
        entry["media-types"] = json!([{"base": "application/json", "type": media_type}]);
    }
    entry["links"] = json!(links);
    entry
}

/// The answer to a path that is below no version.
pub(super) fn at_root(ask: &Ask) -> Answer {
    if ask.path != "/" {
        let choice = |id: &str| {
            let mut choice = entry(ask, id, true);
            choice["links"] = json!([{"rel": "self", "href": format!("{}/{}{}", ask.base(), if id == "v2.1" { "v2.1" } else { "v2" }, ask.path)}]);
            choice
        };
        return Answer::json(300, json!({"choices": [choice("v2.0"), choice("v2.1")]}));
    }
    if ask.method == Method::GET && ask.header("accept").is_some_and(|accept| accept.contains("text/html")) {
        return page(ask);
    }
    Answer::json(200, json!({"versions": [entry(ask, "v2.0", false), entry(ask, "v2.1", false)]}))
}

/// The document of a version, if it is that which is asked for.
pub(super) fn below(ask: &Ask, root: &str, path: &[&str]) -> Option<Answer> {
    let own = if root == "v2" { "v2.0" } else { "v2.1" };
    if ask.method != Method::GET {
        return None;
    }
    match path {
        [] => Some(Answer::json(200, json!({"version": entry(ask, own, true)}))),
        ["versions", id @ ("v2.0" | "v2.1")] => {
            Some(Answer::json(200, json!({"version": entry(ask, id, true)})))
        }
        _ => None,
    }
}

/// What a person with a browser sees.
fn page(ask: &Ask) -> Answer {
    let row = |(name, path): (&str, &str)| format!("<li>{name}: <code>{}{path}</code></li>\n", ask.base());
    let services = [
        ("identity", "/identity/v3"),
        ("compute", "/compute/v2.1"),
        ("placement", "/placement"),
        ("image", "/image/v2"),
        ("network", "/networking/v2.0"),
        ("control", "/_novarig/v1"),
    ];
    let text = format!(
        "<!doctype html>\n<title>novarig</title>\n<h1>novarig</h1>\n<p>A Nova control plane whose hypervisors are WebAssembly \
         components. It serves:</p>\n<ul>\n{}</ul>\n",
        services.map(row).concat()
    );
    let body = Content::Bytes(Bytes::from(text), "text/html; charset=UTF-8");
    Answer { status: StatusCode::OK, headers: HeaderMap::new(), body }
}
