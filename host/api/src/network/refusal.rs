//! Errors, as Neutron words them.

use crate::answer::Answer;
use conductor::NetworkError;
use serde_json::json;

/// A request the network service refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    kind: String,
    message: String,
}

/// A refusal of this kind.
pub(super) fn refusal(status: u16, kind: &str, message: &str) -> Refusal {
    Refusal { status, kind: kind.to_owned(), message: message.to_owned() }
}

fn camel(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    word.split('_').map(capital).collect()
}

impl Refusal {
    pub(super) fn nothing_here() -> Self {
        refusal(404, "HTTPNotFound", "The resource could not be found.")
    }

    /// A thing that is not there, by the name of its kind, such as `security_group`.
    pub(super) fn not_found(kind: &str, id: &str) -> Self {
        let kind = if kind == "floatingip" { "FloatingIP".to_owned() } else { camel(kind) };
        refusal(404, &format!("{kind}NotFound"), &format!("{kind} {id} could not be found."))
    }

    pub(super) fn invalid(message: &str) -> Self {
        refusal(400, "HTTPBadRequest", message)
    }

    pub(super) fn forbidden(rule: &str) -> Self {
        refusal(403, "PolicyNotAuthorized", &format!("rule:{rule} is disallowed by policy"))
    }

    pub(super) fn into_answer(self) -> Answer {
        let error = json!({"type": self.kind, "message": self.message, "detail": ""});
        Answer::json(self.status, json!({"NeutronError": error}))
    }
}

impl From<NetworkError> for Refusal {
    fn from(error: NetworkError) -> Self {
        let (status, kind) = match &error {
            NetworkError::NoNetwork(_) => (404, "NetworkNotFound"),
            NetworkError::NoSubnet(_) => (404, "SubnetNotFound"),
            NetworkError::NetworkInUse(_) => (409, "NetworkInUse"),
            NetworkError::SubnetInUse(_) => (409, "SubnetInUse"),
            NetworkError::Overlap(..) | NetworkError::Invalid(_) => (400, "InvalidInput"),
            NetworkError::NoAddress(_) => (409, "IpAddressGenerationFailure"),
            NetworkError::AddressTaken(..) => (409, "IpAddressAlreadyAllocated"),
            NetworkError::AddressElsewhere(_) => (400, "InvalidIpForNetwork"),
        };
        refusal(status, kind, &error.to_string())
    }
}
