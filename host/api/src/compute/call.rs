//! A request of the compute API that may go on: who asks, at which microversion, of which cloud.

use super::refusal::Refusal;
use super::version::Version;
use crate::answer::Ask;
use crate::caller::{Access, Requester};
use crate::world::World;
use conductor::{Caller, Cloud, ComputeApi};
use model::{RequestId, Server, ServerId};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// One request.
pub(super) struct Call<'w> {
    pub(super) world: &'w World,
    pub(super) ask: &'w Ask,
    pub(super) version: Version,
    pub(super) requester: Requester,
    pub(super) cloud: Rc<Cloud>,
    /// The operations, as the requester may use them.
    pub(super) api: ComputeApi,
    request: RequestId,
    root: String,
    project_part: String,
    /// For a request that only wants to be told what its body must look like: where that goes.
    describing: Option<RefCell<Option<Value>>>,
}

impl<'w> Call<'w> {
    pub(super) fn new(
        world: &'w World,
        ask: &'w Ask,
        root: &str,
        project: Option<&str>,
        version: Version,
        requester: Requester,
        request_id: &str,
    ) -> Self {
        let cloud = world.cloud();
        let api = cloud.api().of(Caller {
            project: requester.project.clone(),
            user: requester.user.clone(),
            is_admin: requester.is_admin,
            request: Some(RequestId::from(request_id)),
        });
        let project_part = project.map_or_else(String::new, |project| format!("/{project}"));
        Self {
            world,
            ask,
            version,
            requester,
            cloud,
            api,
            request: RequestId::from(request_id),
            root: root.to_owned(),
            project_part,
            describing: None,
        }
    }

    /// The same, but wanting only to be told what its body must look like: it is refused where the body would be checked.
    pub(super) fn describing(mut self) -> Self {
        self.describing = Some(RefCell::default());
        self
    }

    /// Tells the schema of the body to a request that wants to be told. Answers whether it does.
    pub(super) fn tell_schema(&self, schema: &Value) -> bool {
        self.describing.as_ref().map(|told| told.replace(Some(schema.clone()))).is_some()
    }

    /// The schema that was told.
    pub(super) fn described(&self) -> Option<Value> {
        self.describing.as_ref()?.take()
    }

    /// Refuses whoever may not do this.
    pub(super) fn require(&self, access: Access, rule: &str) -> Result<(), Refusal> {
        if self.requester.may(access) { Ok(()) } else { Err(Refusal::forbidden(rule)) }
    }

    /// The URL of something below the version's root.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{}{}{path}", self.ask.base(), self.root, self.project_part)
    }

    /// The link that stays when versions change.
    pub(super) fn bookmark(&self, path: &str) -> Value {
        json!({"rel": "bookmark", "href": format!("{}{}{path}", self.ask.base(), self.project_part)})
    }

    /// Both links of something.
    pub(super) fn links(&self, path: &str) -> Value {
        json!([{"rel": "self", "href": self.url(path)}, self.bookmark(path)])
    }

    /// A server that the requester may see.
    pub(super) fn server(&self, id: &str) -> Result<Server, Refusal> {
        let found = id.parse().ok().and_then(|id: ServerId| self.cloud.services().records.server(id).ok());
        let sees = |server: &Server| self.requester.is_admin || server.project_id == self.requester.project;
        found.filter(sees).ok_or_else(|| Refusal::no_server(id))
    }

    /// Whether a step of what this request asked of a server has failed.
    pub(super) fn failed(&self, server: ServerId) -> bool {
        let actions = self.cloud.records().actions(server);
        actions.iter().any(|action| action.request == self.request && action.message.is_some())
    }

    /// The links of the pages of a list, if there is another one after this: `items` is this page, of at most `limit`.
    pub(super) fn next_page(
        &self,
        path: &str,
        limit: Option<usize>,
        last: Option<String>,
        items: usize,
    ) -> Option<Value> {
        let (limit, last) = (limit?, last?);
        if limit == 0 || items < limit {
            return None;
        }
        let mut pairs: Vec<(String, String)> =
            self.ask.query.pairs().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        pairs.retain(|(key, _)| key != "marker");
        pairs.push(("marker".to_owned(), last));
        pairs.sort();
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        Some(json!([{"rel": "next", "href": format!("{}?{}", self.url(path), query.join("&"))}]))
    }

    /// The largest page, as `limit` asks for it; none when it does not ask.
    pub(super) fn limit(&self) -> Result<Option<usize>, Refusal> {
        const MAX_LIMIT: usize = 1_000;
        let Some(text) = self.ask.query.get("limit") else { return Ok(None) };
        let limit: usize = text.parse().map_err(|_| {
            Refusal::bad_request(format!(
                "Invalid input for query parameters limit. Value: {text}. '{text}' does not match '^[0-9]*$'"
            ))
        })?;
        Ok(Some(limit.min(MAX_LIMIT)))
    }
}
