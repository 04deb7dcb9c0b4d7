//! The directory over a connection, and by what it shares with the identity service.

use super::ber::{self, built, number, octets};
use super::message::{Request, code};
use super::{Attribute, Change, ChangeKind, Entry, Filter, Operation, Outcome, Scope, Search, converse};
use crate::identity::{Identity, directory};
use crate::rig::{Job, Line};
use crate::testing::{Client, Rig, body_of, header_of};
use bytes::BytesMut;
use lber::common::TagClass;
use lber::structure::{PL, StructureTag};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

const ADMIN: &str = "uid=admin,ou=users,dc=novarig";
const DEMO: &str = "uid=demo,ou=users,dc=novarig";

/// Does something as a user, by name.
fn ask(rig: &Client, user: &str, operation: Operation) -> Outcome {
    let mut identity = rig.world().identity.borrow_mut();
    let bind = Operation::Bind { version: 3, dn: user.to_owned(), password: Some("secret".to_owned()) };
    let (bound, id) = directory::perform(&mut identity, bind, None);
    assert_eq!(bound.code, code::SUCCESS, "{bound:?}");
    directory::perform(&mut identity, operation, id.as_deref()).0
}

fn search(base: &str, scope: Scope, filter: Filter) -> Search {
    Search { base: base.to_owned(), scope, size_limit: 0, types_only: false, filter, attributes: Vec::new() }
}

fn every() -> Filter {
    Filter::Present("objectclass".to_owned())
}

fn found(rig: &Client, user: &str, search: Search) -> Vec<String> {
    let outcome = ask(rig, user, Operation::Search(search));
    assert_eq!(outcome.code, code::SUCCESS, "{}", outcome.message);
    let mut names: Vec<String> = outcome.entries.iter().map(|entry| entry.dn.to_string()).collect();
    names.sort();
    names
}

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute { name: name.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
}

fn add(rig: &Client, dn: &str, attributes: &[(&str, &[&str])]) -> u8 {
    let attributes = attributes.iter().map(|(name, values)| attribute(name, values)).collect();
    ask(rig, ADMIN, Operation::Add { dn: dn.to_owned(), attributes }).code
}

fn modify(rig: &Client, user: &str, dn: &str, kind: ChangeKind, name: &str, values: &[&str]) -> u8 {
    let changes = vec![Change { kind, attribute: attribute(name, values) }];
    ask(rig, user, Operation::Modify { dn: dn.to_owned(), changes }).code
}

async fn log_in(rig: &Client, user: &str, password: &str, project: Option<&str>) -> (u16, Client) {
    let user = json!({"name": user, "domain": {"id": "default"}, "password": password});
    let identity = json!({"methods": ["password"], "password": {"user": user}});
    let scope = project.map(|project| json!({"project": {"name": project, "domain": {"id": "default"}}}));
    let scope = scope.unwrap_or_else(|| json!("unscoped"));
    let answer =
        rig.post("/identity/v3/auth/tokens", json!({"auth": {"identity": identity, "scope": scope}})).await;
    let token = header_of(&answer, "x-subject-token");
    (answer.status().as_u16(), rig.with(&[("x-auth-token", &token)]))
}

