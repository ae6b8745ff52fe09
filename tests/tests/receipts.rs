//! A receipt tells of one upload, not of a file name.

use tests::faults::NoEvents;
use tests::system::next_second;
use tests::{ChartArchive, Chartdrop, events};

/// The ETag of what lies under this key now.
fn etag(chartdrop: &Chartdrop, key: &str) -> String {
    chartdrop.object(key).expect("uploaded").etag.clone()
}

#[tokio::test]
async fn the_same_file_name_uploaded_again_gets_its_own_outcome() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    let chart = ChartArchive::new("demo", "1.0.0");
    let uploads = [
        (chart.clone(), "published"),
        (chart.clone().file("other.txt", "other"), "rejected"),
        (chart, "unchanged"),
    ];
    for (upload, outcome) in uploads {
        let key = chartdrop.upload(&upload);
        let etag = etag(&chartdrop, &key);
        chartdrop.sweep().await;
        let receipt = chartdrop.receipt(&key);
        assert_eq!(
            (&receipt["outcome"], &receipt["uploadEtag"]),
            (&outcome.into(), &etag.into())
        );
        // The first and the last upload have the same bytes: their times tell them apart, in whole seconds.
        next_second().await;
    }
}

#[tokio::test]
async fn a_late_event_of_the_first_upload_cannot_speak_for_the_second() {
    let chartdrop = Chartdrop::with_faults(NoEvents("publish-chart")).await;
    let first = ChartArchive::new("demo", "1.0.0");
    let key = chartdrop.upload(&first);
    let event_of = |etag: &str| {
        let mut event = events::s3_put(chartdrop.system.bucket_name(), &[&key]);
        event["Records"][0]["s3"]["object"]["eTag"] = etag.into();
        event
    };
    let first_etag = etag(&chartdrop, &key);
    let first_event = event_of(&first_etag);
    chartdrop.run(&first_event).await;
    assert_eq!(chartdrop.receipt(&key)["uploadEtag"], first_etag);

    // Before the second upload's own event: what is recorded is the second upload's outcome, with its ETag.
    chartdrop.upload(&first.file("other.txt", "other"));
    let second_etag = etag(&chartdrop, &key);
    chartdrop.run(&first_event).await;
    let receipt = chartdrop.receipt(&key);
    assert_eq!(
        (&receipt["outcome"], &receipt["uploadEtag"]),
        (&"rejected".into(), &second_etag.clone().into())
    );

    // After it: both events find nothing to say.
    for event in [first_event, event_of(&second_etag)] {
        chartdrop.run(&event).await;
        assert_eq!(chartdrop.receipt(&key), receipt);
    }
}
