//! The routes: which path takes which methods, since when, for whom, and who answers (`placement/handler.py`).

use super::access::Access;
use super::call::Call;
use super::engine::Store;
use super::handlers::{
    aggregates, allocations, candidates, inventories, providers, reshaper, resource_classes, root, traits,
    usages,
};
use super::refusal::Refusal;
use super::reply::Reply;
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
    /// Whether it takes a body of JSON, and nothing else.
    pub(crate) takes_json: bool,
    /// Whether it gives a body of JSON, and so refuses who does not accept that.
    pub(crate) gives_json: bool,
    pub(crate) access: Access,
    /// The name of its rule of access.
    pub(crate) rule: &'static str,
    pub(crate) handler: Handler,
}

/// One path. A part in braces is open.
pub(crate) struct Route {
    pub(crate) pattern: &'static str,
    pub(crate) operations: &'static [Operation],
}

impl Operation {
    const fn new(method: &'static str, rule: &'static str, handler: Handler) -> Self {
        Self {
            method,
            since: 0,
            until: None,
            before: StatusCode::NOT_FOUND,
            takes_json: false,
            gives_json: false,
            access: Access::AdminOrService,
            rule,
            handler,
        }
    }

    const fn get(rule: &'static str, handler: fn(&Call, &Placement) -> Answer) -> Self {
        Self { gives_json: true, ..Self::new("GET", rule, Handler::Read(handler)) }
    }

    const fn post(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self { takes_json: true, ..Self::new("POST", rule, Handler::Write(handler)) }
    }

    const fn put(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self { takes_json: true, ..Self::new("PUT", rule, Handler::Write(handler)) }
    }

    const fn delete(rule: &'static str, handler: fn(&Call, &mut dyn Store) -> Answer) -> Self {
        Self::new("DELETE", rule, Handler::Write(handler))
    }

    const fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    const fn until(self, until: u32) -> Self {
        Self { until: Some(until), ..self }
    }

    /// It takes and gives no body.
    const fn bodiless(self) -> Self {
        Self { takes_json: false, gives_json: false, ..self }
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
        pattern: "/resource_classes",
        operations: &[
            Operation::get("placement:resource_classes:list", resource_classes::list).since(2),
            Operation::post("placement:resource_classes:create", resource_classes::create).since(2),
        ],
    },
    Route {
        pattern: "/resource_classes/{name}",
        operations: &[
            Operation::get("placement:resource_classes:show", resource_classes::show).since(2),
            Operation::put("placement:resource_classes:update", resource_classes::rename).since(2).until(6),
            Operation::put("placement:resource_classes:update", resource_classes::ensure).since(7).bodiless(),
            Operation::delete("placement:resource_classes:delete", resource_classes::delete).since(2),
        ],
    },
    Route {
        pattern: "/resource_providers",
        operations: &[
            Operation::get("placement:resource_providers:list", providers::list),
            Operation::post("placement:resource_providers:create", providers::create),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}",
        operations: &[
            Operation::get("placement:resource_providers:show", providers::show),
            Operation::delete("placement:resource_providers:delete", providers::delete),
            Operation::put("placement:resource_providers:update", providers::update),
        ],
    },
    Route {
        pattern: "/resource_providers/{uuid}/inventories",
        operations: &[
            Operation::get("placement:resource_providers:inventories:list", inventories::list),
            Operation::post("placement:resource_providers:inventories:create", inventories::create),
            Operation::put("placement:resource_providers:inventories:update", inventories::replace),
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
            Operation::put("placement:resource_providers:inventories:update", inventories::update),
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
            Operation::put("placement:resource_providers:aggregates:update", aggregates::replace).since(1),
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
            Operation::put("placement:resource_providers:traits:update", traits::replace).since(6),
            Operation::delete("placement:resource_providers:traits:delete", traits::clear).since(6),
        ],
    },
    Route {
        pattern: "/allocations",
        operations: &[Operation::post("placement:allocations:manage", allocations::write_several).since(13)],
    },
    Route {
        pattern: "/allocations/{consumer_uuid}",
        operations: &[
            Operation::get("placement:allocations:list", allocations::of_consumer),
            Operation::put("placement:allocations:update", allocations::write),
            Operation::delete("placement:allocations:delete", allocations::delete),
        ],
    },
    Route {
        pattern: "/allocation_candidates",
        operations: &[Operation::get("placement:allocation_candidates:list", candidates::list).since(10)],
    },
    Route {
        pattern: "/traits",
        operations: &[Operation::get("placement:traits:list", traits::list).since(6)],
    },
    Route {
        pattern: "/traits/{name}",
        operations: &[
            Operation::get("placement:traits:show", traits::show).since(6).bodiless(),
            Operation::put("placement:traits:update", traits::ensure).since(6).bodiless(),
            Operation::delete("placement:traits:delete", traits::delete).since(6),
        ],
    },
    Route {
        pattern: "/usages",
        operations: &[Operation::get("placement:usages", usages::of_project)
            .since(9)
            .access(Access::AdminServiceOrProjectReader)],
    },
    Route {
        pattern: "/reshaper",
        operations: &[Operation::post("placement:reshaper:reshape", reshaper::reshape)
            .since(30)
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
