//! The Lambda function's process.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    invalidate_cdn::serve().await
}
