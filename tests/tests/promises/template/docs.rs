//! The commands in the docs work as printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tests::program::workspace;

/// Every page, with its name.
fn pages() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "local/README.md"]
        .map(|page| workspace().join(page))
        .into();
    let docs = std::fs::read_dir(workspace().join("docs")).expect("a folder");
    files.extend(docs.map(|entry| entry.expect("a file").path()));
    let pages = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "md"));
    pages
        .map(|file| {
            let text = std::fs::read_to_string(&file).expect("text");
            (file.display().to_string(), text)
        })
        .collect()
}

/// The commands in a page that contain these words, each joined into one line.
fn commands(page: &str, words: &str) -> Vec<String> {
    let joined = page.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| line.contains(words));
    lines.map(str::to_owned).collect()
}

/// In a deployment, no function is called publish-chart: CloudFormation generates the name.
#[test]
fn functions_are_invoked_by_the_names_in_the_outputs() {
    let mut seen = 0;
    for (page, text) in pages() {
        for command in commands(&text, "--function-name") {
            assert!(command.contains("--function-name \"$(out "), "{page}: {command}");
            seen += 1;
        }
        // The answer would be mixed with the output of the AWS CLI.
        assert!(!text.contains("/dev/stdout"), "{page}");
        assert!(
            commands(&text, "aws lambda invoke --")
                .iter()
                .all(|command| command.contains("--cli-read-timeout")),
            "{page}: after a minute the CLI would invoke the function once more"
        );
    }
    assert!(seen > 1, "{seen}");
}

/// A copy from a bucket keeps its headers unless `--metadata-directive REPLACE` is given.
/// <https://docs.aws.amazon.com/cli/latest/reference/s3/sync.html>
#[test]
fn headers_for_a_copy_take_effect() {
    let mut seen = 0;
    for (page, text) in pages() {
        for command in commands(&text, "aws s3 ") {
            let says = ["--content-type", "--cache-control", "--metadata "];
            let from_a_bucket = command.contains("OLD") || command.matches("s3://").count() > 1;
            if from_a_bucket && says.iter().any(|option| command.contains(option)) {
                assert!(command.contains("--metadata-directive REPLACE"), "{page}: {command}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 3);
}

/// If the signer is in another repository than the image, `gh` accepts it only by name
/// (cli/cli#9045).
#[test]
fn an_attestation_is_verified_with_its_signer() {
    let mut seen = 0;
    for (page, text) in pages() {
        for command in commands(&text, "gh attestation verify oci://") {
            assert!(command.contains("--signer-workflow "), "{page}: {command}");
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
}

/// The tag of an immutable release cannot be moved, and no files can be added.
#[test]
fn no_page_recommends_changing_a_release() {
    for (page, text) in pages() {
        for forbidden in ["git tag -f", "git tag --force", "gh release upload"] {
            assert!(!text.contains(forbidden), "{page}: {forbidden}");
        }
    }
}

/// GitHub has two formats of subjects; neither consists of numbers alone.
#[test]
fn every_subject_has_a_format_of_github() {
    let formats = [
        "repo:OWNER/REPO:",
        "repo:OWNER@OWNER_ID/REPO@REPO_ID:",
        "repo:\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id):",
    ];
    let files = ["template.yaml", "samconfig.toml"].map(|file| {
        let text = std::fs::read_to_string(workspace().join(file)).expect("text");
        (file.to_owned(), text)
    });
    for (file, text) in pages().into_iter().chain(files) {
        for (at, _) in text.match_indices("repo:") {
            let subject = &text[at..];
            let known = formats.iter().any(|format| subject.starts_with(format));
            assert!(
                known || subject.starts_with("repo:(["),
                "{file}: {}",
                subject.lines().next().unwrap_or_default()
            );
        }
    }
}

/// Pages must not name files that have moved.
#[test]
fn every_path_in_a_page_exists() {
    const TOP: [&str; 8] = [
        ".ci/",
        ".github/",
        "docs/",
        "examples/",
        "functions/",
        "local/",
        "shared/",
        "tests/",
    ];
    let mut seen = 0;
    for (page, text) in pages() {
        let quoted = text.split('`').skip(1).step_by(2);
        let paths = quoted.filter(|quoted| TOP.iter().any(|top| quoted.starts_with(top)) && !quoted.contains(' '));
        for path in paths {
            // For a pattern, the part before its first star is checked.
            let fixed = path.split_once('*').map_or(path, |(fixed, _)| fixed);
            let fixed = fixed
                .rsplit_once('/')
                .filter(|_| fixed != path)
                .map_or(fixed, |(folder, _)| folder);
            assert!(workspace().join(fixed).exists(), "{page}: {path}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} paths");
}

/// A page that no other page leads to is not read.
#[test]
fn every_document_is_two_clicks_from_the_readme() {
    let readme = workspace().join("README.md").canonicalize().expect("a README");
    let mut reached = BTreeSet::from([readme.clone()]);
    let mut newest = vec![readme];
    for _click in 0..2 {
        let found: BTreeSet<PathBuf> = newest.iter().flat_map(|page| linked_pages(page)).collect();
        newest = found.difference(&reached).cloned().collect();
        reached.extend(found);
    }
    for (page, _) in pages() {
        let page = Path::new(&page).canonicalize().expect("a page");
        assert!(reached.contains(&page), "{} is too far away", page.display());
    }
}

/// The pages of this tree that a page links to, inline or by a reference.
fn linked_pages(page: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(page).expect("text");
    let folder = page.parent().expect("a folder");
    let targets = text.split("](").chain(text.split("]: ")).skip(1);
    let files = targets.filter_map(|target| target.split([')', '#', ' ', '\n']).next());
    files
        .filter(|file| file.ends_with(".md"))
        .filter_map(|file| folder.join(file).canonicalize().ok())
        .collect()
}

/// Somebody who decides within five minutes reads no more.
#[test]
fn the_readme_is_short() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("text");
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
    for line in readme.lines() {
        assert!(line.chars().count() <= 100 || line.contains("]: http"), "{line}");
    }
    let mut rows = 0;
    for line in readme.lines() {
        rows = if line.starts_with('|') { rows + 1 } else { 0 };
        // The heading and the line below it are not rows of the table.
        assert!(rows <= 12, "a table has more than ten rows: {line}");
    }
}
