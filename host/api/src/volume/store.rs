//! What is kept of volumes beside the volume service of the cloud.

use model::{ProjectId, Timestamp, UserId, VolumeId};
use std::collections::BTreeMap;

/// What only the API shows of a volume.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(super) id: VolumeId,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) project: ProjectId,
    pub(super) user: UserId,
    pub(super) size_gb: u64,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) created_at: Timestamp,
}

impl Note {
    /// A volume of which no more is known than whose server has it.
    pub(super) fn of_attached(id: VolumeId, project: ProjectId, now: Timestamp) -> Self {
        Self {
            id,
            name: String::new(),
            description: None,
            project,
            user: UserId::from(""),
            size_gb: 1,
            metadata: BTreeMap::new(),
            created_at: now,
        }
    }
}

/// The notes on volumes, newest first as the API lists them.
#[derive(Debug, Default)]
pub(crate) struct Volumes(Vec<Note>);

impl Volumes {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Note> {
        self.0.iter()
    }

    pub(super) fn get(&self, id: VolumeId) -> Option<&Note> {
        self.0.iter().find(|note| note.id == id)
    }

    /// Adds a note, or puts it in the place of the one on the same volume.
    pub(super) fn put(&mut self, note: Note) {
        match self.0.iter_mut().find(|known| known.id == note.id) {
            Some(known) => *known = note,
            None => self.0.insert(0, note),
        }
    }

    /// Forgets the volumes of which this is true.
    pub(super) fn forget_where(&mut self, gone: impl Fn(VolumeId) -> bool) {
        self.0.retain(|note| !gone(note.id));
    }

    pub(super) fn forget(&mut self, id: VolumeId) {
        self.0.retain(|note| note.id != id);
    }
}
