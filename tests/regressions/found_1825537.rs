//! Found by exploring resize: host2:finish_migration#1 raises NovaException.
//!
//! What must be true, and is not: a server's allocation lies on the provider of the host it is on, and is that of its flavor.

use harness::Found;

/// The smallest run that shows it, as `novarig replay` takes it.
const FOUND: &str = r#"
violates: server_holds_its_flavor_on_its_host
bugs: ["1825537"]
plan:
- {at: host2:finish_migration#1, error: NovaException}
scenario:
  name: resize
  hosts: {host1: fake, host2: fake}
  steps:
  - boot: {server: web, flavor: m1.small}
  - resize: {server: web, flavor: m1.medium}
"#;

/// It is so today. Once it is mended, nothing is broken, and this test has to say that.
#[test]
fn resize_breaks_server_holds_its_flavor_on_its_host_after_finish_migration_fails() {
    assert_eq!(Found::read(FOUND).broken(), ["server_holds_its_flavor_on_its_host"]);
}

/// Without the old bug (1825537) it is not so.
#[test]
fn without_the_bug_resize_breaks_server_holds_its_flavor_on_its_host_after_finish_migration_fails_no_more() {
    assert_eq!(Found::read(FOUND).without_bugs().broken(), [""; 0]);
}
