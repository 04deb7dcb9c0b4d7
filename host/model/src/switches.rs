//! Behaviours that can be switched, in both directions: what older Novas got wrong ([`Bug`]), and what Nova 34.0.0 still
//! gets wrong ([`Fix`]).
//!
//! By default the control plane does what Nova 34.0.0 was observed to do, its present defects included. Each switch sits at
//! the one place where the two behaviours part: `switches.has(Bug::…)` chooses the old one, `switches.fixes(Fix::…)` the
//! cured one. So the two tables are also a map of where control planes go wrong.

mod bugs;
mod fixes;

pub use bugs::Bug;
pub use fixes::Fix;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What there is to say of a defect, one sentence each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Defect {
    /// What it is switched by: a Launchpad number, or the name of a fix.
    pub id: &'static str,
    /// What goes wrong.
    pub title: &'static str,
    /// The built-in scenario that shows it: `novarig run SCENARIO` with the switch, and without.
    pub scenario: &'static str,
    /// When it does.
    pub when: &'static str,
    /// What is left with the defect.
    pub wrong: &'static str,
    /// What is left without it.
    pub right: &'static str,
    /// The releases of Nova that have it.
    pub releases: &'static str,
}

/// Makes an enum of switches from a table of defects.
macro_rules! switches {
    (
        $(#[$about:meta])* $name:ident:
        $($variant:ident = $id:literal {
            title: $title:literal,
            scenario: $scenario:literal,
            when: $when:literal,
            wrong: $wrong:literal,
            right: $right:literal,
            releases: $releases:literal,
        })*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(#[doc = $title] #[serde(rename = $id)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// What there is to say of it.
            pub const fn defect(self) -> &'static super::Defect {
                match self {
                    $($name::$variant => &super::Defect {
                        id: $id,
                        title: $title,
                        scenario: $scenario,
                        when: $when,
                        wrong: $wrong,
                        right: $right,
                        releases: $releases,
                    },)*
                }
            }
        }
    };
}
use switches;

/// A text that names no bug this control plane can switch on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no bug that can be switched on; `novarig bugs` lists them, known are: {known}", known = known(Bug::ALL.iter().map(|bug| bug.defect())))]
pub struct UnknownBug(pub String);

/// A text that names no defect this control plane can cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fix that can be switched on; `novarig bugs` lists them, known are: all, {known}", known = known(Fix::ALL.iter().map(|fix| fix.defect())))]
pub struct UnknownFix(pub String);

fn known(defects: impl Iterator<Item = &'static Defect>) -> String {
    defects.map(|defect| defect.id).collect::<Vec<_>>().join(", ")
}

impl std::str::FromStr for Bug {
    type Err = UnknownBug;
    fn from_str(text: &str) -> Result<Self, UnknownBug> {
        let found = Bug::ALL.iter().copied().find(|bug| bug.defect().id == text);
        found.ok_or_else(|| UnknownBug(text.to_owned()))
    }
}

impl std::str::FromStr for Fix {
    type Err = UnknownFix;
    fn from_str(text: &str) -> Result<Self, UnknownFix> {
        let found = Fix::ALL.iter().copied().find(|fix| fix.defect().id == text);
        found.ok_or_else(|| UnknownFix(text.to_owned()))
    }
}

/// Which switches are on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Old defects restored.
    pub bugs: BTreeSet<Bug>,
    /// Present defects cured.
    #[serde(default)]
    pub fixes: BTreeSet<Fix>,
}

impl Switches {
    /// Reads switches as they are given: Launchpad numbers, and names of fixes or `all`.
    ///
    /// # Errors
    /// [`UnknownBug`] or [`UnknownFix`] in words, for the first that is not known.
    pub fn parse(bugs: &[String], fixes: &[String]) -> Result<Self, UnknownSwitch> {
        let mut switches = Self::default();
        for bug in bugs {
            switches.bugs.insert(bug.parse::<Bug>()?);
        }
        for fix in fixes {
            match fix.as_str() {
                "all" => switches.fixes.extend(Fix::ALL),
                fix => {
                    switches.fixes.insert(fix.parse::<Fix>()?);
                }
            }
        }
        Ok(switches)
    }

    /// Whether this old defect is switched on.
    pub fn has(&self, bug: Bug) -> bool {
        self.bugs.contains(&bug)
    }

    /// Whether this present defect is cured.
    pub fn fixes(&self, fix: Fix) -> bool {
        self.fixes.contains(&fix)
    }
}

/// A text that names no switch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownSwitch {
    /// Among the bugs.
    #[error("--bug: {0}")]
    Bug(#[from] UnknownBug),
    /// Among the fixes.
    #[error("--fix: {0}")]
    Fix(#[from] UnknownFix),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_found_by_its_id_and_no_two_share_one() {
        let mut ids = BTreeSet::new();
        for bug in Bug::ALL {
            assert_eq!(bug.defect().id.parse::<Bug>(), Ok(*bug));
            assert!(bug.defect().id.parse::<u32>().is_ok(), "{bug:?} is named by a Launchpad number");
            assert!(ids.insert(bug.defect().id));
        }
        for fix in Fix::ALL {
            assert_eq!(fix.defect().id.parse::<Fix>(), Ok(*fix));
            assert!(ids.insert(fix.defect().id));
        }
    }

    #[test]
    fn all_stands_for_every_fix_and_unknown_names_are_told() {
        let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let switches = Switches::parse(&texts(&["1825537"]), &texts(&["all"])).unwrap();
        assert_eq!(switches.fixes.len(), Fix::ALL.len());
        assert!(switches.has(Bug::Bug1825537));
        let refused = Switches::parse(&texts(&["7"]), &[]).unwrap_err().to_string();
        assert!(refused.contains("--bug: \"7\"") && refused.contains("1825537"), "{refused}");
        let refused = Switches::parse(&[], &texts(&["most"])).unwrap_err().to_string();
        assert!(refused.contains("--fix: \"most\"") && refused.contains("all, "), "{refused}");
    }
}
