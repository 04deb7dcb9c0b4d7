//! The routes: which path takes which methods, since when, for whom, and who answers (`placement/handler.py`).

use super::access::Access;
use super::call::Call;
use super::engine::Store;
use super::handlers::{
    aggregates, allocations, candidates, inventories, providers, reshaper, resource_classes, root, traits,
    usages,
};
use super::openapi;
use super::refusal::Refusal;
use super::reply::Reply;
use super::schema::documents::{self, Lazy};
use super::version::Version;
use axum::http::StatusCode;
use placement::Placement;

/// What a handler gives back.
pub(crate) type Answer = Result<Reply, Refusal>;

/// Who answers an operation.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// It only reads.
    Read(fn(&Call, &Placement) -> Answer),
    /// It may change the state.
    Write(fn(&Call, &mut dyn Store) -> Answer),
}

/// One method of one path, at a range of microversions.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    /// The first microversion that has it.
    pub(crate) since: u32,
    /// The last microversion that has it in this form, if a later one differs.
    pub(crate) until: Option<u32>,
    /// The status below its first microversion.
    pub(crate) before: StatusCode,
    /// What its body must be, which then is JSON and nothing else.
    pub(crate) body: Option<&'static Lazy>,
    /// What its query string must be; without it, the query string does not matter.
    pub(crate) query: Option<&'static Lazy>,
    /// Whether it gives a body of JSON, and so refuses who does not accept that.
    pub(crate) gives_json: bool,
    pub(crate) access: Access,
    /// The name of its rule of access.
    pub(crate) rule: &'static str,
    pub(crate) handler: Handler,
    /// How it succeeds at the newest microversion: the statuses, each with whether there is a body of JSON.
    pub(crate) successes: &'static [(u16, bool)],
}

const OK: &[(u16, bool)] = &[(200, true)];
const CREATED: &[(u16, bool)] = &[(201, false)];
const CREATED_AND_SHOWN: &[(u16, bool)] = &[(201, true)];
const DONE: &[(u16, bool)] = &[(204, false)];
const CREATED_OR_THERE: &[(u16, bool)] = &[(201, false), (204, false)];

/// One path. A part in braces is open.
pub(crate) struct Route {
    pub(crate) pattern: &'static str,
    pub(crate) operations: &'static [Operation],
}

impl Operation {
    const fn get(rule: &'static str, handler: fn(&Call, &Placement) -> Answer) -> Self {
        Self {
            method: "GET",
            since: 0,
            until: None,
            before: StatusCode::NOT_FOUND,
            body: None,
            query: None,
            gives_json: true,
            access: Access::AdminOrService,
            rule,
            handler: Handler::Read(handler),
            successes: OK,
        }
    }

    const fn delete(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self {
            method: "DELETE",
            gives_json: false,
            handler: Handler::Write(handler),
            successes: DONE,
            ..Self::get(rule, root::versions)
        }
    }

    const fn put(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self { method: "PUT", successes: OK, ..Self::delete(rule, handler) }
    }

    const fn post(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self { method: "POST", ..Self::put(rule, handler) }
    }

    const fn body(self, schema: &'static Lazy) -> Self {
        Self { body: Some(schema), ..self }
    }

    const fn query(self, schema: &'static Lazy) -> Self {
        Self { query: Some(schema), ..self }
    }

    const fn succeeds(self, successes: &'static [(u16, bool)]) -> Self {
        Self { successes, ..self }
    }

    const fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    const fn until(self, until: u32) -> Self {
        Self { until: Some(until), ..self }
    }

    const fn access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Whether it exists at this microversion.
    pub(crate) fn exists_at(&self, version: Version) -> bool {
        version.since(self.since) && self.until.is_none_or(|last| !version.since(last + 1))
    }
}

