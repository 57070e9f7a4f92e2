//! Zip archives written by hand, so that any field can lie.

/// An entry, stored as it is; what is `None` tells the truth.
#[derive(Clone, Debug, Default)]
pub(super) struct RawEntry {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) crc: Option<u32>,
    /// Bytes packed, and bytes unpacked, as the entry's own header says.
    pub(super) sizes: Option<(u32, u32)>,
    /// The same, as the directory says.
    pub(super) directory_sizes: Option<(u32, u32)>,
    pub(super) directory_name: Option<Vec<u8>>,
    /// Where its header is, as the directory says.
    pub(super) offset: Option<u32>,
    pub(super) extra: Vec<u8>,
    /// The operating system's attributes, as the directory says.
    pub(super) attributes: u32,
}

impl RawEntry {
    pub(super) fn new(name: &str, data: &[u8]) -> Self {
        Self { name: name.as_bytes().to_vec(), data: data.to_vec(), ..Self::default() }
    }

    fn fields(&self, sizes: Option<(u32, u32)>) -> Vec<u8> {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let (packed, unpacked) = sizes.unwrap_or((length, length));
        let mut fields = Vec::new();
        for field in [self.flags, self.method, 0, 0x21] {
            fields.extend(field.to_le_bytes());
        }
        for field in [self.crc.unwrap_or_else(|| crc32fast::hash(&self.data)), packed, unpacked] {
            fields.extend(field.to_le_bytes());
        }
        fields
    }
}

/// What the end of an archive says; what is `None` tells the truth.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    pub(super) disk: u16,
    pub(super) entries: Option<u16>,
    pub(super) directory_bytes: Option<u32>,
    pub(super) directory_offset: Option<u32>,
    pub(super) comment: Vec<u8>,
    /// The length of the comment.
    pub(super) comment_bytes: Option<u16>,
}

pub(super) fn raw_zip(entries: &[RawEntry], end: &End) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = number(file.len());
        file.extend(b"PK\x03\x04\x14\0");
        file.extend(entry.fields(entry.sizes));
        file.extend(short(entry.name.len()).to_le_bytes());
        file.extend(short(entry.extra.len()).to_le_bytes());
        file.extend(&entry.name);
        file.extend(&entry.extra);
        file.extend(&entry.data);

        let name = entry.directory_name.as_ref().unwrap_or(&entry.name);
        directory.extend(b"PK\x01\x02\x14\x03\x14\0");
        directory.extend(entry.fields(entry.directory_sizes));
        directory.extend(short(name.len()).to_le_bytes());
        directory.extend(short(entry.extra.len()).to_le_bytes());
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(entry.offset.unwrap_or(offset).to_le_bytes());
        directory.extend(name);
        directory.extend(&entry.extra);
    }
    let offset = number(file.len());
    file.extend(&directory);
    file.extend(b"PK\x05\x06");
    file.extend([end.disk, end.disk].map(u16::to_le_bytes).concat());
    let count = end.entries.unwrap_or_else(|| short(entries.len()));
    file.extend([count, count].map(u16::to_le_bytes).concat());
    file.extend(end.directory_bytes.unwrap_or_else(|| number(directory.len())).to_le_bytes());
    file.extend(end.directory_offset.unwrap_or(offset).to_le_bytes());
    file.extend(end.comment_bytes.unwrap_or_else(|| short(end.comment.len())).to_le_bytes());
    file.extend(&end.comment);
    file
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
