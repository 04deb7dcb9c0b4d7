//! Which service answers a path.

use crate::answer::{Answer, Ask};
use crate::world::World;
use crate::{compute, control, identity, image, network, volume};
use axum::http::{Request, Response};
use bytes::Bytes;
use serde_json::json;
use std::rc::Rc;

/// Where services are mounted, as a DevStack has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Compute,
    Control,
    Identity,
    Image,
    Network,
    Volume,
}

const MOUNTS: &[(&str, Service)] = &[
    ("/compute", Service::Compute),
    ("/identity", Service::Identity),
    ("/image", Service::Image),
    ("/networking", Service::Network),
    ("/volume", Service::Volume),
    ("/_novarig/v1", Service::Control),
];

/// The service of a path and where it is mounted. What is nobody else's is the compute service's, which is at the root
/// too.
fn service_of(path: &str) -> (&'static str, Service) {
    let mounted =
        |mount: &str| path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    MOUNTS.iter().copied().find(|(mount, _)| mounted(mount)).unwrap_or(("", Service::Compute))
}

/// Answers a request.
pub(crate) async fn answer(world: &Rc<World>, request: Request<Bytes>) -> Response<Bytes> {
    let (mount, service) = service_of(request.uri().path());
    let Some(ask) = Ask::read(request, mount) else {
        let message = "the query string is not encoded as UTF-8";
        return Answer::json(400, json!({"badRequest": {"code": 400, "message": message}})).into_response();
    };
    let answer = match service {
        Service::Compute => compute::answer(world, &ask).await,
        Service::Control => control::answer(world, &ask).await,
        Service::Identity => identity::answer(world, &ask),
        Service::Image => image::answer(world, &ask),
        Service::Network => network::answer(world, &ask),
        Service::Volume => volume::answer(world, &ask).await,
    };
    answer.into_response()
}

#[cfg(test)]
mod tests {
    use super::{Service, service_of};

    #[test]
    fn services_are_where_a_devstack_has_them_and_compute_is_at_the_root_as_well() {
        assert_eq!(service_of("/compute/v2.1/servers"), ("/compute", Service::Compute));
        assert_eq!(service_of("/v2.1/servers"), ("", Service::Compute));
        assert_eq!(service_of("/identity"), ("/identity", Service::Identity));
        assert_eq!(service_of("/image/v2/images"), ("/image", Service::Image));
        assert_eq!(service_of("/imagery"), ("", Service::Compute));
        assert_eq!(service_of("/_novarig/v1/reset"), ("/_novarig/v1", Service::Control));
    }
}
