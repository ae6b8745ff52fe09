//! A Lambda function that does nothing. Built as Chartdrop's functions are, it is what their start
//! is compared with (`cargo run --release -p tests --bin measure-functions`). Nobody deploys it.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(event.payload)
    }))
    .await
}
