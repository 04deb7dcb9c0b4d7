//! Errors on the wire: status, generic text, specific message and code (`placement/util.py`, `json_error_formatter`).

use super::version::Version;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use placement::PlacementError;
use serde_json::{Value, json};

/// The code of an error that has none of its own.
pub(crate) const UNDEFINED_CODE: &str = "placement.undefined_code";

/// A request refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// What is wrong with this request in particular.
    pub(crate) message: String,
    pub(crate) code: &'static str,
    /// Whether the answer says that it depends on the microversion. What is refused before a handler is chosen, or
    /// by the rules of access, does not.
    pub(crate) varies: bool,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: UNDEFINED_CODE, varies: true, header: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Refused before a handler was reached.
    pub(crate) fn unvaried(self) -> Self {
        Self { varies: false, ..self }
    }

    /// The refusal for what the engine refuses, where the request needs no other words for it.
    pub(crate) fn of(error: &PlacementError) -> Self {
        Self::new(status_of(error), error.to_string()).with_code(error.code())
    }

    /// The same with a sentence of the handler's before the engine's words.
    pub(crate) fn explained(status: StatusCode, before: &str, error: &PlacementError) -> Self {
        Self::new(status, format!("{before}: {error}")).with_code(error.code())
    }

    /// The text of the answer: what the status means, then what is wrong with this request.
    pub(crate) fn detail(&self, method: &str, content_type: &str, accept: &str) -> String {
        let meaning = match self.status {
            StatusCode::BAD_REQUEST => {
                "The server could not comply with the request since it is either malformed or otherwise incorrect."
                    .to_string()
            }
            StatusCode::UNAUTHORIZED => "This server could not verify that you are authorized to access the document \
                you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does \
                not understand how to supply the credentials required."
                .to_string(),
            StatusCode::FORBIDDEN => "Access was denied to this resource.".to_string(),
            StatusCode::NOT_FOUND => "The resource could not be found.".to_string(),
            StatusCode::METHOD_NOT_ALLOWED => format!("The method {method} is not allowed for this resource."),
            StatusCode::NOT_ACCEPTABLE => {
                format!("The resource could not be generated that was acceptable to your browser (content of type {accept}.")
            }
            StatusCode::CONFLICT => "There was a conflict when trying to complete your request.".to_string(),
            StatusCode::PAYLOAD_TOO_LARGE => "The body of your request was too large for this server.".to_string(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                format!("The request media type {content_type} is not supported by this server.")
            }
            _ => "The server has either erred or is incapable of performing the requested operation.".to_string(),
        };
        // Line ends inside a message are spaces on the wire.
        format!("{meaning}\n\n {}  ", self.message.replace('\n', " "))
    }

    /// The answer's body as JSON. The version is none if it could not be told.
    pub(crate) fn to_json(&self, detail: &str, version: Option<Version>, request_id: &str) -> Value {
        let mut error = json!({
            "status": self.status.as_u16(),
            "title": self.title(),
            "detail": detail,
            "request_id": request_id,
        });
        if version.is_some_and(|version| version.since(23)) {
            error["code"] = self.code.into();
        }
        if version.is_none() && self.status == StatusCode::NOT_ACCEPTABLE {
            error["max_version"] = Version::MAX.to_string().into();
            error["min_version"] = Version::MIN.to_string().into();
        }
        json!({ "errors": [error] })
    }

    pub(crate) fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}

/// The status of what the engine refuses, where a request does not say otherwise.
fn status_of(error: &PlacementError) -> StatusCode {
    use PlacementError as E;
    match error {
        E::ProviderNotFound(_)
        | E::ResourceClassNotFound(_)
        | E::TraitsNotFound(_)
        | E::InventoryNotFound(_)
        | E::NoAllocations(_) => StatusCode::NOT_FOUND,
        E::DuplicateName(_)
        | E::DuplicateProvider(_)
        | E::ProviderHasChildren
        | E::ProviderInUse
        | E::ProviderGenerationConflict { .. }
        | E::ConsumerGenerationConflict { .. }
        | E::ResourceClassExists(_)
        | E::ResourceClassInUse(_)
        | E::TraitExists(_)
        | E::TraitInUse(_)
        | E::InventoryExists(_)
        | E::InventoryInUse { .. }
        | E::NoInventory { .. }
        | E::CapacityExceeded { .. }
        | E::ConstraintsViolated { .. } => StatusCode::CONFLICT,
        E::ParentIsSelf
        | E::ParentNotFound
        | E::ReparentingNotAllowed
        | E::UnparentingNotAllowed
        | E::ParentLoop
        | E::CannotDeleteStandardClass(_)
        | E::CannotUpdateStandardClass(_)
        | E::InvalidCustomName(_)
        | E::CannotDeleteStandardTrait(_)
        | E::InvalidInventory { .. }
        | E::AllocationProviderNotFound(_)
        | E::DuplicateConsumer(_)
        | E::ReshapeProviderNotFound(_)
        | E::TooManyCandidates => StatusCode::BAD_REQUEST,
    }
}

impl From<PlacementError> for Refusal {
    fn from(error: PlacementError) -> Self {
        Self::of(&error)
    }
}