#[test]
fn a_user_made_in_the_directory_logs_in_and_one_made_by_the_api_is_found_and_binds() {
    Rig::keystone().run(async |rig| {
        let dn = "uid=eve,ou=users,dc=novarig";
        let given: &[(&str, &[&str])] = &[
            ("objectclass", &["inetOrgPerson"]),
            ("cn", &["Eve Example"]),
            ("sn", &["Example"]),
            ("userpassword", &["apple"]),
        ];
        assert_eq!(add(&rig, dn, given), code::SUCCESS);
        assert_eq!(add(&rig, "UID=EVE,ou=users,dc=novarig", given), code::ENTRY_ALREADY_EXISTS);
        assert_eq!(log_in(&rig, "eve", "apple", None).await.0, 201);
        assert_eq!(log_in(&rig, "eve", "apple", Some("demo")).await.0, 401, "she has no role there");
        let demo = "cn=demo,ou=projects,dc=novarig";
        assert_eq!(modify(&rig, ADMIN, demo, ChangeKind::Add, "member", &[dn]), code::SUCCESS);
        let (status, eve) = log_in(&rig, "eve", "apple", Some("demo")).await;
        assert_eq!((status, eve.get("/compute/v2.1/servers").await.status().as_u16()), (201, 200));
        let occupied = search(
            "cn=member,cn=demo,ou=projects,dc=novarig",
            Scope::Base,
            Filter::Equal("roleoccupant".into(), dn.into()),
        );
        assert_eq!(found(&rig, ADMIN, occupied).len(), 1);
        assert_eq!(modify(&rig, ADMIN, demo, ChangeKind::Delete, "member", &[dn]), code::SUCCESS);
        assert_eq!(eve.get("/compute/v2.1/servers").await.status(), 401, "her tokens went with her role");

        let (_, admin) = log_in(&rig, "admin", "secret", Some("admin")).await;
        let made =
            admin.post("/identity/v3/users", json!({"user": {"name": "bob", "password": "secret"}})).await;
        let id = body_of(&made)["user"]["id"].clone();
        let mut by_id = search(
            "ou=users,dc=novarig",
            Scope::OneLevel,
            Filter::Equal("entryuuid".into(), id.as_str().unwrap_or("").into()),
        );
        by_id.attributes = vec!["cn".to_owned(), "entryuuid".to_owned()];
        let outcome = ask(&rig, ADMIN, Operation::Search(by_id));
        let shown: &Entry = &outcome.entries[0];
        assert_eq!(
            shown.attributes,
            [
                ("cn".to_owned(), vec!["bob".to_owned()]),
                ("entryUUID".to_owned(), vec![id.as_str().unwrap_or("").to_owned()])
            ]
        );
        let who = ask(
            &rig,
            "uid=bob,ou=users,dc=novarig",
            Operation::Extended { name: super::WHO_AM_I.to_owned() },
        );
        assert_eq!(who.message, "dn:uid=bob,ou=users,dc=novarig");
    });
}

#[test]
fn a_search_goes_as_far_as_its_scope_and_tells_what_is_asked_for() {
    Rig::keystone().run(async |rig| {
        let names = |base: &str, scope| found(&rig, ADMIN, search(base, scope, every()));
        assert_eq!(names("dc=novarig", Scope::Base), ["dc=novarig"]);
        assert_eq!(
            names("DC=Novarig", Scope::OneLevel),
            ["ou=projects,dc=novarig", "ou=roles,dc=novarig", "ou=users,dc=novarig"]
        );
        let users =
            ["uid=admin", "uid=demo", "uid=demo_reader"].map(|user| format!("{user},ou=users,dc=novarig"));
        assert_eq!(names("ou=users,dc=novarig", Scope::OneLevel), users);
        assert_eq!(names("dc=novarig", Scope::Subtree).len(), 4 + 3 + 2 + 4 + 5);
        let filter = Filter::And(vec![
            Filter::Equal("objectclass".into(), "INETORGPERSON".into()),
            Filter::Parts("uid".into(), Some("demo".into()), Vec::new(), None),
            Filter::Not(Box::new(Filter::Equal("uid".into(), "demo".into()))),
        ]);
        assert_eq!(
            found(&rig, ADMIN, search("dc=novarig", Scope::Subtree, filter)),
            ["uid=demo_reader,ou=users,dc=novarig"]
        );
        let mut few = search("dc=novarig", Scope::Subtree, every());
        few.size_limit = 3;
        let outcome = ask(&rig, ADMIN, Operation::Search(few.clone()));
        assert_eq!((outcome.code, outcome.entries.len()), (code::SIZE_LIMIT_EXCEEDED, 3));
        few.types_only = true;
        let outcome = ask(&rig, ADMIN, Operation::Search(few));
        assert!(
            outcome.entries.iter().flat_map(|entry| &entry.attributes).all(|(_, values)| values.is_empty())
        );
        let absent =
            ask(&rig, ADMIN, Operation::Search(search("ou=none,dc=novarig", Scope::Subtree, every())));
        assert_eq!(absent.code, code::NO_SUCH_OBJECT);
        let wrong = ask(&rig, ADMIN, Operation::Search(search("none", Scope::Subtree, every())));
        assert_eq!(wrong.code, code::INVALID_DN_SYNTAX);
        let all = ask(&rig, ADMIN, Operation::Search(search("dc=novarig", Scope::Subtree, every())));
        assert!(
            all.entries.iter().all(|entry| entry.values("userPassword").is_empty()),
            "no password is told"
        );
    });
}

