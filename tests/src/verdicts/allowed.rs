//! The intended differences between Chartdrop and Helm, each with its reason.

use std::fmt::Write as _;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// The classes of difference that it allows (see [`Difference`](super::Difference)).
    pub classes: &'static [&'static str],
    /// The content of the file.
    pub what: &'static str,
    /// What Helm 3 does with it.
    pub helm3: &'static str,
    /// What Helm 4 does with it.
    pub helm4: &'static str,
    /// What Chartdrop does with it.
    pub chartdrop: &'static str,
    /// The reason.
    pub why: &'static str,
}

/// The whole table.
pub const ALLOWED: &[Allowed] = &[
    Allowed {
        classes: &["archive: path-twice", "archive: dependency-twice"],
        what: "the same path twice with different content; `helm package` makes such archives if `charts/` has a dependency twice",
        helm3: "loads a mix of the two",
        helm4: "loads a mix of the two",
        chartdrop: "rejects an upload (`path-twice`, `dependency-twice`), reads a published archive",
        why: "which file counts depends on the unpacker; the message names both versions and the file to delete",
    },
    Allowed {
        classes: &["archive: bad-path"],
        what: "a path that is absolute, contains `..`, both separators or control characters, begins with a drive letter, is not UTF-8, or is longer than 1,024 bytes",
        helm3: "loads it as a path in the chart",
        helm4: "loads it as a path in the chart",
        chartdrop: "rejects an upload (`bad-path`), reads a published archive",
        why: "other unpackers leave the chart's folder with it, or show another name",
    },
    Allowed {
        classes: &["archive: link-leaves"],
        what: "a link to a file outside the chart",
        helm3: "loads an empty file",
        helm4: "loads an empty file",
        chartdrop: "rejects an upload (`link-leaves`), reads a published archive",
        why: "other unpackers follow it, and the chart lacks the intended file",
    },
    Allowed {
        classes: &["archive: not-a-file"],
        what: "a device or a pipe",
        helm3: "loads an empty file",
        helm4: "loads an empty file",
        chartdrop: "rejects an upload (`not-a-file`), reads a published archive",
        why: "no chart needs one, and an unpacker running as root creates it",
    },
    Allowed {
        classes: &["archive: bad-headers", "published: bad-headers"],
        what: "sparse files, and sizes in pax headers",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`bad-headers`)",
        why: "unpackers disagree on the end of such a file; `helm package` does not write any",
    },
    Allowed {
        classes: &["archive: two-charts"],
        what: "two folders at the top level, apart from those that macOS adds (`./._NAME`, `__MACOSX/`)",
        helm3: "loads all files as one chart",
        helm4: "loads all files as one chart",
        chartdrop: "rejects an upload (`two-charts`), reads a published archive",
        why: "users would install a mix of two charts",
    },
    Allowed {
        classes: &["archive: damaged"],
        what: "bytes other than zeros after the gzip stream",
        helm3: "ignores them",
        helm4: "ignores them",
        chartdrop: "rejects an upload (`damaged`), reads a published archive",
        why: "no reader looks at these bytes, so their meaning is unknown",
    },
    Allowed {
        classes: &["archive: file-name"],
        what: "a file name other than `NAME-VERSION.tgz`",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`file-name`), reads a published archive",
        why: "the file name identifies the published archive; two charts could claim the same name",
    },
    Allowed {
        classes: &["archive: chart-yaml-unreadable", "published: chart-yaml-unreadable"],
        what: "U+0085, U+2028 or U+2029 outside single quotes, a byte order mark or a lone carriage return inside `Chart.yaml`",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`chart-yaml-unreadable`)",
        why: "YAML parsers disagree on its meaning",
    },
    Allowed {
        classes: &["archive: long-name", "published: long-name"],
        what: "the name of an annotation is longer than 512 bytes",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`long-name`)",
        why: "many YAML parsers reject keys longer than 1,024 bytes, and with them the whole index",
    },
    Allowed {
        classes: &["archive: metadata-too-large"],
        what: "a `Chart.yaml` larger than 256 KiB",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`metadata-too-large`), reads a published archive",
        why: "limits what an upload costs",
    },
    Allowed {
        classes: &["archive: entry-too-large"],
        what: "metadata that needs more than 64 KiB in an index",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`entry-too-large`), reads a published archive",
        why: "every client downloads it with the index; the largest known entry has 32,497 bytes",
    },
    Allowed {
        classes: &["archive: too-many-entries", "published: too-many-entries"],
        what: "more than 20,000 files",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`too-many-entries`)",
        why: "limits what an upload costs",
    },
    Allowed {
        classes: &["archive: too-nested", "published: too-nested"],
        what: "archives within archives in `charts/`, more than four levels deep",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects it (`too-nested`)",
        why: "limits what an upload costs",
    },
    Allowed {
        classes: &["archive: unpacked-too-large", "published: unpacked-too-large"],
        what: "files of nearly 100 MiB in total, and more than 100 MiB with the tar headers",
        helm3: "loads it: it does not count the headers",
        helm4: "loads it: it does not count the headers",
        chartdrop: "rejects it (`unpacked-too-large`)",
        why: "limits what an upload costs; headers cost memory as well",
    },
    Allowed {
        classes: &["archive: too-large"],
        what: "an archive larger than 20 MiB",
        helm3: "loads it",
        helm4: "loads it",
        chartdrop: "rejects an upload (`too-large`) beyond `MAX_CHART_BYTES`, reads a published archive",
        why: "the function holds the archive in memory",
    },
];

/// The row that allows this class of difference.
pub fn allows(class: &str) -> Option<&'static Allowed> {
    ALLOWED.iter().find(|allowed| allowed.classes.contains(&class))
}

/// The table in `docs/stricter-than-helm.md`.
pub fn markdown() -> String {
    let mut text = String::from("| what | Helm 3 | Helm 4 | Chartdrop | why |\n| --- | --- | --- | --- | --- |\n");
    for Allowed {
        what,
        helm3,
        helm4,
        chartdrop,
        why,
        ..
    } in ALLOWED
    {
        writeln!(text, "| {what} | {helm3} | {helm4} | {chartdrop} | {why} |").expect("memory takes all writes");
    }
    text
}
