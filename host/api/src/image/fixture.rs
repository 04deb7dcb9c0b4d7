//! The images that Nova's functional tests find (`nova/tests/fixtures/glance.py`).

use super::Note;
use model::{ImageId, ImageMeta, ProjectId, Timestamp};
use uuid::{Uuid, uuid};

/// The size of an image that a test makes, in bytes.
pub(super) const CREATED_SIZE: u64 = 74_185_822;
/// 2011-01-01T01:02:03Z.
const MADE: Timestamp = Timestamp(1_293_843_723_000_000);

const NO_KERNEL: &[(&str, &str)] =
    &[("kernel_id", "nokernel"), ("ramdisk_id", "nokernel"), ("architecture", "x86_64")];
const BARE_KERNEL: &[(&str, &str)] = &[("kernel_id", "nokernel"), ("ramdisk_id", "nokernel")];

type Row = (
    Uuid,
    &'static str,
    &'static str,
    &'static str,
    u64,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// Id, name, container format, disk format, size, properties, tags.
const IMAGES: [Row; 7] = [
    (
        uuid!("155d900f-4e14-4e4c-a73d-069cbf4541e6"),
        "fakeimage123456",
        "raw",
        "raw",
        25_165_824,
        NO_KERNEL,
        &["tag1", "tag2"],
    ),
    (
        uuid!("a2459075-d96c-40d5-893e-577ff92e721c"),
        "fakeimage123456",
        "ami",
        "ami",
        58_145_823,
        BARE_KERNEL,
        &[],
    ),
    (
        uuid!("76fa36fc-c930-4bf3-8c8a-ea2a2420deb6"),
        "fakeimage123456",
        "bare",
        "raw",
        83_594_576,
        NO_KERNEL,
        &["tag3", "tag4"],
    ),
    (
        uuid!("cedef40a-ed67-4d10-800e-17455edce175"),
        "fakeimage123456",
        "ami",
        "ami",
        84_035_174,
        BARE_KERNEL,
        &[],
    ),
    (
        uuid!("c905cedb-7281-47e4-8a62-f26bc5fc4c77"),
        "fakeimage123456",
        "ami",
        "ami",
        26_360_814,
        &[("kernel_id", "155d900f-4e14-4e4c-a73d-069cbf4541e6")],
        &[],
    ),
    (
        uuid!("a440c04b-79fa-479c-bed1-0b816eaec379"),
        "fakeimage6",
        "ova",
        "vhd",
        49_163_826,
        &[
            ("kernel_id", "nokernel"),
            ("ramdisk_id", "nokernel"),
            ("architecture", "x86_64"),
            ("auto_disk_config", "False"),
        ],
        &[],
    ),
    (
        uuid!("70a599e0-31e7-49b7-b260-868f441e862b"),
        "fakeimage7",
        "ova",
        "vhd",
        CREATED_SIZE,
        &[
            ("kernel_id", "nokernel"),
            ("ramdisk_id", "nokernel"),
            ("architecture", "x86_64"),
            ("auto_disk_config", "True"),
        ],
        &[],
    ),
];

pub(super) fn images() -> impl Iterator<Item = (ImageMeta, Note)> {
    IMAGES.into_iter().map(|(id, name, container, disk, size, properties, tags)| {
        let meta = ImageMeta {
            id: ImageId(id),
            name: name.to_owned(),
            disk_format: disk.to_owned(),
            min_disk_gb: 0,
            min_ram_mb: 0,
            properties: properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let note = Note {
            container_format: container.to_owned(),
            visibility: "public",
            owner: ProjectId::from(""),
            size,
            active: true,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            created_at: MADE,
            data: None,
        };
        (meta, note)
    })
}
