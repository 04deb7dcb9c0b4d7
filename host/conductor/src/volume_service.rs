//! The volume service, in memory (`nova/volume/cinder.py` against the stand-in of Nova's functional tests): any volume
//! exists, one GiB large, and some have a meaning of their own.

use async_trait::async_trait;
use compute::{ServiceFaults, VolumeApi};
use model::{
    AttachmentId, ExceptionClass, HostName, ImageId, NovaError, ServerId, Volume, VolumeConnector, VolumeId,
    VolumeStatus,
};
use runtime::{Randomness, Trace};
use serde::Serialize;
use serde_json::json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::{Uuid, uuid};

/// Two volumes, the first of which is exchanged for the second without trouble.
pub const SWAP_OLD_VOL: VolumeId = VolumeId(uuid!("a07f71dc-8151-4e7d-a0cc-cd24a3f11113"));
/// Takes the place of [`SWAP_OLD_VOL`].
pub const SWAP_NEW_VOL: VolumeId = VolumeId(uuid!("227cc671-f30b-4488-96fd-7d0bf13648d8"));
/// Two volumes, the first of which cannot be exchanged for the second: that one cannot be reached.
pub const SWAP_ERR_OLD_VOL: VolumeId = VolumeId(uuid!("828419fa-3efb-4533-b458-4267ca5fe9b1"));
/// Is to take the place of [`SWAP_ERR_OLD_VOL`].
pub const SWAP_ERR_NEW_VOL: VolumeId = VolumeId(uuid!("9c6d9c2d-7a8f-4c80-938d-3bf062b8d489"));
/// A volume that several servers may have.
pub const MULTIATTACH_VOL: VolumeId = VolumeId(uuid!("4757d51f-54eb-4442-8684-3399a6431f67"));
/// A volume that was made of the first image, to boot from.
pub const IMAGE_BACKED_VOL: VolumeId = VolumeId(uuid!("6ca404f3-d844-4169-bb96-bc792f37de98"));

/// The volume of a name: there is one of every name, and of every id.
pub fn volume_named(name: &str) -> VolumeId {
    name.parse().unwrap_or_else(|_| VolumeId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())))
}

/// The zone volumes are in at first.
const ZONE: &str = "nova";

/// Size of a volume nobody has extended, in GiB.
const SIZE_GB: u64 = 1;

/// One attachment of a volume to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The volume.
    pub volume: VolumeId,
    /// The server.
    pub server: ServerId,
    /// The host it is connected from; none while it is only reserved.
    pub connector: Option<VolumeConnector>,
    /// Whether the server uses it.
    pub completed: bool,
}

/// The volume service of one cloud.
pub struct VolumeService {
    random: Randomness,
    trace: Trace,
    faults: ServiceFaults,
    image: ImageId,
    zone: RefCell<String>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// In the order of their creation.
    attachments: Vec<Attachment>,
    sizes: BTreeMap<VolumeId, u64>,
    /// Those that are known to be gone; any other exists.
    deleted: BTreeSet<VolumeId>,
    /// The same, oldest deletion first.
    deletions: VecDeque<VolumeId>,
    detaching: BTreeSet<VolumeId>,
    reimaged: BTreeMap<VolumeId, ImageId>,
    image_properties: BTreeMap<VolumeId, BTreeMap<String, String>>,
    made_of: BTreeMap<VolumeId, ImageId>,
    /// Of those that are not where all others are.
    zones: BTreeMap<VolumeId, String>,
}

/// Deleted volumes that are remembered: of older ones one cannot tell any more that they are gone.
const MAX_DELETED: usize = 10_000;

impl State {
    /// Forgets a volume but for its being gone, and what was last written over it.
    fn bury(&mut self, volume: VolumeId) {
        self.sizes.remove(&volume);
        self.made_of.remove(&volume);
        self.image_properties.remove(&volume);
        self.detaching.remove(&volume);
        self.zones.remove(&volume);
        if self.deleted.insert(volume) {
            self.deletions.push_back(volume);
        }
        if self.deletions.len() > MAX_DELETED
            && let Some(oldest) = self.deletions.pop_front()
        {
            self.deleted.remove(&oldest);
            self.reimaged.remove(&oldest);
        }
    }
}

impl VolumeService {
    /// How many records of each kind there are.
    pub(crate) fn census(&self) -> [(&'static str, usize); 5] {
        let state = self.state.borrow();
        [
            ("volume attachments", state.attachments.len()),
            ("volumes with a size", state.sizes.len()),
            ("volumes in a zone of their own", state.zones.len()),
            (
                "volumes made of images",
                state.made_of.len() + state.image_properties.len() + state.reimaged.len(),
            ),
            ("deleted volumes", state.deleted.len()),
        ]
    }

    /// A service without attachments, whose calls fail where `faults` say so. `image` is what [`IMAGE_BACKED_VOL`] was
    /// made of.
    pub fn new(random: Randomness, trace: Trace, faults: ServiceFaults, image: ImageId) -> Self {
        Self { random, trace, faults, image, zone: RefCell::new(ZONE.to_owned()), state: RefCell::default() }
    }

    /// Moves all volumes, those that are to come included, into an availability zone, but for those that have one of their
    /// own.
    pub fn set_zone(&self, zone: &str) {
        zone.clone_into(&mut self.zone.borrow_mut());
    }

    /// Whether it can be read: nobody is just changing it.
    pub(crate) fn is_free(&self) -> bool {
        self.state.try_borrow().is_ok()
    }

    /// Moves one volume into an availability zone of its own.
    pub fn set_zone_of(&self, volume: VolumeId, zone: &str) {
        self.state.borrow_mut().zones.insert(volume, zone.to_owned());
    }

    /// All attachments, in the order of their creation.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.state.borrow().attachments.clone()
    }

