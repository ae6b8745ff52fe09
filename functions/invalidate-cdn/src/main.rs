//! The Lambda function's process.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match invalidate_cdn::serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // In words: what `main` returned as an error would be shown as Rust's debug text.
            eprintln!("invalidate-cdn can't start: {error}");
            ExitCode::FAILURE
        }
    }
}
