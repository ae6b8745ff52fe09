//! Chartdrop's verdict is that of both Helms, except for the differences in
//! `docs/stricter-than-helm.md`.

use std::collections::BTreeSet;

use tempfile::TempDir;
use tests::verdicts::allowed::ALLOWED;
use tests::verdicts::summary::Summary;
use tests::verdicts::{Judge, Programs, corpus};

#[test]
fn chartdrop_differs_from_helm_exactly_as_documented() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut judge = Judge::start(&Programs::from_environment());
    let mut summary = Summary::default();
    for (path, kind) in corpus::write(folder.path()) {
        summary.add(judge.compare(&path, kind));
    }
    assert!(summary.is_as_documented(), "{summary}");
    // Every row still has a difference.
    let found: BTreeSet<&str> = summary.classes().collect();
    let documented: BTreeSet<&str> = ALLOWED.iter().flat_map(|allowed| allowed.classes).copied().collect();
    assert_eq!(found, documented, "{summary}");
}