    /// The attachments of a server, in the order of their creation: proof that none leaks.
    pub fn attachments_of(&self, server: ServerId) -> Vec<Attachment> {
        let state = self.state.borrow();
        state.attachments.iter().filter(|attachment| attachment.server == server).cloned().collect()
    }

    /// Lets a volume grow to `size_gb`. The servers that have it are told by an external event.
    pub fn extend(&self, volume: VolumeId, size_gb: u64) {
        self.state.borrow_mut().sizes.insert(volume, size_gb);
    }

    /// A volume; none of one that was deleted.
    pub fn show(&self, volume: VolumeId) -> Option<Volume> {
        self.volume(volume).ok()
    }

    /// Makes a volume, of an image if one is given.
    pub fn create(&self, volume: VolumeId, size_gb: u64, image: Option<ImageId>) {
        let mut state = self.state.borrow_mut();
        state.sizes.insert(volume, size_gb);
        if let Some(image) = image {
            state.made_of.insert(volume, image);
        }
    }

    /// Forgets that a volume was made.
    pub fn forget(&self, volume: VolumeId) {
        let mut state = self.state.borrow_mut();
        state.bury(volume);
    }

    /// Says of a volume what is said of images.
    pub fn set_image_properties(&self, volume: VolumeId, properties: BTreeMap<String, String>) {
        self.state.borrow_mut().image_properties.insert(volume, properties);
    }

    /// The image that was last written over a volume.
    pub fn image_on(&self, volume: VolumeId) -> Option<ImageId> {
        self.state.borrow().reimaged.get(&volume).copied()
    }

    /// Whether a volume was deleted.
    pub fn is_deleted(&self, volume: VolumeId) -> bool {
        self.state.borrow().deleted.contains(&volume)
    }

    fn strike(&self, call: &'static str) -> Result<(), NovaError> {
        self.faults.strike(call, &self.trace)
    }

    fn volume(&self, id: VolumeId) -> Result<Volume, NovaError> {
        let state = self.state.borrow();
        if state.deleted.contains(&id) {
            return Err(volume_not_found(id));
        }
        let attached = state.attachments.iter().any(|attachment| attachment.volume == id);
        let status = match (attached, state.detaching.contains(&id)) {
            (true, true) => VolumeStatus::Detaching,
            (true, false) => VolumeStatus::InUse,
            (false, _) => VolumeStatus::Available,
        };
        Ok(Volume {
            id,
            size_gb: state.sizes.get(&id).copied().unwrap_or(SIZE_GB),
            status,
            multiattach: id == MULTIATTACH_VOL,
            migrating: attached && [SWAP_OLD_VOL, SWAP_ERR_OLD_VOL].contains(&id),
            image_properties: state.image_properties.get(&id).cloned().unwrap_or_default(),
            availability_zone: state.zones.get(&id).cloned().unwrap_or_else(|| self.zone.borrow().clone()),
            image: state
                .made_of
                .get(&id)
                .copied()
                .or_else(|| (id == IMAGE_BACKED_VOL).then_some(self.image))
                .map(|image| state.reimaged.get(&id).copied().unwrap_or(image)),
        })
    }

    fn change<T>(&self, id: AttachmentId, change: impl FnOnce(&mut Attachment) -> T) -> Result<T, NovaError> {
        let mut state = self.state.borrow_mut();
        let found = state.attachments.iter_mut().find(|attachment| attachment.id == id);
        found.map(change).ok_or_else(|| attachment_not_found(id))
    }
}

/// How a volume is reached: the document of a transport that drivers need not know.
fn connection_info(attachment: &Attachment) -> String {
    if attachment.volume == SWAP_ERR_NEW_VOL {
        return "{}".to_owned();
    }
    json!({
        "driver_volume_type": "fake",
        "data": {
            "foo": "bar",
            "volume_id": attachment.volume,
            "attachment_id": attachment.id,
        },
        "serial": attachment.volume,
    })
    .to_string()
}

fn volume_not_found(id: VolumeId) -> NovaError {
    NovaError::new(ExceptionClass::VolumeNotFound, format!("Volume {id} could not be found."))
}

fn attachment_not_found(id: AttachmentId) -> NovaError {
    let message = format!("Volume attachment {id} could not be found.");
    NovaError::new(ExceptionClass::VolumeAttachmentNotFound, message)
}

