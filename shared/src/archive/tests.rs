//! What archives are accepted, and which sentence the others get.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::{ArchiveError, Limits, read};

const CHART: &str = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";

/// Builds an archive entry by entry.
struct Packer(Builder<Vec<u8>>);

impl Packer {
    fn new() -> Self {
        Packer(Builder::new(Vec::new()))
    }

    fn chart() -> Self {
        Packer::new().file("demo/Chart.yaml", CHART)
    }

    fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.entry(path, EntryType::Regular, 0o644, 1, text.as_ref())
    }

    fn entry(mut self, path: &str, kind: EntryType, mode: u32, mtime: u64, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        // Into the field itself: `set_path` refuses the very paths that are tried here.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(mtime);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn link(mut self, path: &str, target: &str) -> Self {
        let mut header = Header::new_gnu();
        header.set_path(path).unwrap();
        header.set_entry_type(EntryType::Symlink);
        header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_size(0);
        header.set_mode(0o777);
        header.set_cksum();
        self.0.append(&header, &[][..]).unwrap();
        self
    }

    fn gzip(self) -> Vec<u8> {
        gzip(&self.0.into_inner().unwrap(), Compression::fast())
    }
}

fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], code: &str, says: &str) {
    let error = read(bytes, &Limits::default()).expect_err("must be refused");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn a_chart_is_read_with_its_metadata_and_digests() {
    let bytes = Packer::chart().file("demo/values.yaml", "a: 1\n").gzip();
    let archive = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(
        (archive.metadata.name.as_str(), archive.metadata.version.as_str()),
        ("demo", "1.0.0")
    );
    assert_eq!(archive.digest, crate::digest::Digest::of(&bytes));
    assert_eq!(archive.warnings, Vec::<String>::new());
}

#[test]
fn two_packagings_of_the_same_content_have_the_same_content_digest() {
    let regular = EntryType::Regular;
    let one = Packer::chart().file("demo/a", "1").file("demo/b", "2").gzip();
    let other = Packer::new()
        .entry("demo/", EntryType::Directory, 0o755, 7, b"")
        .entry("demo/b", regular, 0o600, 8, b"2")
        .entry("demo/Chart.yaml", regular, 0o640, 9, CHART.as_bytes())
        .entry("demo/a", regular, 0o644, 10, b"1");
    let other = gzip(&other.0.into_inner().unwrap(), Compression::best());
    let content = |bytes: &[u8]| read(bytes, &Limits::default()).unwrap().content_digest;
    assert_ne!(one, other);
    assert_eq!(content(&one), content(&other));
}

#[test]
fn another_byte_path_or_executable_bit_is_other_content() {
    let content = |packer: Packer| read(&packer.gzip(), &Limits::default()).unwrap().content_digest;
    let base = content(Packer::chart().file("demo/a", "1"));
    let script = Packer::chart().entry("demo/a", EntryType::Regular, 0o755, 1, b"1");
    for other in [
        Packer::chart().file("demo/a", "2"),
        Packer::chart().file("demo/c", "1"),
        Packer::chart(),
        script,
    ] {
        assert_ne!(content(other), base);
    }
}

#[test]
fn what_is_no_gzip_or_no_tar_is_told_apart() {
    refused(b"", "not-gzip", "helm package");
    refused(b"PK\x03\x04", "not-gzip", "helm package");
    refused(&gzip(&[b'x'; 2000], Compression::fast()), "not-tar", "no tar archive");
    refused(&gzip(b"hello", Compression::fast()), "not-tar", "no tar archive");
    refused(&gzip(b"", Compression::fast()), "empty", "no files");
    refused(&gzip(&[0; 1024], Compression::fast()), "empty", "no files");
}

#[test]
fn a_cut_or_changed_archive_is_refused_wherever_it_was_cut() {
    let bytes = Packer::chart().file("demo/values.yaml", "a: 1\n".repeat(500)).gzip();
    for end in 2..bytes.len() {
        assert!(
            read(&bytes[..end], &Limits::default()).is_err(),
            "cut at {end} of {}",
            bytes.len()
        );
    }
    let mut changed = bytes;
    let last = changed.len() - 5;
    changed[last] ^= 1;
    refused(&changed, "damaged", "damaged");
}

#[test]
fn chart_yaml_must_be_where_helm_looks() {
    refused(
        &Packer::new().file("demo/README.md", "x").gzip(),
        "no-chart-yaml",
        "no Chart.yaml",
    );
    refused(
        &Packer::new().file("demo/inner/Chart.yaml", CHART).gzip(),
        "chart-yaml-elsewhere",
        "demo/inner/Chart.yaml",
    );
    refused(
        &Packer::new().file("Chart.yaml", CHART).gzip(),
        "chart-yaml-elsewhere",
        "NAME/Chart.yaml",
    );
    let two = Packer::chart().file("other/Chart.yaml", CHART.replace("demo", "other"));
    refused(&two.gzip(), "two-charts", "\"demo\" and \"other\"");
}

#[test]
fn paths_out_of_the_chart_are_refused() {
    for path in [
        "/etc/passwd",
        "demo/../../etc/passwd",
        "../demo/x",
        "demo\\..\\..\\x",
        "demo/c:/x",
        "demo/a\x1b[2J",
    ] {
        refused(&Packer::chart().file(path, "x").gzip(), "bad-path", "path");
    }
}

#[test]
fn only_files_folders_and_links_within_the_chart_are_accepted() {
    refused(
        &Packer::chart().link("demo/a", "/etc/passwd").gzip(),
        "link-leaves",
        "/etc/passwd",
    );
    refused(
        &Packer::chart().link("demo/a", "../../x").gzip(),
        "link-leaves",
        "out of the chart",
    );
    let archive = read(
        &Packer::chart().link("demo/a", "values.yaml").gzip(),
        &Limits::default(),
    )
    .unwrap();
    assert!(archive.warnings[0].contains("empty file"), "{:?}", archive.warnings);
    for (kind, says) in [
        (EntryType::Char, "character"),
        (EntryType::Block, "block"),
        (EntryType::Fifo, "pipe"),
    ] {
        refused(
            &Packer::chart().entry("demo/dev", kind, 0o644, 1, b"").gzip(),
            "not-a-file",
            says,
        );
    }
}

#[test]
fn the_same_path_twice_is_accepted_only_with_the_same_content() {
    let twice = |second: &str| Packer::chart().file("demo/a", "1").file("demo/a", second).gzip();
    assert!(read(&twice("1"), &Limits::default()).is_ok());
    refused(&twice("2"), "path-twice", "demo");
}

#[test]
fn sizes_are_bounded_before_they_cost_anything() {
    let huge = Limits::default().file_bytes + 1;
    let bytes = Packer::chart()
        .file("demo/big", vec![0; usize::try_from(huge).unwrap()])
        .gzip();
    refused(&bytes, "file-too-large", "demo");
    let many = (0..25).fold(Packer::chart(), |packer, n| {
        packer.file(&format!("demo/{n}"), vec![0; 5 << 20])
    });
    refused(&many.gzip(), "unpacked-too-large", "Helm refuses");
    let limits = Limits {
        packed_bytes: 10,
        entries: 2,
        ..Limits::default()
    };
    let small = Packer::chart().file("demo/a", "").file("demo/b", "").gzip();
    assert!(matches!(
        read(&small, &limits),
        Err(ArchiveError::TooLarge { limit: 10, .. })
    ));
    let limits = Limits {
        packed_bytes: 10_000,
        ..limits
    };
    assert!(matches!(
        read(&small, &limits),
        Err(ArchiveError::TooManyEntries { limit: 2 })
    ));
    let limits = Limits { entries: 3, ..limits };
    assert!(read(&small, &limits).is_ok());
}

#[test]
fn headers_that_claim_nonsense_are_refused() {
    let mut header = Header::new_gnu();
    header.set_path("demo/big").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(u64::MAX / 2);
    header.set_cksum();
    let mut packer = Packer::chart();
    packer.0.get_mut().extend_from_slice(header.as_bytes());
    refused(
        &gzip(packer.0.get_ref(), Compression::fast()),
        "file-too-large",
        "bytes",
    );

    let record = b"20 size=99999999999\n";
    let pax = Packer::chart()
        .entry("PaxHeader", EntryType::XHeader, 0o644, 1, record)
        .file("demo/a", "x");
    refused(&pax.gzip(), "bad-headers", "pax");
    let long = vec![b'a'; 2 << 20];
    let gnu = Packer::chart()
        .entry("././@LongLink", EntryType::GNULongName, 0o644, 1, &long)
        .file("demo/a", "x");
    refused(&gnu.gzip(), "bad-headers", "1 MiB");
    refused(
        &Packer::chart()
            .entry("demo/s", EntryType::GNUSparse, 0o644, 1, b"")
            .gzip(),
        "bad-headers",
        "sparse",
    );
}

#[test]
fn long_names_of_both_tar_dialects_are_read() {
    let path = format!("demo/templates/{}.yaml", "long".repeat(60));
    let gnu = Packer::chart()
        .entry("././@LongLink", EntryType::GNULongName, 0o644, 1, path.as_bytes())
        .file("demo/cut", "x");
    let record = format!(" path={path}\n");
    let length = record.len() + 3;
    let record = format!("{length}{record}");
    let pax = Packer::chart()
        .entry("PaxHeader", EntryType::XHeader, 0o644, 1, record.as_bytes())
        .file("demo/cut", "x");
    let content = |packer: Packer| read(&packer.gzip(), &Limits::default()).unwrap().content_digest;
    assert_eq!(content(gnu), content(pax));
}

/// YAML's readers look for the colon behind a key in the next 1,024 characters, and escapes count.
#[test]
fn a_name_that_is_long_in_the_index_is_refused_wherever_it_stands() {
    let importing = |value: String| {
        let dependency = "name: a, version: 1.0.0, repository: 'https://example.com'";
        format!("dependencies: [{{{dependency}, import-values: [{value}]}}]\n")
    };
    let annotation = |name: String| format!("annotations: {{\"{name}\": a}}\n");
    let with = |lines: String| Packer::new().file("demo/Chart.yaml", format!("{CHART}{lines}")).gzip();
    for name in ["x".repeat(510), "\\x01".repeat(85), "\\\"".repeat(255)] {
        for lines in [
            annotation(name.clone()),
            importing(format!("{{a: [{{\"{name}\": a}}]}}")),
        ] {
            assert!(read(&with(lines), &Limits::default()).is_ok());
        }
    }
    for name in ["x".repeat(511), "\\x01".repeat(86), "\\\"".repeat(256)] {
        for lines in [
            annotation(name.clone()),
            importing(format!("{{a: [{{\"{name}\": a}}]}}")),
        ] {
            refused(&with(lines), "long-name", "512 bytes");
        }
    }
    let nested = |depth: usize| importing("[".repeat(depth) + &"]".repeat(depth));
    assert!(read(&with(nested(32)), &Limits::default()).is_ok());
    refused(&with(nested(33)), "deep-value", "32 deep");
}

#[test]
fn charts_packed_inside_are_loaded_as_helm_does() {
    let inner = Packer::chart().gzip();
    assert!(
        read(
            &Packer::chart().file("demo/charts/demo-1.0.0.tgz", &inner).gzip(),
            &Limits::default()
        )
        .is_ok()
    );
    let folder = Packer::chart()
        .file("demo/charts/dep/Chart.yaml", CHART)
        .file("demo/charts/_x/y", "")
        .gzip();
    assert!(read(&folder, &Limits::default()).is_ok());
    let broken = Packer::chart()
        .file("demo/charts/dep-1.0.0.tgz", &inner[..inner.len() - 9])
        .gzip();
    refused(&broken, "dependency", "charts/dep-1.0.0.tgz");
    let nameless = Packer::chart()
        .file("demo/charts/dep/Chart.yaml", "apiVersion: v2\nversion: 1.0.0\n")
        .gzip();
    refused(&nameless, "dependency", "charts/dep");
    let nested = (0..8).fold(inner, |inner, _| {
        Packer::chart().file("demo/charts/a.tgz", inner).gzip()
    });
    refused(&nested, "dependency", "deep");
}

#[test]
fn packed_charts_are_bounded_together() {
    let junk = vec![0; 5 << 20];
    let many = (0..6).fold(Packer::chart(), |packer, n| {
        packer.file(&format!("demo/charts/{n}.tgz"), &junk)
    });
    refused(&many.gzip(), "dependencies-too-large", "together");
}

#[test]
fn dependencies_of_an_old_chart_come_from_its_requirements() {
    let old = "apiVersion: v1\nname: demo\nversion: 1.0.0\n";
    let requirements = "dependencies:\n- name: redis\n  version: 1.x\n  repository: https://example.com\n";
    let bytes = Packer::new()
        .file("demo/Chart.yaml", old)
        .file("demo/requirements.yaml", requirements)
        .gzip();
    let archive = read(&bytes, &Limits::default()).unwrap();
    assert_eq!(archive.metadata.dependencies[0].name, "redis");
}

#[test]
fn a_folder_with_another_name_is_accepted_with_a_warning() {
    let bytes = Packer::new().file("src/Chart.yaml", CHART).gzip();
    let archive = read(&bytes, &Limits::default()).unwrap();
    assert!(archive.warnings[0].contains("\"src\""), "{:?}", archive.warnings);
}
