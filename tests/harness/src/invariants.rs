//! What must be true of any cloud at rest, asked in the middle of a test.

use crate::cloud::TestCloud;
use explore::CloudState;
use explore::invariants::{Violation, check_all};

impl TestCloud {
    /// The invariants that do not hold, once the cloud came to rest. Planned faults that have not struck yet are dropped.
    pub async fn violations(&self) -> Vec<Violation> {
        self.at_rest().await;
        check_all(&CloudState::read(self).await)
    }

    /// Asserts that every invariant holds, once the cloud came to rest. Planned faults that have not struck yet are
    /// dropped.
    pub async fn assert_invariants(&self) {
        let violations = self.violations().await;
        let told =
            violations.iter().map(|violation| format!("\n  {}: {}", violation.invariant, violation.message));
        self.check(None, violations.is_empty(), || {
            format!("invariants are broken:{}", told.collect::<String>())
        });
    }
}
