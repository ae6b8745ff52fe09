//! Chartdrop's verdict is that of both Helms, but for what `docs/stricter-than-helm.md` says.

use std::collections::BTreeSet;

use tempfile::TempDir;
use tests::verdicts::allowed::ALLOWED;
use tests::verdicts::summary::Summary;
use tests::verdicts::{Judge, Programs, corpus};

#[test]
fn chartdrop_differs_from_helm_in_what_is_documented_and_in_nothing_else() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut judge = Judge::start(&Programs::from_environment());
    let mut summary = Summary::default();
    for (path, kind) in corpus::write(folder.path()) {
        summary.add(judge.compare(&path, kind));
    }
    assert!(summary.is_as_documented(), "{summary}");
    // A difference that is gone has no row any more.
    let found: BTreeSet<&str> = summary.classes().collect();
    let documented: BTreeSet<&str> = ALLOWED.iter().flat_map(|allowed| allowed.classes).copied().collect();
    assert_eq!(found, documented, "{summary}");
}
