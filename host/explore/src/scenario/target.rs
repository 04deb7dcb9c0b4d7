//! Requests that often need no more than a name: of a server, or of a host. The name alone is a short form of them.

use model::HostName;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A request that needs no more than its server. Written `{server: NAME, refused: CODE}` or just `NAME`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OnServer {
    /// The server.
    pub server: String,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Makes a server anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct RebuildServer {
    /// The server.
    pub server: String,
    /// Whether the request names the image that the server, or the volume it boots from, was made of; else it names none.
    #[serde(default)]
    pub name_image: bool,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Evacuates a server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct EvacuateServer {
    /// The server.
    pub server: String,
    /// The host it is to go to; the scheduler's choice if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// A request about the service of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OnHost {
    /// The host.
    pub host: HostName,
    /// The code with which the API is to refuse it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<u16>,
}

/// Takes the service of a host out of scheduling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct DisableHost {
    /// The host.
    pub host: HostName,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

macro_rules! short_form {
    ($type:ident, $expecting:literal, $short:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ShortOrFull;

                impl<'de> Visitor<'de> for ShortOrFull {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: Error>(self, name: &str) -> Result<$type, E> {
                        let short: fn(&str) -> $type = $short;
                        Ok(short(name))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        // The derived one, which reads the whole form.
                        $type::deserialize(MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_any(ShortOrFull)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $type::serialize(self, serializer)
            }
        }
    };
}
short_form!(OnServer, "a server's name, or {server: NAME, refused: CODE}", |name| OnServer {
    server: name.to_owned(),
    ..OnServer::default()
});
short_form!(RebuildServer, "a server's name, or {server: NAME, name_image: true, refused: CODE}", |name| {
    RebuildServer { server: name.to_owned(), ..RebuildServer::default() }
});
short_form!(EvacuateServer, "a server's name, or {server: NAME, host: HOST, refused: CODE}", |name| {
    EvacuateServer { server: name.to_owned(), ..EvacuateServer::default() }
});
short_form!(OnHost, "a host's name, or {host: NAME, refused: CODE}", |name| OnHost {
    host: HostName::from(name),
    refused: None
});
short_form!(DisableHost, "a host's name, or {host: NAME, reason: TEXT}", |name| DisableHost {
    host: HostName::from(name),
    reason: None
});
