//! Prints the tables of `docs/costs.md`, with the prices in `docs/prices.json` or in another file.
//!
//! ```sh
//! cargo run -p tests --bin costs [-- PRICES.json]
//! ```

use std::path::PathBuf;

use tests::costs::{Prices, markdown};
use tests::program::workspace;

fn main() {
    let named = std::env::args_os().nth(1).map(PathBuf::from);
    let file = named.unwrap_or_else(|| workspace().join("docs/prices.json"));
    let prices = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    print!("{}", markdown(&Prices::read(&prices)));
}
