//! `cargo run -p local`: see [`local::run::cli`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    local::run::cli::main().await
}