/// All routes.
pub(crate) static ROUTES: &[Route] = &[
    Route {
        pattern: "/",
        operations: &[Operation {
            gives_json: false,
            ..Operation::get("", root::versions).access(Access::Anyone)
        }],
    },
    Route {
        pattern: openapi::PATH,
        operations: &[Operation::get("", root::describe_api).access(Access::Anyone)],
    },
    Route {
        pattern: "/resource_classes",
        operations: &[
            Operation::get("placement:resource_classes:list", resource_classes::list).since(2),
            Operation::post("placement:resource_classes:create", resource_classes::create)
                .since(2)
                .body(&documents::RESOURCE_CLASS)
                .succeeds(CREATED),
        ],
    },
    Route {
        pattern: "/resource_classes/{name}",
        operations: &[
            Operation::get("placement:resource_classes:show", resource_classes::show).since(2),
            Operation::put("placement:resource_classes:update", resource_classes::rename)
                .since(2)
                .until(6)
                .body(&documents::RESOURCE_CLASS),
            Operation::put("placement:resource_classes:update", resource_classes::ensure)
                .since(7)
                .succeeds(CREATED_OR_THERE),
            Operation::delete("placement:resource_classes:delete", resource_classes::delete).since(2),
        ],
    },
    Route {
        pattern: "/resource_providers",
        operations: &[
            Operation::get("placement:resource_providers:list", providers::list)
                .query(&documents::PROVIDER_LIST),
            Operation::post("placement:resource_providers:create", providers::create)
                .body(&documents::PROVIDER_POST),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}",
        operations: &[
            Operation::get("placement:resource_providers:show", providers::show),
            Operation::delete("placement:resource_providers:delete", providers::delete),
            Operation::put("placement:resource_providers:update", providers::update)
                .body(&documents::PROVIDER_PUT),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}/inventories",
        operations: &[
            Operation::get("placement:resource_providers:inventories:list", inventories::list),
            Operation::post("placement:resource_providers:inventories:create", inventories::create)
                .body(&documents::INVENTORY_POST)
                .succeeds(CREATED_AND_SHOWN),
            Operation::put("placement:resource_providers:inventories:update", inventories::replace)
                .body(&documents::INVENTORIES),
            Operation {
                before: StatusCode::METHOD_NOT_ALLOWED,
                ..Operation::delete(
                    "placement:resource_providers:inventories:delete",
                    inventories::delete_all,
                )
                .since(5)
            },
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}/inventories/{resource_class}",
        operations: &[
            Operation::get("placement:resource_providers:inventories:show", inventories::show),
            Operation::put("placement:resource_providers:inventories:update", inventories::update)
                .body(&documents::INVENTORY_PUT),
            Operation::delete("placement:resource_providers:inventories:delete", inventories::delete),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}/usages",
        operations: &[Operation::get("placement:resource_providers:usages", usages::of_provider)],
    },
    Route {
        pattern: "/resource_providers/{uuid}/aggregates",
        operations: &[
            Operation::get("placement:resource_providers:aggregates:list", aggregates::list).since(1),
            Operation::put("placement:resource_providers:aggregates:update", aggregates::replace)
                .since(1)
                .body(&documents::AGGREGATES),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}/allocations",
        operations: &[Operation::get(
            "placement:resource_providers:allocations:list",
            allocations::of_provider,
        )],
    },
    Route {
        pattern: "/resource_providers/{uuid}/traits",
        operations: &[
            Operation::get("placement:resource_providers:traits:list", traits::of_provider).since(6),
            Operation::put("placement:resource_providers:traits:update", traits::replace)
                .since(6)
                .body(&documents::PROVIDER_TRAITS),
            Operation::delete("placement:resource_providers:traits:delete", traits::clear).since(6),
        ],
    },
    Route {
        pattern: "/allocations",
        operations: &[Operation::post("placement:allocations:manage", allocations::write_several)
            .since(13)
            .body(&documents::ALLOCATIONS_POST)
            .succeeds(DONE)],
    },
    Route {
        pattern: "/allocations/{consumer_uuid}",
        operations: &[
            Operation::get("placement:allocations:list", allocations::of_consumer),
            Operation::put("placement:allocations:update", allocations::write)
                .body(&documents::ALLOCATIONS_PUT)
                .succeeds(DONE),
            Operation::delete("placement:allocations:delete", allocations::delete),
        ],
    },
    Route {
        pattern: "/allocation_candidates",
        operations: &[Operation::get("placement:allocation_candidates:list", candidates::list)
            .since(10)
            .query(&documents::CANDIDATES)],
    },
    Route {
        pattern: "/traits",
        operations: &[Operation::get("placement:traits:list", traits::list)
            .since(6)
            .query(&documents::TRAIT_LIST)],
    },
    Route {
        pattern: "/traits/{name}",
        operations: &[
            Operation {
                gives_json: false,
                ..Operation::get("placement:traits:show", traits::show).since(6).succeeds(DONE)
            },
            Operation::put("placement:traits:update", traits::ensure).since(6).succeeds(CREATED_OR_THERE),
            Operation::delete("placement:traits:delete", traits::delete).since(6),
        ],
    },
    Route {
        pattern: "/usages",
        operations: &[Operation::get("placement:usages", usages::of_project)
            .since(9)
            .query(&documents::USAGES)
            .access(Access::AdminServiceOrProjectReader)],
    },
    Route {
        pattern: "/reshaper",
        operations: &[Operation::post("placement:reshaper:reshape", reshaper::reshape)
            .since(30)
            .body(&documents::RESHAPER)
            .succeeds(DONE)
            .access(Access::Service)],
    },
];

impl Route {
    /// The open parts of the path, if this is its route.
    fn matches(&self, path: &str) -> Option<Vec<String>> {
        let mut open = Vec::new();
        let (mut wanted, mut given) = (self.pattern.split('/'), path.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(open),
                (Some(part), Some(text)) if part.starts_with('{') && !text.is_empty() => {
                    open.push(text.to_string())
                }
                (Some(part), Some(text)) if part == text => {}
                _ => return None,
            }
        }
    }

    /// The methods it takes at any microversion, each once.
    pub(crate) fn methods(&self) -> String {
        let mut methods: Vec<&str> = self.operations.iter().map(|operation| operation.method).collect();
        methods.dedup();
        methods.join(", ")
    }
}

/// Whether this path is for everybody, with a token or without.
pub(crate) fn is_public(path: &str) -> bool {
    matches!(path, "" | "/" | openapi::PATH)
}

/// The route of a path, with the path's open parts. The empty path is the root.
pub(crate) fn find(path: &str) -> Option<(&'static Route, Vec<String>)> {
    let path = if path.is_empty() { "/" } else { path };
    ROUTES.iter().find_map(|route| Some((route, route.matches(path)?)))
}

#[cfg(test)]
mod tests {
    use super::{ROUTES, find};

    #[test]
    fn every_pattern_finds_its_own_route_and_nothing_else_does() {
        for route in ROUTES {
            let (found, open) = find(route.pattern).expect("the pattern is a path of the route");
            assert_eq!(found.pattern, route.pattern);
            assert_eq!(open.len(), route.pattern.matches('{').count());
        }
        for bad in ["/cows", "/resource_providers/x/cows", "/traits/", "/traits/a/b", "//"] {
            assert!(find(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_method_that_came_in_two_forms_is_named_once() {
        let (route, _) = find("/resource_classes/X").expect("a route");
        assert_eq!(route.methods(), "GET, PUT, DELETE");
    }
}
