//! Archives whose directories lie.

use super::raw_zip::{End, RawEntry, raw_zip};
use super::{DAMAGED, Expected, LIMIT, Take, read, sound, specimen};
use crate::package::zip;

const CLASS: &str = "archive";
const SHEET: &str = "xl/worksheets/sheet1.xml";

pub(super) fn specimens(take: Take<'_>) {
    entries_that_lie(take);
    ends_that_lie(take);
    names(take);
    let mut add = |name: &str, bytes: Vec<u8>, expected| take(specimen(CLASS, name, bytes, expected));
    add("as it should be", raw_zip(&sound_entries(), &End::default()), read(1, 0));

    let parts = sound();
    let many = (0..65_000).map(|number| (format!("x/{number}"), Vec::new()));
    let all: Vec<_> = parts.parts().iter().cloned().chain(many).collect();
    add("65,000 entries", zip(all.iter().map(|(name, part)| (name.as_str(), part.as_slice()))), LIMIT);
    let some: Vec<_> = all.into_iter().take(4_000).collect();
    add("4,000 entries", zip(some.iter().map(|(name, part)| (name.as_str(), part.as_slice()))), read(1, 0));

    let whole = sound().bytes();
    add(
        "rubbish before the archive",
        [b"#!/bin/sh\n".to_vec(), whole.clone()].concat(),
        Expected::Refused(&["not_a_workbook"]),
    );
    add("rubbish after the archive", [whole.clone(), vec![b'x'; 3_000]].concat(), Expected::Ends);
    add(
        "another archive after it",
        [whole.clone(), zip([("a", &b"b"[..])])].concat(),
        Expected::Refused(&["not_a_workbook", "damaged_workbook"]),
    );
    add("itself after itself", [whole.clone(), whole].concat(), Expected::Ends);
}

fn sound_entries() -> Vec<RawEntry> {
    sound().parts().iter().map(|(name, part)| RawEntry::new(name, part)).collect()
}

/// The sound archive with its sheet's entry changed.
fn with_sheet(change: impl FnOnce(&mut RawEntry)) -> Vec<u8> {
    let mut entries = sound_entries();
    if let Some(sheet) = entries.iter_mut().find(|entry| entry.name == SHEET.as_bytes()) {
        change(sheet);
    }
    raw_zip(&entries, &End::default())
}

fn entries_that_lie(take: Take<'_>) {
    let mut add = |name: &str, change: &dyn Fn(&mut RawEntry), expected| {
        take(specimen(CLASS, name, with_sheet(change), expected));
    };
    let length = |entry: &RawEntry| u32::try_from(entry.data.len()).unwrap_or(0);
    add("wrong checksum", &|entry| entry.crc = Some(7), DAMAGED);
    add("no bytes, says the directory", &|entry| entry.directory_sizes = Some((0, 0)), DAMAGED);
    add("fewer bytes, says the directory", &|entry| entry.directory_sizes = Some((10, 10)), DAMAGED);
    add("more bytes, says the directory", &|entry| entry.directory_sizes = Some((9_999, 9_999)), DAMAGED);
    add(
        "4 GiB, says the directory",
        &|entry| entry.directory_sizes = Some((u32::MAX - 1, u32::MAX - 1)),
        DAMAGED,
    );
    add(
        "4 GiB unpacked, say both",
        &|entry| {
            entry.sizes = Some((length(entry), u32::MAX - 1));
            entry.directory_sizes = entry.sizes;
        },
        read(1, 0),
    );
    add(
        "1 byte unpacked, say both",
        &|entry| {
            entry.sizes = Some((length(entry), 1));
            entry.directory_sizes = entry.sizes;
        },
        Expected::Ends,
    );
    add("other sizes in its own header", &|entry| entry.sizes = Some((1, 2)), DAMAGED);
    add(
        "ZIP64 sizes that are not there",
        &|entry| entry.directory_sizes = Some((u32::MAX, u32::MAX)),
        DAMAGED,
    );
    add(
        "ZIP64 sizes of 16 EiB",
        &|entry| {
            entry.directory_sizes = Some((u32::MAX, u32::MAX));
            entry.extra = [&[1, 0, 16, 0][..], &[0xFF; 16]].concat();
        },
        DAMAGED,
    );
    for (name, method) in [
        ("shrunk", 1),
        ("imploded", 6),
        ("deflate64", 9),
        ("bzip2", 12),
        ("LZMA", 14),
        ("zstd", 93),
        ("xz", 95),
        ("PPMd", 98),
        ("AES", 99),
        ("unknown", 0xFFFF),
    ] {
        add(&format!("packed by method {method} ({name})"), &|entry| entry.method = method, DAMAGED);
    }
    add("deflated, which it is not", &|entry| entry.method = 8, DAMAGED);
    add(
        "encrypted",
        &|entry| entry.flags = 1,
        Expected::Refused(&["encrypted_workbook", "damaged_workbook"]),
    );
    add(
        "strongly encrypted",
        &|entry| entry.flags = 0x41,
        Expected::Refused(&["encrypted_workbook", "damaged_workbook"]),
    );
    add(
        "sizes after the data, which are not",
        &|entry| {
            entry.flags = 8;
            entry.sizes = Some((0, 0));
        },
        Expected::Ends,
    );
    add("header beyond the end", &|entry| entry.offset = Some(u32::MAX - 9), DAMAGED);
    add("header in the middle of another", &|entry| entry.offset = Some(11), DAMAGED);
    add("header of another entry", &|entry| entry.offset = Some(0), DAMAGED);
    add("extra field cut off", &|entry| entry.extra = vec![1, 0, 200, 0, 1], Expected::Ends);
    add("a symbolic link", &|entry| entry.attributes = 0xA1FF << 16, Expected::Ends);
    add("a directory", &|entry| entry.attributes = 0x41ED << 16, Expected::Ends);
}