#[test]
fn who_is_no_administrator_reads_their_own_entry_and_changes_their_own_password() {
    Rig::keystone().run(async |rig| {
        assert_eq!(found(&rig, DEMO, search("dc=novarig", Scope::Subtree, every())), [DEMO]);
        let rights = code::INSUFFICIENT_ACCESS_RIGHTS;
        assert_eq!(modify(&rig, DEMO, DEMO, ChangeKind::Replace, "description", &["x"]), rights);
        assert_eq!(modify(&rig, DEMO, ADMIN, ChangeKind::Replace, "userpassword", &["x"]), rights);
        assert_eq!(ask(&rig, DEMO, Operation::Delete { dn: ADMIN.to_owned() }).code, rights);
        assert_eq!(modify(&rig, DEMO, DEMO, ChangeKind::Replace, "userpassword", &["pear"]), code::SUCCESS);
        assert_eq!(log_in(&rig, "demo", "pear", Some("demo")).await.0, 201);
        assert_eq!(log_in(&rig, "demo", "secret", Some("demo")).await.0, 401);

        let mut identity = rig.world().identity.borrow_mut();
        let mut nobody = |operation| directory::perform(&mut identity, operation, None).0;
        let all = nobody(Operation::Search(search("dc=novarig", Scope::Subtree, every())));
        assert_eq!((all.code, all.entries.len()), (rights, 0));
        let root = nobody(Operation::Search(search("", Scope::Base, every())));
        assert_eq!((root.code, root.entries.len()), (code::SUCCESS, 1));
        for (version, dn, password, expected) in [
            (3, ADMIN, Some("wrong"), code::INVALID_CREDENTIALS),
            (3, "uid=none,ou=users,dc=novarig", Some("secret"), code::INVALID_CREDENTIALS),
            (3, "ou=users,dc=novarig", Some("secret"), code::INVALID_CREDENTIALS),
            (3, ADMIN, Some(""), code::UNWILLING_TO_PERFORM),
            (3, ADMIN, None, code::AUTH_METHOD_NOT_SUPPORTED),
            (2, ADMIN, Some("secret"), code::PROTOCOL_ERROR),
            (3, "admin", Some("secret"), code::INVALID_DN_SYNTAX),
        ] {
            let password = password.map(str::to_owned);
            assert_eq!(
                nobody(Operation::Bind { version, dn: dn.to_owned(), password }).code,
                expected,
                "{dn}"
            );
        }
    });
}

