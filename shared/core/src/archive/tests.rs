//! Which archives are accepted, and which messages the others get.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::{ArchiveError, Limits, read, read_published};

const CHART: &str = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";

/// Builds an archive entry by entry.
struct Packer(Builder<Vec<u8>>);

impl Packer {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn chart() -> Self {
        Self::new().file("demo/Chart.yaml", CHART)
    }

    fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.entry(path, EntryType::Regular, 0o644, 1, text.as_ref())
    }

    fn entry(mut self, path: &str, kind: EntryType, mode: u32, mtime: u64, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        // Into the field itself: `set_path` rejects the very paths that are tested here.
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
fn rejected(bytes: &[u8], code: &str, says: &str) {
    let error = read(bytes, &Limits::default()).expect_err("must be rejected");
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
    rejected(b"", "not-gzip", "helm package");
    rejected(b"PK\x03\x04", "not-gzip", "helm package");
    rejected(
        &gzip(&[b'x'; 2000], Compression::fast()),
        "not-tar",
        "does not contain a tar archive",
    );
    rejected(
        &gzip(b"hello", Compression::fast()),
        "not-tar",
        "does not contain a tar archive",
    );
    rejected(&gzip(b"", Compression::fast()), "empty", "the archive is empty");
    rejected(&gzip(&[0; 1024], Compression::fast()), "empty", "the archive is empty");
}

#[test]
fn a_cut_or_changed_archive_is_rejected_wherever_it_was_cut() {
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
    rejected(&changed, "damaged", "damaged");
}

#[test]
fn chart_yaml_must_be_where_helm_looks() {
    rejected(
        &Packer::new().file("demo/README.md", "x").gzip(),
        "no-chart-yaml",
        "no Chart.yaml",
    );
    rejected(
        &Packer::new().file("demo/inner/Chart.yaml", CHART).gzip(),
        "chart-yaml-elsewhere",
        "demo/inner/Chart.yaml",
    );
    rejected(
        &Packer::new().file("Chart.yaml", CHART).gzip(),
        "chart-yaml-elsewhere",
        "NAME/Chart.yaml",
    );
    let two = Packer::chart().file("other/Chart.yaml", CHART.replace("demo", "other"));
    rejected(&two.gzip(), "two-charts", "\"demo\" and \"other\"");
}

#[test]
fn paths_out_of_the_chart_are_rejected() {
    for path in [
        "/etc/passwd",
        "demo/../../etc/passwd",
        "../demo/x",
        "demo\\..\\..\\x",
        "demo/c:/x",
        "c:/x",
        "demo/a\x1b[2J",
    ] {
        rejected(&Packer::chart().file(path, "x").gzip(), "bad-path", "path");
    }
}

#[test]
fn only_files_folders_and_links_within_the_chart_are_accepted() {
    rejected(
        &Packer::chart().link("demo/a", "/etc/passwd").gzip(),
        "link-leaves",
        "/etc/passwd",
    );
    rejected(
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
        rejected(
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
    rejected(&twice("2"), "path-twice", "demo/a");
}

fn chart(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\n")
}

/// The result of `helm package` for `charts/common-1.0.0.tgz` beside `charts/common-2.0.0.tgz`.
fn two_commons(parent: &str, first: &str, second: &str) -> Packer {
    let path = |file: &str| format!("demo/{parent}charts/common/{file}");
    Packer::chart()
        .file(&path("Chart.yaml"), chart("common", first))
        .file(&path("templates/a.yaml"), "one")
        .file(&path("Chart.yaml"), chart("common", second))
        .file(&path("templates/a.yaml"), "two")
}

#[test]
fn two_versions_of_a_dependency_are_named_with_the_file_to_delete() {
    let lock = "dependencies: [{name: common, version: 2.0.0, repository: https://example.com}]";
    let bytes = two_commons("", "1.0.0", "2.0.0").file("demo/Chart.lock", lock).gzip();
    let says = "\"common\" in two versions, 1.0.0 and 2.0.0, in one folder";
    rejected(&bytes, "dependency-twice", says);
    let says = "Delete charts/common-1.0.0.tgz (Chart.lock has 2.0.0), and package again";
    rejected(&bytes, "dependency-twice", says);
    let says = "Delete charts/common-1.0.0.tgz or charts/common-2.0.0.tgz, and";
    rejected(&two_commons("", "1.0.0", "2.0.0").gzip(), "dependency-twice", says);
    let says = "1.0.0 twice, with different content";
    rejected(&two_commons("", "1.0.0", "1.0.0").gzip(), "dependency-twice", says);

    let nested = two_commons("charts/a/", "1.0.0", "2.0.0").file("demo/charts/a/Chart.yaml", chart("a", "1.0.0"));
    let nested = nested.file("demo/charts/a/requirements.lock", lock).gzip();
    let says = "Delete charts/a/charts/common-1.0.0.tgz (requirements.lock has 2.0.0)";
    rejected(&nested, "dependency-twice", says);
    let packed = Packer::chart().file("demo/charts/a-1.0.0.tgz", two_commons("", "1.0.0", "2.0.0").gzip());
    rejected(&packed.gzip(), "dependency", "charts/common-1.0.0.tgz or");
}

#[test]
fn of_a_path_that_is_published_twice_the_last_counts_as_for_helm() {
    let once = Packer::chart()
        .file("demo/charts/common/Chart.yaml", chart("common", "2.0.0"))
        .file("demo/charts/common/templates/a.yaml", "two");
    let once = read(&once.gzip(), &Limits::default()).unwrap();
    let twice = read_published(&two_commons("", "1.0.0", "2.0.0").gzip(), &Limits::default()).unwrap();
    assert_eq!(once.content_digest, twice.content_digest);

    let second = "name: demo\nversion: 2.0.0\n";
    let archive = Packer::new()
        .file(
            "demo/Chart.yaml",
            "apiVersion: v2\nname: demo\nversion: 1.0.0\nappVersion: \"7\"\n",
        )
        .file("demo/Chart.yaml", second);
    let archive = read_published(&archive.gzip(), &Limits::default()).unwrap();
    let found = (archive.metadata.version.as_str(), archive.metadata.app_version.as_str());
    assert_eq!(found, ("2.0.0", "7"), "the second is read on top of the first");
}

#[test]
fn archives_of_a_bare_tar_and_of_macos_are_accepted_as_by_helm() {
    let plain = read(&Packer::chart().gzip(), &Limits::default()).unwrap();
    let dotted = Packer::new()
        .entry("./", EntryType::Directory, 0o755, 1, b"")
        .file("./Chart.yaml", CHART);
    let archive = read(&dotted.gzip(), &Limits::default()).unwrap();
    assert_eq!(archive.content_digest, plain.content_digest);
    assert!(archive.warnings[0].contains("\".\""), "{:?}", archive.warnings);

    for beside in ["./._demo", "__MACOSX/._demo", "__MACOSX/demo/._Chart.yaml"] {
        let bytes = Packer::new()
            .file(beside, "attributes")
            .file("demo/Chart.yaml", CHART)
            .gzip();
        let archive = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(archive.warnings, Vec::<String>::new(), "{beside}");
    }
    rejected(
        &Packer::new().file("./demo/Chart.yaml", CHART).gzip(),
        "chart-yaml-elsewhere",
        "./demo/Chart.yaml",
    );
    rejected(
        &Packer::chart().file("._demo", "attributes").gzip(),
        "bad-path",
        "which is outside the chart's folder. The top level of the archive must be that folder",
    );
    let rendered = Packer::chart().file("demo/templates/._a.yaml", "\0").gzip();
    let archive = read(&rendered, &Limits::default()).unwrap();
    assert!(
        archive.warnings[0].contains("templates/._a.yaml"),
        "{:?}",
        archive.warnings
    );
}

#[test]
fn zeros_behind_the_gzip_stream_are_padding_and_all_else_is_damage() {
    let bytes = Packer::chart().gzip();
    let followed_by = |rest: &[u8]| [&bytes, rest].concat();
    for zeros in [1, 511, 512, 10_240] {
        assert!(
            read(&followed_by(&vec![0; zeros]), &Limits::default()).is_ok(),
            "{zeros}"
        );
    }
    assert!(read(&followed_by(&gzip(b"", Compression::fast())), &Limits::default()).is_ok());
    for other in [&b"x"[..], b"\0\0x", b"\x1f\x8b"] {
        rejected(&followed_by(other), "damaged", "damaged");
        assert!(
            read_published(&followed_by(other), &Limits::default()).is_ok(),
            "Helm reads no further"
        );
    }
    // Go's reader requires two blocks of zeros at the end of a tar archive, or none.
    let mut unmarked = Packer::chart().0.into_inner().unwrap();
    unmarked.truncate(unmarked.len() - 1024);
    let with = |blocks: &[u8]| gzip(&[&unmarked, blocks].concat(), Compression::fast());
    for end in [0, 512, 1024, 10_240] {
        assert!(read(&with(&vec![0; end]), &Limits::default()).is_ok(), "{end}");
    }
    let hidden = [vec![0; 512], Packer::chart().0.into_inner().unwrap()].concat();
    for read in [read, read_published] {
        assert_eq!(read(&with(&hidden), &Limits::default()).unwrap_err().code(), "damaged");
        assert_eq!(
            read(&[with(&[]), vec![0; 512]].concat(), &Limits::default())
                .unwrap_err()
                .code(),
            "damaged"
        );
    }
}

#[test]
fn paths_that_no_helm_loads_are_rejected() {
    for path in ["demo/..notes", "demo//templates/a.yaml", "demo/c:/x"] {
        let bytes = Packer::chart().file(path, "x").gzip();
        rejected(&bytes, "bad-path", "path");
        let error = read_published(&bytes, &Limits::default()).unwrap_err();
        assert!(error.stops_helm(), "{error}");
    }
    for path in ["demo/files/..notes", "demo/files/c:x", "demo/c:x"] {
        assert!(
            read(&Packer::chart().file(path, "x").gzip(), &Limits::default()).is_ok(),
            "{path}"
        );
    }
}

#[test]
fn what_helm_loads_although_no_upload_may_have_it_is_read_once_it_is_published() {
    let fifo = |packer: Packer| packer.entry("demo/pipe", EntryType::Fifo, 0o644, 1, b"");
    for packer in [
        Packer::chart().file("/etc/passwd", "x"),
        Packer::chart().file("demo/a/../b", "x"),
        Packer::chart().file("demo/a\nb", "x"),
        Packer::chart().file("other/b", "x"),
        Packer::chart().link("demo/a", "/etc/passwd"),
        Packer::chart().file("demo/large", vec![0; 6 << 20]),
        Packer::chart().entry("../", EntryType::Directory, 0o755, 1, b""),
        Packer::chart().file("demo/values.yaml", "- a"),
        fifo(Packer::chart()),
        Packer::new().file("demo/Chart.yaml", CHART.replace("v2", "v7")),
        Packer::new().file(
            "demo/Chart.yaml",
            format!("{CHART}dependencies: [{{name: a, version: 1.0.0}}]\n"),
        ),
    ] {
        let bytes = packer.gzip();
        assert!(read(&bytes, &Limits::default()).is_err());
        let archive = read_published(&bytes, &Limits::default()).unwrap();
        assert_eq!(archive.metadata.name, "demo");
    }
}

#[test]
fn dependencies_that_are_declared_have_to_be_there() {
    let declaring = |lines: &str| Packer::new().file("demo/Chart.yaml", format!("{CHART}{lines}"));
    let redis =
        "dependencies: [{name: redis, version: 17.x, repository: https://example.com, condition: redis.enabled}]\n";
    rejected(
        &declaring(redis).gzip(),
        "dependency-missing",
        "Chart.yaml declares a dependency that charts/ does not contain: \"redis\"",
    );
    rejected(
        &declaring(redis).gzip(),
        "dependency-missing",
        "helm package --dependency-update CHART_FOLDER",
    );
    // Helm compares names, and nothing else.
    let other_version = declaring(redis).file("demo/charts/x/Chart.yaml", chart("redis", "1.0.0"));
    assert!(read(&other_version.gzip(), &Limits::default()).is_ok());
    let packed = Packer::new().file("redis/Chart.yaml", chart("redis", "17.0.0")).gzip();
    let aliased = "dependencies: [{name: redis, version: 17.x, alias: cache}, {name: redis, version: 17.x}]\n";
    assert!(
        read(
            &declaring(aliased).file("demo/charts/redis-17.0.0.tgz", &packed).gzip(),
            &Limits::default()
        )
        .is_ok()
    );
    let hidden = declaring(redis).file("demo/charts/_redis/Chart.yaml", chart("redis", "17.0.0"));
    rejected(&hidden.gzip(), "dependency-missing", "redis");
    let old = declaring("").file("demo/requirements.yaml", redis);
    rejected(&old.gzip(), "dependency-missing", "requirements.yaml declares");
    // Helm does not require this of charts packed inside.
    let inner = format!("{}{redis}", chart("a", "1.0.0"));
    assert!(
        read(
            &declaring("").file("demo/charts/a/Chart.yaml", inner).gzip(),
            &Limits::default()
        )
        .is_ok()
    );
    let many: String = (0..12).map(|n| format!("{{name: d{n}, version: 1.0.0}}, ")).collect();
    rejected(
        &declaring(&format!("dependencies: [{many}]\n")).gzip(),
        "dependency-missing",
        "\"d9\" and 2 more",
    );
}

#[test]
fn files_that_helm_parses_have_to_be_readable_at_every_level() {
    let inner = |file: &str, text: &str| {
        let chart = Packer::new().file("a/Chart.yaml", chart("a", "1.0.0"));
        chart.file(&format!("a/{file}"), text).gzip()
    };
    for (file, text, code) in [
        ("values.yaml", "a: [\n", "values-unreadable"),
        ("values.yaml", "- a\n", "values-unreadable"),
        ("values.yaml", "a: 1\n---\nb: [\n", "values-unreadable"),
        ("Chart.lock", "<<<<<<< HEAD\n", "lock-unreadable"),
        ("Chart.lock", "generated: yesterday\n", "lock-unreadable"),
        ("requirements.lock", "dependencies: a\n", "lock-unreadable"),
    ] {
        rejected(&Packer::chart().file(&format!("demo/{file}"), text).gzip(), code, file);
        let folder = Packer::chart()
            .file("demo/charts/a/Chart.yaml", chart("a", "1.0.0"))
            .file(&format!("demo/charts/a/{file}"), text);
        rejected(&folder.gzip(), "dependency", file);
        let packed = Packer::chart().file("demo/charts/a-1.0.0.tgz", inner(file, text));
        rejected(&packed.gzip(), "dependency", "charts/a-1.0.0.tgz");
    }
    let schema = Packer::chart().file("demo/values.schema.json", "{").gzip();
    let archive = read(&schema, &Limits::default()).unwrap();
    assert!(
        archive.warnings[0].contains("values.schema.json"),
        "{:?}",
        archive.warnings
    );
}

#[test]
fn charts_packed_inside_may_be_of_any_api_version() {
    let inner = |text: &str| Packer::chart().file("demo/charts/a/Chart.yaml", text).gzip();
    assert!(read(&inner("apiVersion: v7\nname: a\nversion: 1.0.0\n"), &Limits::default()).is_ok());
    // A signature beside a packed chart is not one.
    let signed = Packer::chart()
        .file("demo/charts/a-1.0.0.tgz.prov", "x")
        .file("demo/charts/b/c.prov", "x");
    assert!(read(&signed.gzip(), &Limits::default()).is_ok());
    let folder = Packer::chart().file("demo/charts/a.tgz/Chart.yaml", chart("a", "1.0.0"));
    rejected(&folder.gzip(), "dependency", "charts/a.tgz");
}

#[test]
fn what_requirements_yaml_says_wrong_is_not_blamed_on_chart_yaml() {
    let with = |text: &str| Packer::chart().file("demo/requirements.yaml", text).gzip();
    let twice = "dependencies: [{name: a, version: 1.0.0}, {name: a, version: 2.0.0}]\n";
    rejected(&with(twice), "chart-yaml-invalid", "requirements.yaml is not valid");
    let alias = "dependencies: [{name: a, version: 1.0.0, alias: 'b c'}]\n";
    rejected(&with(alias), "chart-yaml-invalid", "requirements.yaml is not valid");
    let long = format!(
        "dependencies: [{{name: a, import-values: [{{{}: a}}]}}]\n",
        "x".repeat(600)
    );
    rejected(&with(&long), "long-name", "requirements.yaml cannot be listed");
    let own = Packer::new().file("demo/Chart.yaml", format!("{CHART}type: x\n"));
    rejected(
        &own.file("demo/requirements.yaml", alias).gzip(),
        "chart-yaml-invalid",
        "Chart.yaml is not valid",
    );
    let lossy = Packer::chart()
        .file("demo/charts/a/Chart.yaml", chart("a", "1.0.0"))
        .file("demo/requirements.yaml", "dependencies:\n- name: a\n  version: 1.10\n");
    let archive = read(&lossy.gzip(), &Limits::default()).unwrap();
    assert!(
        archive.warnings[0].starts_with("requirements.yaml: line 3: "),
        "{:?}",
        archive.warnings
    );
}

#[test]
fn sizes_are_bounded_before_they_cost_anything() {
    let huge = Limits::default().file_bytes + 1;
    let bytes = Packer::chart()
        .file("demo/big", vec![0; usize::try_from(huge).unwrap()])
        .gzip();
    rejected(&bytes, "file-too-large", "demo");
    let many = (0..25).fold(Packer::chart(), |packer, n| {
        packer.file(&format!("demo/{n}"), vec![0; 5 << 20])
    });
    rejected(&many.gzip(), "unpacked-too-large", "more than 100 MiB");
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
fn headers_that_claim_nonsense_are_rejected() {
    let mut header = Header::new_gnu();
    header.set_path("demo/big").unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(u64::MAX / 2);
    header.set_cksum();
    let mut packer = Packer::chart();
    packer.0.get_mut().extend_from_slice(header.as_bytes());
    rejected(
        &gzip(packer.0.get_ref(), Compression::fast()),
        "file-too-large",
        "the limit is 5 MiB",
    );

    let record = b"20 size=99999999999\n";
    let pax = Packer::chart()
        .entry("PaxHeader", EntryType::XHeader, 0o644, 1, record)
        .file("demo/a", "x");
    rejected(&pax.gzip(), "bad-headers", "pax");
    let long = vec![b'a'; 2 << 20];
    let gnu = Packer::chart()
        .entry("././@LongLink", EntryType::GNULongName, 0o644, 1, &long)
        .file("demo/a", "x");
    rejected(&gnu.gzip(), "bad-headers", "1 MiB");
    rejected(
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
fn a_name_that_is_long_in_the_index_is_rejected_wherever_it_stands() {
    let importing = |value: String| {
        let dependency = "name: a, version: 1.0.0, repository: 'https://example.com'";
        format!("dependencies: [{{{dependency}, import-values: [{value}]}}]\n")
    };
    let annotation = |name: String| format!("annotations: {{\"{name}\": a}}\n");
    let with = |lines: String| {
        let packer = Packer::new().file("demo/Chart.yaml", format!("{CHART}{lines}"));
        packer.file("demo/charts/a/Chart.yaml", chart("a", "1.0.0")).gzip()
    };
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
            rejected(&with(lines), "long-name", "512 bytes");
        }
    }
    let nested = |depth: usize| importing("[".repeat(depth) + &"]".repeat(depth));
    assert!(read(&with(nested(32)), &Limits::default()).is_ok());
    rejected(&with(nested(33)), "deep-value", "32 levels deep");
}

/// A few hundred bytes of `Chart.yaml` packed may take a quarter of a megabyte of an index that
/// every client downloads.
#[test]
fn an_entry_is_bounded_in_the_form_that_needs_more_unless_it_is_published_already() {
    let with = |lines: &str| Packer::new().file("demo/Chart.yaml", format!("{CHART}{lines}")).gzip();
    let keywords = |count: usize| format!("keywords: [{}]\n", vec!["a"; count].join(","));
    let description = |length: usize| format!("description: {}\n", "x".repeat(length));
    for good in [keywords(8_000), description(65_000)] {
        assert!(read(&with(&good), &Limits::default()).is_ok());
    }
    for (bad, field) in [
        (keywords(8_300), "`keywords`"),
        (keywords(49_000), "`keywords`"),
        (description(66_000), "`description`"),
        (
            format!("annotations: {{a: \"{}\"}}\n", "\\x01".repeat(12_000)),
            "`annotations`",
        ),
    ] {
        let bytes = with(&bad);
        rejected(&bytes, "entry-too-large", field);
        let archive = read(&bytes, &Limits::of_published()).unwrap();
        assert!(archive.listed_bytes > 64 * 1024, "{}", archive.listed_bytes);
    }
    let inside = Packer::chart()
        .file("demo/charts/dep/Chart.yaml", format!("{CHART}{}", keywords(20_000)))
        .gzip();
    assert!(read(&inside, &Limits::default()).is_ok(), "it is in no entry");
    let large = format!("{CHART}# {}\n", "x".repeat(300_000));
    let large = Packer::new().file("demo/Chart.yaml", large).gzip();
    rejected(&large, "metadata-too-large", "Chart.yaml");
    assert!(read(&large, &Limits::of_published()).is_ok());
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
    rejected(&broken, "dependency", "charts/dep-1.0.0.tgz");
    let nameless = Packer::chart()
        .file("demo/charts/dep/Chart.yaml", "apiVersion: v2\nversion: 1.0.0\n")
        .gzip();
    rejected(&nameless, "dependency", "charts/dep");
    let nested = (0..8).fold(inner, |inner, _| {
        Packer::chart().file("demo/charts/a.tgz", inner).gzip()
    });
    rejected(&nested, "dependency", "deep");
}

#[test]
fn packed_charts_are_bounded_together() {
    let junk = vec![0; 5 << 20];
    let many = (0..6).fold(Packer::chart(), |packer, n| {
        packer.file(&format!("demo/charts/{n}.tgz"), &junk)
    });
    rejected(&many.gzip(), "dependencies-too-large", "in total");
}

#[test]
fn dependencies_of_an_old_chart_come_from_its_requirements() {
    let old = "apiVersion: v1\nname: demo\nversion: 1.0.0\n";
    let requirements = "dependencies:\n- name: redis\n  version: 1.x\n  repository: https://example.com\n";
    let bytes = Packer::new()
        .file("demo/Chart.yaml", old)
        .file("demo/requirements.yaml", requirements)
        .file("demo/charts/redis/Chart.yaml", chart("redis", "1.0.0"))
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
