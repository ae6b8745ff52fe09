//! `cargo run -p local`: see [`local::cli`].

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    local::cli::main().await
}
