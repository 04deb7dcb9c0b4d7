//! The rules, a file for each subject.

mod building;
mod cold_migration;
mod guests;
mod inventory;
mod live_migration;
mod moves_of_state;
mod networks;
mod power;
mod queries;
mod restart;
mod service;
mod storage;

use crate::rule::Rule;

/// Every rule, in the order in which they are shown.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [
        service::RULES,
        inventory::RULES,
        queries::RULES,
        building::RULES,
        restart::RULES,
        power::RULES,
        guests::RULES,
        storage::RULES,
        networks::RULES,
        cold_migration::RULES,
        live_migration::RULES,
        moves_of_state::RULES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use virt::Method;

    #[test]
    fn every_method_of_the_contract_has_a_rule() {
        let covered: BTreeSet<Method> = all().flat_map(|rule| rule.methods).copied().collect();
        let missing: Vec<&Method> = Method::ALL.iter().filter(|method| !covered.contains(method)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn names_are_unique_and_sentences_end() {
        let mut names = BTreeSet::new();
        for rule in all() {
            assert!(names.insert(rule.name), "{} is there twice", rule.name);
            assert!(rule.says.ends_with('.'), "{}: {}", rule.name, rule.says);
        }
    }
}
