//! The faults that tests can inject between a function and S3.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use local::faults::{Faults, RequestSeen, S3Fault, When};
use local::{Options, System};

use crate::support::{code, s3, s3_as, start};

/// The second request of publish-chart meets this fault.
struct Second(S3Fault);

impl Faults for Second {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let meant = request.function.as_deref() == Some("publish-chart") && request.number == 2;
        if meant { self.0.clone() } else { S3Fault::None }
    }
}

async fn with(fault: S3Fault) -> System {
    start(Options {
        notifications: false,
        faults: Arc::new(Second(fault)),
        ..Options::default()
    })
    .await
}

/// Writes `one` and `two` as publish-chart. Returns the result of the second write.
async fn write_twice(
    system: &System,
) -> Result<(), aws_sdk_s3::error::SdkError<aws_sdk_s3::operation::put_object::PutObjectError>> {
    let client = s3_as(system, "LOCAL-publish-chart");
    let put = |key: &str| {
        client
            .put_object()
            .bucket("chartdrop-local")
            .key(key)
            .body(ByteStream::from_static(b"x"))
    };
    put("receipts/one").send().await.unwrap();
    // Other clients never meet faults.
    s3(system)
        .head_object()
        .bucket("chartdrop-local")
        .key("receipts/one")
        .send()
        .await
        .unwrap();
    put("receipts/two").send().await.map(|_| ())
}

#[tokio::test]
async fn a_fault_can_make_a_request_fail_before_or_after_its_effect() {
    for (when, kept) in [(When::Before, false), (When::After, true)] {
        let system = with(S3Fault::Fail(when, 503, "SlowDown")).await;
        assert_eq!(code(write_twice(&system).await), "SlowDown");
        assert_eq!(system.store().get("receipts/two").is_some(), kept, "{when:?}");
        let log: Vec<u16> = system.s3_requests().iter().map(|request| request.status).collect();
        assert_eq!(log, [200, 503]);
    }
}

#[tokio::test]
async fn a_fault_can_close_the_connection_before_or_after_the_effect() {
    for (when, kept) in [(When::Before, false), (When::After, true)] {
        let system = with(S3Fault::Disconnect(when)).await;
        let error = write_twice(&system).await.unwrap_err();
        assert!(error.as_service_error().is_none(), "no answer comes: {error:?}");
        assert_eq!(system.store().get("receipts/two").is_some(), kept, "{when:?}");
    }
}

#[tokio::test]
async fn a_fault_can_delay_an_answer() {
    let system = with(S3Fault::Delay(When::Before, Duration::from_millis(300))).await;
    let started = Instant::now();
    write_twice(&system).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_fault_can_cause_the_conflict_that_the_single_lock_rules_out() {
    let system = with(S3Fault::Fail(When::Before, 409, "ConditionalRequestConflict")).await;
    assert_eq!(code(write_twice(&system).await), "ConditionalRequestConflict");
}