#[test]
fn entries_are_renamed_changed_and_deleted_with_what_hangs_on_them() {
    Rig::keystone().run(async |rig| {
        let (_, demo) = log_in(&rig, "demo", "secret", Some("demo")).await;
        let rename = |dn: &str, new: &str, superior: Option<&str>| {
            let operation = Operation::Rename {
                dn: dn.to_owned(),
                new_rdn: new.to_owned(),
                new_superior: superior.map(str::to_owned),
            };
            ask(&rig, ADMIN, operation).code
        };
        assert_eq!(rename(DEMO, "uid=admin", None), code::ENTRY_ALREADY_EXISTS);
        assert_eq!(rename(DEMO, "cn=dora", None), code::NAMING_VIOLATION);
        assert_eq!(rename(DEMO, "uid=dora", Some("ou=roles,dc=novarig")), code::UNWILLING_TO_PERFORM);
        assert_eq!(rename(DEMO, "uid=dora", Some("ou=users,dc=novarig")), code::SUCCESS);
        assert_eq!(demo.get("/compute/v2.1/servers").await.status(), 200, "she is still who she was");
        assert_eq!(log_in(&rig, "dora", "secret", Some("demo")).await.0, 201);
        let dora = "uid=dora,ou=users,dc=novarig";
        let change = |kind, name: &str, values: &[&str]| modify(&rig, ADMIN, dora, kind, name, values);
        assert_eq!(change(ChangeKind::Add, "mail", &["d@example.org"]), code::SUCCESS);
        assert_eq!(change(ChangeKind::Add, "mail", &["D@example.org"]), code::ATTRIBUTE_OR_VALUE_EXISTS);
        assert_eq!(change(ChangeKind::Delete, "mail", &["x"]), code::NO_SUCH_ATTRIBUTE);
        assert_eq!(change(ChangeKind::Replace, "uid", &["x"]), code::NOT_ALLOWED_ON_RDN);
        assert_eq!(change(ChangeKind::Replace, "shoeSize", &["x"]), code::UNDEFINED_ATTRIBUTE_TYPE);
        assert_eq!(change(ChangeKind::Replace, "description", &["a", "b"]), code::CONSTRAINT_VIOLATION);
        let long = "x".repeat(2_000);
        assert_eq!(change(ChangeKind::Replace, "mail", &[&long]), code::CONSTRAINT_VIOLATION);

        let groups: &[(&str, &[&str])] = &[("objectclass", &["groupOfNames"]), ("member", &[dora])];
        assert_eq!(add(&rig, "cn=web,ou=projects,dc=novarig", groups), code::SUCCESS);
        let reader: &[(&str, &[&str])] =
            &[("objectclass", &["organizationalRole"]), ("roleoccupant", &[ADMIN])];
        assert_eq!(add(&rig, "cn=reader,cn=web,ou=projects,dc=novarig", reader), code::SUCCESS);
        assert_eq!(add(&rig, "cn=none,cn=web,ou=projects,dc=novarig", reader), code::NO_SUCH_OBJECT);
        assert_eq!(
            add(&rig, "cn=x,ou=projects,dc=novarig", &[("objectclass", &["person"])]),
            code::OBJECT_CLASS_VIOLATION
        );
        assert_eq!(add(&rig, "cn=x,ou=nowhere,dc=novarig", groups), code::NO_SUCH_OBJECT);
        assert_eq!(log_in(&rig, "dora", "secret", Some("web")).await.0, 201);
        assert_eq!(log_in(&rig, "admin", "secret", Some("web")).await.0, 201);
        let delete = |dn: &str| ask(&rig, ADMIN, Operation::Delete { dn: dn.to_owned() }).code;
        assert_eq!(delete("cn=web,ou=projects,dc=novarig"), code::NOT_ALLOWED_ON_NON_LEAF);
        assert_eq!(delete("cn=reader,cn=web,ou=projects,dc=novarig"), code::SUCCESS);
        assert_eq!(log_in(&rig, "admin", "secret", Some("web")).await.0, 401);
        assert_eq!(delete(dora), code::SUCCESS);
        assert_eq!(delete(dora), code::NO_SUCH_OBJECT);
        assert_eq!(demo.get("/compute/v2.1/servers").await.status(), 401);
        assert_eq!(delete("cn=web,ou=projects,dc=novarig"), code::SUCCESS);
        assert_eq!(delete("ou=users,dc=novarig"), code::NOT_ALLOWED_ON_NON_LEAF);
    });
}

