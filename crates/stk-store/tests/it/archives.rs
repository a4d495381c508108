use std::error::Error;
use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use stk_run::Digest;
use stk_store::archive::{Entry, Limits, UnpackError, pack, unpack};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn entry(path: &str, text: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
        executable: false,
    }
}

fn explain(error: &dyn Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {cause}"),
    }
}

/// A zip that [`pack`] would not make.
fn foreign(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, mode, bytes) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .external_attributes(mode << 16);
        writer.start_file(*path, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
}

fn fault(bytes: &[u8]) -> String {
    explain(&unpack(bytes, Limits::default()).unwrap_err())
}

#[test]
fn the_bytes_of_an_archive_never_change() {
    let mut script = entry("scripts/run.sh", "#!/bin/sh\n");
    script.executable = true;
    let bytes = pack([entry("main.tf", "terraform {}\n"), script.clone()]).unwrap();
    // Digests of packages are stored: another value here makes every plugin look changed.
    insta::assert_snapshot!(Digest::of(&bytes), @"sha256:31764a394303fc60fe5f67c0f192cfbd283be12ef7143a4fd3fd1849780a74dc");
    let unpacked = unpack(&bytes, Limits::default()).unwrap();
    assert_eq!(unpacked, [entry("main.tf", "terraform {}\n"), script]);
    insta::assert_snapshot!(format!("{:?}", unpacked[0]), @r#"Entry { path: "main.tf", size: 13, executable: false }"#);
    assert!(
        unpack(&pack([]).unwrap(), Limits::default())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn what_cannot_be_packed_is_explained() {
    let fault = |entries: &[Entry]| explain(&pack(entries.to_vec()).unwrap_err());
    insta::assert_snapshot!(fault(&[entry("../x", "")]), @"`../x` cannot be packed: it leads out of its folder");
    insta::assert_snapshot!(fault(&[entry("/etc/passwd", "")]), @"`/etc/passwd` cannot be packed: it is absolute");
    insta::assert_snapshot!(fault(&[entry("a\\b", "")]), @r"`a\\b` cannot be packed: it has a backslash in it");
    insta::assert_snapshot!(fault(&[entry("a//b", "")]), @"`a//b` cannot be packed: it has an empty part or `.` in it");
    insta::assert_snapshot!(fault(&[entry("a\nb", "")]), @r"`a\nb` cannot be packed: it has a control character in it");
    insta::assert_snapshot!(fault(&[entry("", "")]), @"`` cannot be packed: it is empty");
    insta::assert_snapshot!(fault(&[entry("C:/x", "")]), @"`C:/x` cannot be packed: it is absolute");
    insta::assert_snapshot!(fault(&[entry("a", "1"), entry("b", ""), entry("a", "2")]), @"`a` is there twice");
    insta::assert_snapshot!(fault(&[entry("a", ""), entry("a-b", ""), entry("a/b", "")]), @"`a` is a file and a folder at once");
    insta::assert_snapshot!(fault(&[entry(&"x".repeat(256), "")])[250..], @"xxxxxxx` cannot be packed: it is too long");
}

#[test]
fn foreign_archives_are_unpacked() {
    let bytes = foreign(&[
        ("b/main.tf", 0o100_644, b"resource {}"),
        ("a.sh", 0o100_755, b"echo"),
        ("no-mode", 0, b""),
        ("folder/", 0o040_755, b""),
    ]);
    let unpacked = unpack(&bytes, Limits::default()).unwrap();
    let shown: Vec<_> = unpacked
        .iter()
        .map(|entry| (entry.path.as_str(), entry.bytes.len(), entry.executable))
        .collect();
    assert_eq!(
        shown,
        [
            ("a.sh", 4, true),
            ("b/main.tf", 11, false),
            ("no-mode", 0, false)
        ]
    );
}

#[test]
fn dangerous_archives_are_refused() {
    let one = |path: &str| foreign(&[(path, 0o100_644, b"x")]);
    insta::assert_snapshot!(fault(b"not a zip"), @"the archive cannot be read: invalid Zip archive: Could not find EOCD");
    insta::assert_snapshot!(fault(&one("../../etc/passwd")), @"`../../etc/passwd` cannot be unpacked: it leads out of its folder");
    insta::assert_snapshot!(fault(&one("/etc/passwd")), @"`/etc/passwd` cannot be unpacked: it is absolute");
    insta::assert_snapshot!(fault(&one("a/../../b")), @"`a/../../b` cannot be unpacked: it leads out of its folder");
    insta::assert_snapshot!(fault(&one("..\\b")), @r"`..\\b` cannot be unpacked: it has a backslash in it");
    insta::assert_snapshot!(fault(&one("../")), @"`../` cannot be unpacked: it leads out of its folder");
    insta::assert_snapshot!(fault(&one("a\u{1b}[2J")), @r"`a\u{1b}[2J` cannot be unpacked: it has a control character in it");
    insta::assert_snapshot!(fault(&foreign(&[("link", 0o120_777, b"/etc")])), @"`link` is a symbolic link, and only files are unpacked");
    insta::assert_snapshot!(fault(&foreign(&[("pipe", 0o010_644, b"")])), @"`pipe` is a special file, and only files are unpacked");
    insta::assert_snapshot!(fault(&foreign(&[("a", 0, b""), ("a/b", 0, b"")])), @"`a` is a file and a folder at once");

    let mut twice = foreign(&[("main.tf", 0, b"1"), ("mbin.tf", 0, b"2")]);
    replace(&mut twice, b"mbin.tf", b"main.tf");
    insta::assert_snapshot!(fault(&twice), @"`main.tf` is in the archive twice");

    let mut not_text = one("name");
    replace(&mut not_text, b"name", b"n\xffme");
    insta::assert_snapshot!(fault(&not_text), @r"`n\xffme` cannot be unpacked: it is not text");
}

#[test]
fn damaged_content_is_refused() {
    let mut bytes = pack([entry("a", "content")]).unwrap().to_vec();
    replace(&mut bytes, b"content", b"CONTENT");
    insta::assert_snapshot!(fault(&bytes), @"`a` cannot be read from the archive: i/o error: Invalid checksum");
    // The local header of the file is gone, its line in the directory is not.
    let mut bytes = pack([entry("a", "content")]).unwrap().to_vec();
    replace(&mut bytes, b"PK\x03\x04", b"PK\x00\x00");
    insta::assert_snapshot!(fault(&bytes), @"`a` cannot be read from the archive: invalid Zip archive: Invalid local file header");
    let bytes = pack([entry("a", "content")]).unwrap();
    assert!(unpack(&bytes[..bytes.len() - 30], Limits::default()).is_err());
}

#[test]
fn archives_beyond_the_limits_are_refused() {
    let limits = Limits {
        files: 3,
        file_bytes: 1000,
        total_bytes: 2500,
    };
    let zeros = |size: usize| vec![0_u8; size];
    let fault =
        |files: &[(&str, u32, &[u8])]| explain(&unpack(&foreign(files), limits).unwrap_err());
    insta::assert_snapshot!(fault(&[("a", 0, b""), ("b", 0, b""), ("c", 0, b""), ("d", 0, b"")]), @"the archive has 4 files, and at most 3 are allowed");
    insta::assert_snapshot!(fault(&[("a", 0, &zeros(1001))]), @"`a` has more than 1000 bytes");
    insta::assert_snapshot!(fault(&[("a", 0, &zeros(1000)), ("b", 0, &zeros(1000)), ("c", 0, &zeros(501))]), @"with `c` the archive has more than 2500 bytes");
    let whole = foreign(&[
        ("a", 0, &zeros(1000)),
        ("b", 0, &zeros(1000)),
        ("c", 0, &zeros(500)),
    ]);
    assert_eq!(unpack(&whole, limits).unwrap().len(), 3);
}

/// A thousand bytes that say they are one: the declared size is not what protects.
#[test]
fn a_size_that_lies_does_not_help() {
    let limits = Limits {
        files: 1,
        file_bytes: 100,
        total_bytes: 100,
    };
    let mut bytes = foreign(&[("a", 0, &[0; 1000])]);
    replace(&mut bytes, &1000_u32.to_le_bytes(), &1_u32.to_le_bytes());
    let error = unpack(&bytes, limits).unwrap_err();
    assert!(
        matches!(
            error,
            UnpackError::FileTooLarge { .. } | UnpackError::Content { .. }
        ),
        "{error:?}"
    );
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let file = (
        "[a-zé .-]{0,3}[a-z]",
        "[a-z]{1,2}",
        any::<Vec<u8>>(),
        any::<bool>(),
    );
    proptest::collection::vec(file, 0..12).prop_map(|files| {
        let mut entries: Vec<Entry> = files
            .into_iter()
            .map(|(folder, name, bytes, executable)| Entry {
                path: format!("{folder}/x{name}"),
                bytes,
                executable,
            })
            .collect();
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        entries.dedup_by(|left, right| left.path == right.path);
        entries
    })
}

proptest! {
    #[test]
    fn what_is_packed_is_unpacked(entries in entries()) {
        let bytes = pack(entries.clone()).unwrap();
        prop_assert_eq!(unpack(&bytes, Limits::default()).unwrap(), entries);
    }

    #[test]
    fn the_order_of_the_files_does_not_matter(
        (ordered, shuffled) in entries().prop_flat_map(|entries| {
            (Just(entries.clone()), Just(entries).prop_shuffle())
        })
    ) {
        prop_assert_eq!(pack(ordered).unwrap(), pack(shuffled).unwrap());
    }

    #[test]
    fn any_bytes_are_unpacked_or_refused(noise in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte: u8) {
        let _ = unpack(&noise, Limits::default());
        let mut bytes = pack([entry("a", "content"), entry("b/c", "more")]).unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = unpack(&bytes, Limits::default());
    }
}
