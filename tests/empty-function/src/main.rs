//! A Lambda function that does nothing. It is built like Chartdrop's functions, and
//! `cargo run --release -p tests --bin measure-functions` compares their start time with it. It is
//! never deployed.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(event.payload)
    }))
    .await
}
