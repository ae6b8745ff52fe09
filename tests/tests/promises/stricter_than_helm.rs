//! `docs/stricter-than-helm.md` lists exactly the differences that the comparison with Helm allows.

use tests::program::workspace;
use tests::verdicts::allowed;

#[test]
fn the_docs_have_the_table_of_allowed_differences() {
    let page = std::fs::read_to_string(workspace().join("docs/stricter-than-helm.md")).expect("the page");
    let table: String = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(
        table,
        allowed::markdown(),
        "run `cargo run -p tests --bin compare-verdicts -- --allowed` and put what it prints into the page"
    );
}
