//! The archives, generated: none costs more to make than to read.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compress, Compression, FlushCompress};
use tar::{EntryType, Header};

/// One hostile archive.
pub(crate) struct Case {
    /// In words.
    pub(crate) what: &'static str,
    /// How it must be rejected.
    pub(crate) code: &'static str,
    /// Makes it.
    pub(crate) bytes: fn() -> Vec<u8>,
}

const MIB: usize = 1 << 20;
const CHART: &str = "apiVersion: v2\nname: demo\nversion: 1.0.0\n";

/// All of them.
pub(crate) const CASES: &[Case] = &[
    Case {
        what: "10 GiB of zeros in 10 MiB of gzip",
        code: "unpacked-too-large",
        bytes: || gzip(&[(&[0; MIB], 10 * 1024)]),
    },
    Case {
        what: "a file of 10 GiB in the chart",
        code: "file-too-large",
        bytes: || {
            gzip(&[
                (&chart(), 1),
                (&header("demo/big", EntryType::Regular, 10 << 30), 1),
                (&[0; MIB], 10 * 1024),
            ])
        },
    },
    Case {
        what: "a million entries",
        code: "too-many-entries",
        bytes: || {
            let thousand: Vec<u8> = (0..1000)
                .flat_map(|number| header(&format!("demo/{number}"), EntryType::Regular, 0))
                .collect();
            gzip(&[(&chart(), 1), (&thousand, 1000)])
        },
    },
    Case {
        what: "a million folders",
        code: "too-many-entries",
        bytes: || {
            let thousand: Vec<u8> = (0..1000)
                .flat_map(|number| header(&format!("demo/{number}/"), EntryType::Directory, 0))
                .collect();
            gzip(&[(&chart(), 1), (&thousand, 1000)])
        },
    },
    Case {
        what: "a tar header that claims 2^63 bytes",
        code: "file-too-large",
        bytes: || gzip(&[(&chart(), 1), (&header("demo/big", EntryType::Regular, 1 << 63), 1)]),
    },
    Case {
        what: "a Chart.yaml that claims 2^63 bytes",
        code: "file-too-large",
        bytes: || gzip(&[(&header("demo/Chart.yaml", EntryType::Regular, 1 << 63), 1)]),
    },
    Case {
        what: "a folder that claims 2^63 bytes",
        code: "damaged",
        bytes: || gzip(&[(&chart(), 1), (&header("demo/x/", EntryType::Directory, 1 << 63), 1)]),
    },
    Case {
        what: "a sparse entry",
        code: "bad-headers",
        bytes: || gzip(&[(&chart(), 1), (&header("demo/big", EntryType::GNUSparse, 0), 1)]),
    },
    Case {
        what: "a sparse entry in a pax record",
        code: "bad-headers",
        bytes: || {
            let record = block(b"22 GNU.sparse.major=1\n");
            gzip(&[(&chart(), 1), (&header("pax", EntryType::XHeader, 22), 1), (&record, 1)])
        },
    },
    Case {
        what: "a pax header of 100 MiB",
        code: "bad-headers",
        bytes: || gzip(&[(&header("pax", EntryType::XHeader, 100 << 20), 1), (&[b'x'; MIB], 100)]),
    },
    Case {
        what: "a long name of 100 MiB",
        code: "bad-headers",
        bytes: || {
            gzip(&[
                (&header("name", EntryType::GNULongName, 100 << 20), 1),
                (&[b'x'; MIB], 100),
            ])
        },
    },
    Case {
        what: "a Chart.yaml with a million aliases",
        code: "metadata-too-large",
        bytes: || chart_with(&format!("a: &a x\nb: [{}]\n", "*a,".repeat(1_000_000))),
    },
    Case {
        what: "a Chart.yaml with aliases of aliases, a thousand million in all",
        code: "chart-yaml-unreadable",
        bytes: || {
            let lines =
                (1..10).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10)));
            chart_with(&format!("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n{}", lines.collect::<String>()))
        },
    },
    Case {
        what: "a Chart.yaml of 100,000 levels in brackets",
        code: "chart-yaml-unreadable",
        bytes: || chart_with(&format!("a: {}", "[".repeat(100_000))),
    },
    Case {
        what: "a Chart.yaml of 100,000 levels in dashes",
        code: "chart-yaml-unreadable",
        bytes: || chart_with(&format!("a:\n  {}x\n", "- ".repeat(100_000))),
    },
];

fn chart() -> Vec<u8> {
    file("demo/Chart.yaml", CHART)
}

/// A chart that is read to its end, so that its checksum counts.
fn chart_with(lines: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let tar = [file("demo/Chart.yaml", &format!("{CHART}{lines}")), vec![0; 1024]].concat();
    gzip.write_all(&tar).expect("memory takes all writes");
    gzip.finish().expect("memory takes all writes")
}

fn file(path: &str, text: &str) -> Vec<u8> {
    let mut bytes = header(path, EntryType::Regular, text.len() as u64);
    bytes.extend(block(text.as_bytes()));
    bytes
}

fn header(path: &str, kind: EntryType, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_path(path).expect("a short path");
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn block(bytes: &[u8]) -> Vec<u8> {
    let mut block = bytes.to_vec();
    block.resize(bytes.len().next_multiple_of(512), 0);
    block
}

/// A gzip file of parts, each repeated. After a full flush nothing refers to what was before, so
/// the compressed form can be repeated instead of the part. The checksum at the end is none: no
/// reader may get there.
fn gzip(parts: &[(&[u8], usize)]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    for (part, times) in parts {
        let mut deflate = Compress::new(Compression::best(), false);
        let mut packed = Vec::with_capacity(part.len() + 1024);
        deflate
            .compress_vec(part, &mut packed, FlushCompress::Full)
            .expect("memory takes all writes");
        for _ in 0..*times {
            file.extend_from_slice(&packed);
        }
    }
    // The last block, empty.
    file.extend_from_slice(&[3, 0]);
    let length = parts.iter().map(|(part, times)| part.len() * times).sum::<usize>();
    file.extend_from_slice(&0u32.to_le_bytes());
    // Modulo 2^32, as the format has it.
    let length = u32::try_from(length % (1 << 32)).unwrap_or_default();
    file.extend_from_slice(&length.to_le_bytes());
    file
}