#[async_trait(?Send)]
impl VolumeApi for VolumeService {
    async fn get(&self, volume: VolumeId) -> Result<Volume, NovaError> {
        self.strike("volume.get")?;
        self.volume(volume)
    }

    async fn attachment_create(
        &self,
        volume: VolumeId,
        server: ServerId,
        connector: Option<&VolumeConnector>,
    ) -> Result<AttachmentId, NovaError> {
        self.strike("volume.attachment_create")?;
        let multiattach = self.volume(volume)?.multiattach;
        let id = AttachmentId(self.random.uuid());
        let mut state = self.state.borrow_mut();
        let of_another =
            state.attachments.iter().any(|known| known.volume == volume && known.server != server);
        if of_another && !multiattach {
            let message = format!("Invalid volume: volume {volume} is already attached to another server");
            return Err(NovaError::new(ExceptionClass::InvalidVolume, message));
        }
        let connector = connector.cloned();
        state.attachments.push(Attachment { id, volume, server, connector, completed: false });
        Ok(id)
    }

    async fn attachment_update(
        &self,
        attachment: AttachmentId,
        connector: &VolumeConnector,
        _device_name: Option<&str>,
    ) -> Result<String, NovaError> {
        self.strike("volume.attachment_update")?;
        let volume = self.change(attachment, |found| found.volume)?;
        let multiattach = self.volume(volume)?.multiattach;
        let other = self
            .attachments()
            .into_iter()
            .find(|known| known.volume == volume && known.id != attachment && known.connector.is_some());
        if let Some(other) = other.filter(|_| !multiattach) {
            let host = HostName::from(other.connector.map(|connector| connector.host).unwrap_or_default());
            return Err(NovaError::new(
                ExceptionClass::InvalidInput,
                format!(
                    "Invalid input received: volume {volume} is already connected to {host} by attachment {}",
                    other.id
                ),
            ));
        }
        self.change(attachment, |found| {
            found.connector = Some(connector.clone());
            connection_info(found)
        })
    }

    async fn attachment_get(&self, attachment: AttachmentId) -> Result<String, NovaError> {
        self.strike("volume.attachment_get")?;
        self.change(attachment, |found| connection_info(found))
    }

    async fn attachment_complete(&self, attachment: AttachmentId) -> Result<(), NovaError> {
        self.strike("volume.attachment_complete")?;
        self.change(attachment, |found| found.completed = true)
    }

    async fn attachment_delete(&self, attachment: AttachmentId) -> Result<(), NovaError> {
        self.strike("volume.attachment_delete")?;
        let mut state = self.state.borrow_mut();
        let at = state.attachments.iter().position(|known| known.id == attachment);
        let gone = state.attachments.remove(at.ok_or_else(|| attachment_not_found(attachment))?);
        if !state.attachments.iter().any(|known| known.volume == gone.volume) {
            state.detaching.remove(&gone.volume);
        }
        Ok(())
    }

    async fn begin_detaching(&self, volume: VolumeId) -> Result<(), NovaError> {
        self.strike("volume.begin_detaching")?;
        if self.volume(volume)?.status == VolumeStatus::Available {
            let message = format!("Invalid volume: volume {volume} is attached to no server");
            return Err(NovaError::new(ExceptionClass::InvalidVolume, message));
        }
        self.state.borrow_mut().detaching.insert(volume);
        Ok(())
    }

    async fn roll_detaching(&self, volume: VolumeId) -> Result<(), NovaError> {
        self.strike("volume.roll_detaching")?;
        self.state.borrow_mut().detaching.remove(&volume);
        Ok(())
    }

    async fn migrate_volume_completion(
        &self,
        _old: VolumeId,
        new: VolumeId,
        _failed: bool,
    ) -> Result<VolumeId, NovaError> {
        self.strike("volume.migrate_volume_completion")?;
        Ok(new)
    }

    async fn reimage(&self, volume: VolumeId, image: ImageId) -> Result<(), NovaError> {
        self.strike("volume.reimage")?;
        if self.volume(volume)?.image.is_none() {
            return Err(volume_not_found(volume));
        }
        self.state.borrow_mut().reimaged.insert(volume, image);
        Ok(())
    }

    async fn delete(&self, volume: VolumeId) -> Result<(), NovaError> {
        self.strike("volume.delete")?;
        self.volume(volume)?;
        self.state.borrow_mut().bury(volume);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DELETED, State};
    use model::VolumeId;
    use uuid::Uuid;

    #[test]
    fn of_volumes_that_are_gone_the_last_are_remembered() {
        let mut state = State::default();
        let volume = |number: usize| VolumeId(Uuid::from_u128(number as u128));
        state.zones.insert(volume(0), "north".to_owned());
        for number in [0, 0].into_iter().chain(1..=MAX_DELETED) {
            state.bury(volume(number));
        }
        assert_eq!((state.deleted.len(), state.deletions.len()), (MAX_DELETED, MAX_DELETED));
        assert!(!state.deleted.contains(&volume(0)) && state.deleted.contains(&volume(1)));
        assert!(state.zones.is_empty());
    }
}