fn ends_that_lie(take: Take<'_>) {
    let mut add = |name: &str, end: End, expected| {
        take(specimen(CLASS, name, raw_zip(&sound_entries(), &end), expected));
    };
    let entries = |count| End { entries: Some(count), ..End::default() };
    add("65,535 entries declared", entries(0xFFFF), LIMIT);
    add("4,097 entries declared", entries(4_097), LIMIT);
    add("more entries declared than there are", entries(50), DAMAGED);
    add("no entries declared", entries(0), Expected::Refused(&["damaged_workbook", "not_a_workbook"]));
    add(
        "fewer entries declared than there are",
        entries(2),
        Expected::Refused(&["damaged_workbook", "not_a_workbook"]),
    );
    add("directory beyond the end", End { directory_offset: Some(u32::MAX - 5), ..End::default() }, DAMAGED);
    add("directory at the beginning", End { directory_offset: Some(0), ..End::default() }, DAMAGED);
    add("directory of 4 GiB", End { directory_bytes: Some(u32::MAX - 1), ..End::default() }, Expected::Ends);
    add("directory of no bytes", End { directory_bytes: Some(0), ..End::default() }, Expected::Ends);
    add("on the 7th disk", End { disk: 7, ..End::default() }, Expected::Ends);
    add(
        "ZIP64 that is not there",
        End {
            directory_offset: Some(u32::MAX),
            directory_bytes: Some(u32::MAX),
            entries: Some(0xFFFF),
            ..End::default()
        },
        LIMIT,
    );
    add("comment", End { comment: b"made by hand".to_vec(), ..End::default() }, read(1, 0));
    add("comment of 65,535 bytes", End { comment: vec![b'x'; 65_535], ..End::default() }, read(1, 0));
    add("comment that is not there", End { comment_bytes: Some(999), ..End::default() }, DAMAGED);
    add(
        "comment with an end in it",
        End { comment: b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), ..End::default() },
        Expected::Ends,
    );
}

fn names(take: Take<'_>) {
    let mut add = |name: &str, entries: Vec<RawEntry>, expected| {
        take(specimen(CLASS, name, raw_zip(&entries, &End::default()), expected));
    };
    let with = |name: &[u8]| {
        let mut entries = sound_entries();
        entries.push(RawEntry { name: name.to_vec(), data: b"<x/>".to_vec(), ..RawEntry::default() });
        entries
    };
    add("the same name twice", with(SHEET.as_bytes()), DAMAGED);
    add("the same name twice but for its case", with(SHEET.to_uppercase().as_bytes()), DAMAGED);
    add("the same name twice but for its slashes", with(SHEET.replace('/', "\\").as_bytes()), DAMAGED);
    add("a name that leads out", with(b"../../etc/passwd"), read(1, 0));
    add("an absolute name", with(b"/etc/passwd"), read(1, 0));
    add("a name with a NUL", with(b"a\0b.xml"), Expected::Ends);
    add("a name in no encoding", with(b"\xFF\xFE\x80.xml"), Expected::Ends);
    add("no name", with(b""), Expected::Ends);
    add("a name of 65,535 bytes", with(&[b'n'; 65_535]), Expected::Ends);
    let mut entries = sound_entries();
    if let Some(sheet) = entries.iter_mut().find(|entry| entry.name == SHEET.as_bytes()) {
        sheet.directory_name = Some(b"xl/worksheets/sheet9.xml".to_vec());
    }
    add("another name in the directory", entries, DAMAGED);
    // One after the other begins within the one before, so that a few bytes are unpacked many times.
    let mut overlapping = sound_entries();
    for number in 0..200 {
        let mut entry = RawEntry::new(&format!("xl/w{number}.xml"), b"");
        entry.offset = Some(0);
        entry.directory_sizes = Some((50, 50));
        overlapping.push(entry);
    }
    add("200 entries over one another", overlapping, DAMAGED);
}
