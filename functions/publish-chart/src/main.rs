//! The process of the Lambda function.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match publish_chart::serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Printed with `Display`: an error returned from `main` would be printed with `Debug`.
            eprintln!("publish-chart can't start: {error}");
            ExitCode::FAILURE
        }
    }
}
