//! Device profiles: what a flavor with `accel:device_profile` asks of devices (`nova/accelerator/cyborg.py`). There is no
//! service that programs devices; placement alone says which host has one.

use model::{Flavor, RequestedGroup};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The extra spec that names a profile.
const DEVICE_PROFILE: &str = "accel:device_profile";

/// The device profiles of one cloud, by name.
#[derive(Debug, Default)]
pub struct DeviceProfiles(RefCell<BTreeMap<String, Vec<RequestedGroup>>>);

impl DeviceProfiles {
    /// Adds or replaces a profile. The ids of its groups are given when it is asked for.
    pub fn put(&self, name: &str, groups: Vec<RequestedGroup>) {
        self.0.borrow_mut().insert(name.to_owned(), groups);
    }

    /// What a flavor's profile asks of placement: nothing for a flavor without. The error is the name of a profile that there
    /// is not.
    pub(crate) fn asked_by(&self, flavor: &Flavor) -> Result<Vec<RequestedGroup>, String> {
        let Some(name) = flavor.extra_specs.get(DEVICE_PROFILE) else { return Ok(Vec::new()) };
        let profiles = self.0.borrow();
        let groups = profiles.get(name).ok_or_else(|| name.clone())?;
        let numbered = groups.iter().enumerate();
        Ok(numbered
            .map(|(number, group)| RequestedGroup { id: format!("device_profile_{number}"), ..group.clone() })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceProfiles;
    use model::{Flavor, RequestedGroup};

    #[test]
    fn a_flavor_asks_for_the_groups_of_its_profile_and_an_unknown_profile_is_named() {
        let profiles = DeviceProfiles::default();
        profiles.put("gpu", vec![RequestedGroup::default(), RequestedGroup::default()]);
        let mut flavor = Flavor::defaults().swap_remove(0);
        assert_eq!(profiles.asked_by(&flavor), Ok(Vec::new()));
        flavor.extra_specs.insert("accel:device_profile".into(), "gpu".into());
        let ids = profiles.asked_by(&flavor).map(|groups| groups.into_iter().map(|group| group.id).collect());
        assert_eq!(ids, Ok(vec!["device_profile_0".to_owned(), "device_profile_1".to_owned()]));
        flavor.extra_specs.insert("accel:device_profile".into(), "fpga".into());
        assert_eq!(profiles.asked_by(&flavor), Err("fpga".to_owned()));
    }
}
