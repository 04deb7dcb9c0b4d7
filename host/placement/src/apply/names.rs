//! Custom traits and custom resource classes (`placement/objects/trait.py`, `placement/objects/resource_class.py`).

use crate::command::Event;
use crate::error::PlacementError;
use crate::names::{TraitName, is_custom_name};
use crate::state::Placement;
use model::ResourceClass;
use std::sync::Arc;

impl Placement {
    pub(crate) fn create_trait(&mut self, name: &TraitName) -> Result<Event, PlacementError> {
        if self.traits.id(name).is_some() {
            return Err(PlacementError::TraitExists(name.clone()));
        }
        check_custom(name.as_str())?;
        Arc::make_mut(&mut self.traits).add(name.clone());
        Ok(Event::TraitCreated { name: name.clone() })
    }

    pub(crate) fn delete_trait(&mut self, name: &TraitName) -> Result<Event, PlacementError> {
        let id = self.traits.id(name).ok_or_else(|| PlacementError::TraitsNotFound(vec![name.clone()]))?;
        if self.traits.is_standard(id) {
            return Err(PlacementError::CannotDeleteStandardTrait(name.clone()));
        }
        if !self.index.with_trait(id).own.is_empty() {
            return Err(PlacementError::TraitInUse(name.clone()));
        }
        Arc::make_mut(&mut self.traits).remove(id);
        Ok(Event::TraitDeleted { name: name.clone() })
    }

    pub(crate) fn create_class(&mut self, name: &ResourceClass) -> Result<Event, PlacementError> {
        self.check_new_class(name)?;
        Arc::make_mut(&mut self.classes).add(name.clone());
        Ok(Event::ResourceClassCreated { name: name.clone() })
    }

    pub(crate) fn rename_class(
        &mut self,
        name: &ResourceClass,
        new_name: &ResourceClass,
    ) -> Result<Event, PlacementError> {
        let id = self.class_id(name)?;
        if self.classes.is_standard(id) {
            return Err(PlacementError::CannotUpdateStandardClass(name.clone()));
        }
        if name != new_name {
            self.check_new_class(new_name)?;
            Arc::make_mut(&mut self.classes).rename(id, new_name.clone());
        }
        Ok(Event::ResourceClassRenamed { name: name.clone(), new_name: new_name.clone() })
    }

    pub(crate) fn delete_class(&mut self, name: &ResourceClass) -> Result<Event, PlacementError> {
        let id = self.class_id(name)?;
        if self.classes.is_standard(id) {
            return Err(PlacementError::CannotDeleteStandardClass(name.clone()));
        }
        if self.slots.iter().flatten().any(|provider| provider.stocks.contains_key(&id)) {
            return Err(PlacementError::ResourceClassInUse(name.clone()));
        }
        Arc::make_mut(&mut self.classes).remove(id);
        Ok(Event::ResourceClassDeleted { name: name.clone() })
    }

    fn check_new_class(&self, name: &ResourceClass) -> Result<(), PlacementError> {
        if self.classes.id(name).is_some() {
            return Err(PlacementError::ResourceClassExists(name.clone()));
        }
        check_custom(name.as_str())
    }
}

fn check_custom(name: &str) -> Result<(), PlacementError> {
    if is_custom_name(name) { Ok(()) } else { Err(PlacementError::InvalidCustomName(name.to_string())) }
}