/// A connection to a directory of its own.
async fn connect() -> TcpStream {
    let (jobs, mut asked) = tokio::sync::mpsc::channel::<Job>(8);
    tokio::spawn(async move {
        let mut identity = Identity::seeded();
        while let Some(job) = asked.recv().await {
            if let Job::Directory { operation, bound, answer } = job {
                drop(answer.send(directory::perform(&mut identity, *operation, bound.as_deref())));
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let stream = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (served, _) = listener.accept().await.expect("a connection");
    tokio::spawn(async move { converse(served, &Line::to(jobs)).await });
    stream
}

fn application(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    built(TagClass::Application, id, parts)
}

fn message(id: i32, operation: StructureTag) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    let whole = built(TagClass::Universal, 16, vec![number(2, id), operation]);
    lber::write::encode_into(&mut bytes, whole).expect("a message");
    bytes.to_vec()
}

fn bind(password: &str) -> StructureTag {
    let password =
        StructureTag { class: TagClass::Context, id: 0, payload: PL::P(password.as_bytes().to_vec()) };
    application(0, vec![number(2, 3), octets(ADMIN.as_bytes()), password])
}

/// The tag and the result code of the next answer; none when the connection has ended.
async fn answered(stream: &TcpStream) -> Option<(u64, Option<i64>)> {
    let frame = super::read_frame(stream).await?;
    let operation = ber::parts(ber::read(&frame)?)?.into_iter().nth(1)?;
    let tag = operation.id;
    Some((tag, ber::parts(operation)?.into_iter().next().filter(|first| first.id == 10).and_then(ber::whole)))
}

#[tokio::test]
async fn requests_are_answered_in_order_over_a_connection_until_it_is_unbound() {
    let stream = connect().await;
    let search = application(
        3,
        vec![
            octets(b"ou=users,dc=novarig"),
            number(10, 1),
            number(10, 0),
            number(2, 0),
            number(2, 0),
            StructureTag { class: TagClass::Universal, id: 1, payload: PL::P(vec![0]) },
            StructureTag { class: TagClass::Context, id: 7, payload: PL::P(b"objectClass".to_vec()) },
            built(TagClass::Universal, 16, Vec::new()),
        ],
    );
    let whole: Vec<u8> = [message(1, bind("wrong")), message(2, bind("secret")), message(3, search)].concat();
    super::write(&stream, &whole).await.expect("it is written");
    assert_eq!(answered(&stream).await, Some((1, Some(49))));
    assert_eq!(answered(&stream).await, Some((1, Some(0))));
    for _ in 0..3 {
        assert_eq!(answered(&stream).await, Some((4, None)), "an entry");
    }
    assert_eq!(answered(&stream).await, Some((5, Some(0))));
    let unbind = StructureTag { class: TagClass::Application, id: 2, payload: PL::P(Vec::new()) };
    super::write(&stream, &message(4, unbind)).await.expect("it is written");
    assert_eq!(answered(&stream).await, None);
}

#[tokio::test]
async fn what_cannot_be_understood_ends_the_connection() {
    let nested = |depth: usize| [0x30, 0x84, 0, 0, 0x7f, 0xff].repeat(depth);
    let too_large = [0x30, 0x84, 0x00, 0x10, 0x00, 0x00].to_vec();
    for (bytes, notice) in [
        (message(1, application(30, Vec::new())), true),
        (message(0, bind("secret")), true),
        (message(1, application(0, Vec::new())), true),
        (vec![0x30, 0x03, 0x02, 0x01, 0x01], true),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), false),
        (too_large, false),
        ([vec![0x30, 0x82, 0x70, 0x00], nested(0x7000 / 6), vec![0; 0x7000 % 6]].concat(), true),
    ] {
        let stream = connect().await;
        super::write(&stream, &bytes).await.expect("it is written");
        let said = answered(&stream).await;
        assert_eq!(said, notice.then_some((24, Some(2))), "{:?}", bytes.get(..bytes.len().min(20)));
        if notice {
            assert_eq!(answered(&stream).await, None);
        }
    }
}

#[test]
fn a_critical_control_is_noticed_and_another_is_not() {
    let control = |critical: u8| {
        let flag = StructureTag { class: TagClass::Universal, id: 1, payload: PL::P(vec![critical]) };
        let control = built(TagClass::Universal, 16, vec![octets(b"1.2.3"), flag]);
        let controls = built(TagClass::Context, 0, vec![control]);
        let whole = built(TagClass::Universal, 16, vec![number(2, 1), bind("x"), controls]);
        let mut bytes = BytesMut::new();
        lber::write::encode_into(&mut bytes, whole).expect("a message");
        Request::read(&bytes).expect("a request").unknown_control
    };
    assert!(control(0xff) && !control(0));
}
