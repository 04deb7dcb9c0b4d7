//! Key pairs (`nova/api/openstack/compute/keypairs.py`). They belong to users, not to projects.
//!
//! Keys are given, not made: private keys are for clients to make, as Nova has it since 2.92.

use super::call::Call;
use super::refusal::Refusal;
use super::{body, ssh_keys};
use crate::answer::Answer;
use crate::caller::Access;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use model::{Timestamp, UserId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The public keys of all users, by user and name.
#[derive(Debug, Default)]
pub(crate) struct Keypairs {
    made: u64,
    pairs: BTreeMap<(UserId, String), Keypair>,
}

/// One public key.
#[derive(Clone, Debug)]
struct Keypair {
    number: u64,
    name: String,
    user: UserId,
    kind: String,
    public_key: String,
    fingerprint: String,
    created_at: Timestamp,
}

impl Keypairs {
    /// Whether a user has a key of this name.
    pub(super) fn has(&self, user: &UserId, name: &str) -> bool {
        self.pairs.contains_key(&(user.clone(), name.to_owned()))
    }

    fn of(&self, user: &UserId) -> impl Iterator<Item = &Keypair> {
        self.pairs.values().filter(move |pair| pair.user == *user)
    }
}

/// Whose keys are meant: the requester's, or since 2.10 an administrator may name somebody.
fn user(call: &Call<'_>, named: Option<&str>, what: &str) -> Result<UserId, Refusal> {
    let named = named.filter(|_| call.version.since(10)).map(UserId::from);
    let user = named.unwrap_or_else(|| call.requester.user.clone());
    if user != call.requester.user {
        call.require(Access::Admin, &format!("os_compute_api:os-keypairs:{what}"))?;
    }
    Ok(user)
}

fn short(call: &Call<'_>, pair: &Keypair) -> Value {
    let mut shown =
        json!({"name": pair.name, "public_key": pair.public_key, "fingerprint": pair.fingerprint});
    if call.version.since(2) {
        shown["type"] = json!(pair.kind);
    }
    shown
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let user = user(call, call.ask.query.get("user_id"), "index")?;
    let keypairs = call.world.keypairs.borrow();
    let mut pairs: Vec<&Keypair> = keypairs.of(&user).collect();
    let mut limit = None;
    if call.version.since(35) {
        if let Some(marker) = call.ask.query.get("marker") {
            let at = pairs.iter().position(|pair| pair.name == marker);
            let message = format!("Marker {marker} could not be found.");
            pairs.drain(..=at.ok_or_else(|| Refusal::bad_request(message))?);
        }
        limit = call.limit()?;
        pairs.truncate(limit.unwrap_or(1_000));
    }
    let shown: Vec<Value> = pairs.iter().map(|pair| json!({"keypair": short(call, pair)})).collect();
    let last = pairs.last().map(|pair| pair.name.clone());
    let mut answer = json!({"keypairs": shown});
    if let Some(next) = call.next_page("/os-keypairs", limit, last, pairs.len()) {
        answer["keypairs_links"] = next;
    }
    Ok(Answer::json(200, answer))
}

fn no_key(user: &UserId, name: &str) -> Refusal {
    Refusal::not_found(format!("Keypair {name} not found for user {user}"))
}

pub(super) fn show(call: &Call<'_>, name: &str) -> Result<Answer, Refusal> {
    let user = user(call, call.ask.query.get("user_id"), "show")?;
    let keypairs = call.world.keypairs.borrow();
    let pair = keypairs.pairs.get(&(user.clone(), name.to_owned())).ok_or_else(|| no_key(&user, name))?;
    let mut shown = short(call, pair);
    shown["user_id"] = json!(pair.user);
    shown["id"] = json!(pair.number);
    shown["created_at"] = json!(pair.created_at.to_string());
    shown["updated_at"] = Value::Null;
    shown["deleted"] = json!(false);
    shown["deleted_at"] = Value::Null;
    Ok(Answer::json(200, json!({"keypair": shown})))
}

pub(super) fn delete(call: &Call<'_>, name: &str) -> Result<Answer, Refusal> {
    let user = user(call, call.ask.query.get("user_id"), "delete")?;
    let removed = call.world.keypairs.borrow_mut().pairs.remove(&(user.clone(), name.to_owned()));
    removed.ok_or_else(|| no_key(&user, name))?;
    Ok(Answer::empty(if call.version.since(2) { 204 } else { 202 }))
}

pub(super) fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let allowed = if call.version.since(92) { "^[@. _a-zA-Z0-9-]+$" } else { "^[ _a-zA-Z0-9-]+$" };
    let mut properties = json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": allowed},
        "public_key": {"type": "string"},
    });
    if call.version.since(2) {
        properties["type"] = json!({"type": "string", "enum": ["ssh", "x509"]});
    }
    if call.version.since(10) {
        properties["user_id"] = json!({"type": "string", "minLength": 1, "maxLength": 255});
    }
    let required: &[&str] = if call.version.since(92) { &["name", "public_key"] } else { &["name"] };
    let given = body::checked(
        call,
        body::object(json!({"keypair": body::object(properties, required)}), &["keypair"]),
    )?;
    let given = &given["keypair"];
    let user = user(call, given["user_id"].as_str(), "create")?;
    let name = given["name"].as_str().unwrap_or_default().trim().to_owned();
    let kind = given["type"].as_str().unwrap_or("ssh").to_owned();
    let (public_key, private_key) = match given["public_key"].as_str() {
        Some(public_key) => (public_key.to_owned(), None),
        None if kind != "ssh" => {
            let message =
                "Keypair data is invalid: certificates are not made here; give the public key of one";
            return Err(Refusal::bad_request(message));
        }
        None => {
            let no_random = || Refusal::new(500, "the system offers no random numbers for a key");
            let made = ssh_keys::generate().ok_or_else(no_random)?;
            (made.public, Some(made.private))
        }
    };
    let fingerprint = fingerprint(&public_key, &kind)?;
    let mut keypairs = call.world.keypairs.borrow_mut();
    let limit = call.cloud.records().limits().borrow().of_project(
        &call.cloud.services().options.get(),
        &call.requester.project,
        "key_pairs",
    );
    if usize::try_from(limit).is_ok_and(|limit| keypairs.of(&user).count() >= limit) {
        return Err(Refusal::new(403, "Quota exceeded, too many key pairs."));
    }
    if keypairs.has(&user, &name) {
        return Err(Refusal::new(409, format!("Key pair '{name}' already exists.")));
    }
    keypairs.made += 1;
    let pair = Keypair {
        number: keypairs.made,
        name: name.clone(),
        user: user.clone(),
        kind,
        public_key,
        fingerprint,
        created_at: call.world.now(),
    };
    let mut shown = short(call, &pair);
    shown["user_id"] = json!(pair.user);
    if let Some(private_key) = private_key {
        // It is told this once and kept nowhere.
        shown["private_key"] = json!(private_key);
    }
    keypairs.pairs.insert((user, name), pair);
    Ok(Answer::json(if call.version.since(2) { 201 } else { 200 }, json!({"keypair": shown})))
}

/// MD5 over an SSH key, SHA-1 of a certificate being no more than a name for it here: hexadecimal, by bytes.
fn fingerprint(public_key: &str, kind: &str) -> Result<String, Refusal> {
    let invalid = |why: &str| Refusal::bad_request(format!("Keypair data is invalid: {why}"));
    let blob = if kind == "ssh" {
        let coded = public_key.split_whitespace().nth(1);
        let coded = coded.ok_or_else(|| invalid("failed to generate fingerprint"))?;
        STANDARD.decode(coded).map_err(|_| invalid("failed to generate fingerprint"))?
    } else if public_key.contains("BEGIN CERTIFICATE") {
        public_key.as_bytes().to_vec()
    } else {
        return Err(invalid("failed to generate X509 fingerprint. Error message: it is no certificate"));
    };
    let digest = Md5::digest(&blob);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}
