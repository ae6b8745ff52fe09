//! Commands in the docs work as they are printed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tests::program::workspace;

/// Each page, with its name.
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

/// The commands of a page that hold these words, each in one line.
fn commands(page: &str, words: &str) -> Vec<String> {
    let joined = page.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| line.contains(words));
    lines.map(str::to_owned).collect()
}

/// No function is called publish-chart where the template is deployed: CloudFormation makes its
/// name.
#[test]
fn a_function_is_invoked_by_the_name_that_the_stack_tells() {
    let mut seen = 0;
    for (page, text) in pages() {
        for command in commands(&text, "--function-name") {
            assert!(command.contains("--function-name \"$(out "), "{page}: {command}");
            seen += 1;
        }
        // The answer would be mixed with what the AWS CLI says about the call.
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

/// A copy from a bucket keeps its headers, whatever is said beside.
/// <https://docs.aws.amazon.com/cli/latest/reference/s3/sync.html>
#[test]
fn headers_that_a_copy_is_given_take_effect() {
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

/// `gh` accepts a signer in another repository than the image's only if it is named (cli/cli#9045).
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

/// The tag of an immutable release cannot be moved, and nothing can be added to it.
#[test]
fn nobody_is_told_to_change_a_release() {
    for (page, text) in pages() {
        for forbidden in ["git tag -f", "git tag --force", "gh release upload"] {
            assert!(!text.contains(forbidden), "{page}: {forbidden}");
        }
    }
}

/// GitHub has two formats of subjects, and neither of them is made of numbers alone.
#[test]
fn the_subject_is_one_that_there_is() {
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

/// Files move, and pages that name them stay behind.
#[test]
fn every_path_that_a_page_names_is_there() {
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
            // Of a pattern, the part before its first star.
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
