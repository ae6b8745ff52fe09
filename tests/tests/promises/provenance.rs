//! Provenance files are checked, created and published (`PROVENANCE`).

use std::collections::BTreeMap;
use std::sync::Arc;

use chartdrop::provenance::Keyring;
use local::Options;
use serde_json::{Value, json};
use tests::faults::NoEvents;
use tests::keys::Key;
use tests::{ChartArchive, Chartdrop};

/// Starts the system with these settings and this secret.
async fn start(mode: &str, wait: &str, secret: String) -> Chartdrop {
    Chartdrop::with_secret(&[("PROVENANCE", mode), ("PROVENANCE_WAIT", wait)], secret).await
}

/// The same, with events that never arrive: only a sweep publishes.
async fn start_without_events(mode: &str, secret: String) -> Chartdrop {
    Chartdrop::with(Options {
        settings: BTreeMap::from([("PROVENANCE".to_owned(), mode.to_owned())]),
        secret: Some(secret),
        faults: Arc::new(NoEvents("publish-chart")),
        ..Options::default()
    })
    .await
}

fn demo() -> ChartArchive {
    ChartArchive::new("demo", "1.0.0")
}

fn put_provenance(chartdrop: &Chartdrop, chart: &ChartArchive, text: impl Into<Vec<u8>>) {
    chartdrop.put(&format!("staging/{}.prov", chart.file_name()), text);
}

/// Asserts that the provenance file is published next to its archive, and nothing is left in
/// staging.
fn assert_published(chartdrop: &Chartdrop, text: &str) {
    assert_eq!(chartdrop.text("charts/demo-1.0.0.tgz.prov"), text);
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
}

#[tokio::test]
async fn the_order_of_the_two_uploads_does_not_matter() {
    let key = Key::new();
    let text = key.sign(&demo());
    for mode in ["verify", "require", "sign"] {
        for archive_first in [false, true] {
            let chartdrop = start(mode, "15m", key_secret(&key)).await;
            if archive_first && mode == "sign" {
                // In this mode, Chartdrop signs by itself and does not wait.
                continue;
            }
            if archive_first {
                chartdrop.publish(&demo()).await;
                put_provenance(&chartdrop, &demo(), text.clone());
                chartdrop.settled().await;
            } else {
                put_provenance(&chartdrop, &demo(), text.clone());
                chartdrop.settled().await;
                chartdrop.publish(&demo()).await;
            }
            assert_published(&chartdrop, &text);
            let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
            let keyring = Keyring::read(&key.public).expect("a keyring");
            assert_eq!(receipt["outcome"], "published", "{mode} {archive_first}: {receipt}");
            assert_eq!(receipt["signedBy"], keyring.fingerprints()[0], "{mode} {archive_first}");
        }
    }
}

/// A secret with this key for both verifying and signing.
fn key_secret(key: &Key) -> String {
    json!({"keyring": key.public, "signingKey": key.private}).to_string()
}

#[tokio::test]
async fn the_provenance_file_is_there_before_the_index_lists_its_archive() {
    let chartdrop = start("sign", "15m", Key::new().secret_to_sign()).await;
    chartdrop.publish(&demo()).await;
    let requests = chartdrop.publish_requests();
    let place = |request: &str| requests.iter().position(|other| other == request).expect(request);
    assert!(place("PutObject charts/demo-1.0.0.tgz") < place("PutObject charts/demo-1.0.0.tgz.prov"));
    assert!(place("PutObject charts/demo-1.0.0.tgz.prov") < place("PutObject charts/index.yaml"));
    assert!(place("PutObject charts/keyring.gpg") < place("PutObject charts/index.yaml"));
}

#[tokio::test]
async fn an_invalid_provenance_file_rejects_its_archive() {
    let key = Key::new();
    let good = key.sign(&demo());
    let cases = [
        (Key::new().sign(&demo()), "unknown-signer"),
        (good.replacen("1.0.0", "1.0.1", 1), "bad-signature"),
        (key.sign(&demo().packed_at(1)), "other-provenance"),
        ("no provenance".to_owned(), "provenance-format"),
        ("x".repeat(2 * 1024 * 1024), "provenance-too-large"),
    ];
    for mode in ["verify", "sign"] {
        for (text, code) in &cases {
            // The event of the provenance file alone may be handled before its archive arrives.
            let chartdrop = start_without_events(mode, key_secret(&key)).await;
            put_provenance(&chartdrop, &demo(), text.clone());
            let upload = chartdrop.upload(&demo());
            chartdrop.sweep().await;
            let receipt = chartdrop.receipt(&upload);
            assert_eq!(
                (&receipt["outcome"], &receipt["reasonCode"]),
                (&json!("rejected"), &json!(code)),
                "{receipt}"
            );
            assert_eq!(chartdrop.keys("charts/"), [""; 0], "{code}");
            assert_eq!(chartdrop.keys("staging/"), [""; 0], "{code}");
            assert_eq!(
                chartdrop.keys("rejected/"),
                ["rejected/demo-1.0.0.tgz", "rejected/demo-1.0.0.tgz.prov"]
            );
        }
    }
}

#[tokio::test]
async fn verify_publishes_charts_without_a_provenance_file_and_off_reads_none() {
    let key = Key::new();
    let chartdrop = start("verify", "15m", key.secret_to_verify()).await;
    let receipt = chartdrop.publish(&demo()).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");

    let chartdrop = Chartdrop::start().await;
    put_provenance(&chartdrop, &demo(), "no provenance");
    chartdrop.settled().await;
    assert_eq!(
        chartdrop.publish_requests(),
        [""; 0],
        "its event is answered without a request"
    );
    let receipt = chartdrop.publish(&demo()).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
}

#[tokio::test]
async fn an_invalid_provenance_file_that_arrives_late_is_rejected_and_its_archive_stays() {
    let key = Key::new();
    let chartdrop = start("verify", "15m", key.secret_to_verify()).await;
    chartdrop.publish(&demo()).await;
    put_provenance(&chartdrop, &demo(), Key::new().sign(&demo()));
    chartdrop.settled().await;

    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    assert!(chartdrop.object("charts/demo-1.0.0.tgz.prov").is_none());
    assert!(chartdrop.object("rejected/demo-1.0.0.tgz.prov").is_some());
    assert_eq!(chartdrop.keys("staging/"), [""; 0]);
    let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
    let warnings = receipt["warnings"].to_string();
    assert!(warnings.contains("the keyring does not contain the key"), "{receipt}");
}

#[tokio::test]
async fn require_holds_a_chart_for_a_while_and_then_rejects_it() {
    let key = Key::new();
    let chartdrop = start("require", "15m", key.secret_to_verify()).await;
    let receipt = chartdrop.publish(&demo()).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&json!("held"), &json!("awaits-provenance"))
    );
    assert_eq!(chartdrop.keys("charts/"), [""; 0]);
    assert_eq!(chartdrop.keys("staging/"), ["staging/demo-1.0.0.tgz"]);
    // A second sweep keeps it held, and does not write its receipt again.
    chartdrop.sweep().await;
    assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz"), receipt);
    put_provenance(&chartdrop, &demo(), key.sign(&demo()));
    chartdrop.settled().await;
    assert_eq!(chartdrop.receipt("staging/demo-1.0.0.tgz")["outcome"], "published");

    let chartdrop = start("require", "0s", key.secret_to_verify()).await;
    let receipt = chartdrop.publish(&demo()).await;
    assert_eq!(
        (&receipt["outcome"], &receipt["reasonCode"]),
        (&json!("rejected"), &json!("no-provenance"))
    );
}

#[tokio::test]
async fn a_chart_signed_by_chartdrop_verifies_with_the_published_keyring() {
    let (own, other) = (Key::new(), Key::new());
    let secret = json!({"signingKey": own.private, "keyring": other.public}).to_string();
    let chartdrop = start("sign", "15m", secret).await;
    chartdrop.publish(&demo()).await;

    let published = chartdrop.edge("/keyring.gpg").await;
    assert_eq!(published.status, 200);
    let expected = Keyring::read(&(other.public.clone() + &own.public)).expect("a keyring");
    assert_eq!(published.body, expected.to_bytes().expect("written"));
    let provenance = chartdrop.edge("/demo-1.0.0.tgz.prov").await;
    assert_eq!(provenance.header("content-type"), "text/plain");
    assert!(provenance.text().starts_with("-----BEGIN PGP SIGNED MESSAGE-----"));
}

#[tokio::test]
async fn the_same_content_packaged_again_keeps_the_first_signature() {
    let key = Key::new();
    let chartdrop = start("verify", "15m", key.secret_to_verify()).await;
    put_provenance(&chartdrop, &demo(), key.sign(&demo()));
    chartdrop.publish(&demo()).await;
    let first = chartdrop.text("charts/demo-1.0.0.tgz.prov");
    let again = demo().packed_at(1_800_000_000);
    put_provenance(&chartdrop, &again, key.sign(&again));
    let receipt = chartdrop.publish(&again).await;
    assert_eq!(receipt["outcome"], "unchanged", "{receipt}");
    assert_published(&chartdrop, &first);
}

#[tokio::test]
async fn a_rotated_secret_is_used_without_a_restart() {
    let (old, new) = (Key::new(), Key::new());
    let chartdrop = start("verify", "15m", old.secret_to_verify()).await;
    put_provenance(&chartdrop, &demo(), old.sign(&demo()));
    chartdrop.publish(&demo()).await;
    chartdrop.system.set_secret(Some(new.secret_to_verify()));
    // Longer than a process waits before it reads the secret again.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let next = ChartArchive::new("demo", "1.1.0");
    put_provenance(&chartdrop, &next, new.sign(&next));
    let receipt = chartdrop.publish(&next).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    let keyring = Keyring::read(&new.public).expect("a keyring");
    let published = chartdrop
        .object("charts/keyring.gpg")
        .expect("the keyring")
        .bytes
        .to_vec();
    assert_eq!(published, keyring.to_bytes().expect("written"));
}

#[tokio::test]
async fn an_unusable_secret_keeps_the_upload_and_the_error_names_the_field() {
    let cases = [
        (json!({}), "keyring"),
        (json!({"keyring": "hunter2"}), "keyring"),
        (json!({"keyring": ["hunter2"]}), "keyring"),
        (json!("hunter2"), "JSON object"),
    ];
    for (secret, named) in cases {
        let chartdrop = Chartdrop::with(Options {
            settings: BTreeMap::from([("PROVENANCE".to_owned(), "verify".to_owned())]),
            secret: Some(secret.to_string()),
            retry_delays: Vec::new(),
            ..Options::default()
        })
        .await;
        put_provenance(&chartdrop, &demo(), Key::new().sign(&demo()));
        chartdrop.system.settled().await;
        let upload = chartdrop.upload(&demo());
        chartdrop.system.settled().await;
        assert!(chartdrop.object(&upload).is_some(), "{secret}");
        let said = format!("{:?}", chartdrop.system.dead_letters());
        assert!(said.contains(named) && !said.contains("hunter2"), "{said}");
    }
}

/// Values of the secret must not appear in any output.
#[tokio::test]
async fn no_output_contains_a_value_of_the_secret() {
    let key = Key::new();
    let secret = json!({
        "signingKey": key.private,
        "signingPassphrase": "Pa55phrase-of-the-test",
        "registries": {"ghcr.io": {"username": "user-of-the-test", "password": "Pa55word-of-the-test"}},
    });
    let chartdrop = start("sign", "15m", secret.to_string()).await;
    chartdrop.publish(&demo()).await;
    put_provenance(&chartdrop, &demo(), "no provenance");
    chartdrop.settled().await;
    chartdrop.put("staging/bad-1.0.0.tgz", "no chart");
    chartdrop.settled().await;
    let broken = json!({"signingKey": "Br0ken-of-the-test", "signingPassphrase": "Pa55phrase-of-the-test"});
    let answer = chartdrop.sweep().await.to_string();

    let failing = Chartdrop::with(Options {
        settings: BTreeMap::from([("PROVENANCE".to_owned(), "sign".to_owned())]),
        secret: Some(broken.to_string()),
        retry_delays: Vec::new(),
        ..Options::default()
    })
    .await;
    failing.upload(&demo());
    failing.system.settled().await;

    let mut out = vec![answer, format!("{:?}", failing.system.dead_letters())];
    for system in [&chartdrop, &failing] {
        out.extend(system.system.function_logs("publish-chart"));
        let objects = system.keys("").into_iter().filter_map(|key| system.object(&key));
        out.extend(objects.map(|object| String::from_utf8_lossy(&object.bytes).into_owned()));
    }
    assert!(
        out.iter().any(|text| text.contains("signingKey")),
        "the broken field is named"
    );
    let mut values = vec!["of-the-test".to_owned()];
    values.extend(key.private.lines().filter(|line| line.len() > 40).map(str::to_owned));
    for value in values {
        let found: Vec<&String> = out.iter().filter(|text| text.contains(&value)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn an_unpublished_version_leaves_no_signature_behind() {
    let chartdrop = start("sign", "15m", Key::new().secret_to_sign()).await;
    chartdrop.publish(&demo()).await;
    let command = json!({"command": "unpublish", "repository": "", "chart": "demo", "version": "1.0.0"});
    let answer: Value = chartdrop.run(&command).await;
    assert_eq!(answer["outcome"], "unpublished", "{answer}");
    chartdrop.settled().await;
    assert_eq!(chartdrop.keys("charts/demo"), [""; 0]);
}

/// Leaves the state of a run that was killed after it stored the archive, before its provenance
/// file.
fn leave_orphan(chartdrop: &Chartdrop, chart: &ChartArchive) {
    chartdrop.put(&format!("charts/{}", chart.file_name()), chart.bytes());
}

#[tokio::test]
async fn require_lists_no_archive_without_a_signature() {
    let key = Key::new();
    let again = demo().packed_at(1_800_000_000);
    for (wait, outcome, code) in [
        ("15m", "held", "awaits-provenance"),
        ("0s", "rejected", "unsigned-archive"),
    ] {
        let chartdrop = start("require", wait, key.secret_to_verify()).await;
        // With an index, the orphan does not look like part of a lost repository.
        let other = ChartArchive::new("other", "1.0.0");
        put_provenance(&chartdrop, &other, key.sign(&other));
        chartdrop.publish(&other).await;
        leave_orphan(&chartdrop, &demo());
        put_provenance(&chartdrop, &again, key.sign(&again));
        chartdrop.settled().await;
        let receipt = chartdrop.publish(&again).await;
        assert_eq!(
            (&receipt["outcome"], &receipt["reasonCode"]),
            (&json!(outcome), &json!(code)),
            "{receipt}"
        );
        assert_eq!(chartdrop.versions("demo"), [""; 0]);
        let reason = receipt["reason"].as_str().unwrap_or_default();
        let digests = [&demo(), &again].map(|chart| chartdrop::digest::Digest::of(&chart.bytes()).short());
        assert!(digests.iter().all(|digest| reason.contains(digest)), "{reason}");
        if outcome == "held" {
            // The run that stored the archive continues.
            chartdrop.put("charts/demo-1.0.0.tgz.prov", key.sign(&demo()));
            chartdrop.sweep().await;
            let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
            assert_eq!(receipt["outcome"], "published", "{receipt}");
            assert!(receipt["signedBy"].is_string(), "{receipt}");
            continue;
        } else {
            // The reason names the file.
            assert!(reason.contains("charts/demo-1.0.0.tgz"), "{reason}");
            chartdrop
                .system
                .store()
                .delete("charts/demo-1.0.0.tgz")
                .expect("deleted");
            put_provenance(&chartdrop, &again, key.sign(&again));
            chartdrop.settled().await;
            chartdrop.publish(&again).await;
        }
        let receipt = chartdrop.receipt("staging/demo-1.0.0.tgz");
        assert_eq!(receipt["outcome"], "published", "{receipt}");
        assert!(receipt["signedBy"].is_string(), "{receipt}");
        assert!(chartdrop.object("charts/demo-1.0.0.tgz.prov").is_some());
    }
}

#[tokio::test]
async fn require_lists_no_unsigned_orphan_when_an_index_is_repaired_or_rebuilt() {
    let key = Key::new();
    let chartdrop = start("require", "15m", key.secret_to_verify()).await;
    let signed = ChartArchive::new("signed", "1.0.0");
    put_provenance(&chartdrop, &signed, key.sign(&signed));
    chartdrop.publish(&signed).await;
    leave_orphan(&chartdrop, &demo());

    let kinds = |answer: &Value, list: &str| -> Vec<String> {
        let differences = answer[list].as_array().expect("differences").iter();
        let shown =
            differences.map(|difference| format!("{} {}", difference["kind"], difference["key"]).replace('"', ""));
        shown.filter(|shown| !shown.starts_with("index-rebuilt")).collect()
    };
    let verify = json!({"command": "verify", "repository": ""});
    let reindex = json!({"command": "reindex", "repository": ""});
    let answer = chartdrop.run(&verify).await;
    assert_eq!(
        kinds(&answer, "differences"),
        ["unsigned charts/demo-1.0.0.tgz"],
        "{answer}"
    );
    let message = answer["differences"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("provenance file"), "{message}");
    let answer = chartdrop.run(&reindex).await;
    assert_eq!(
        (&answer["changes"], kinds(&answer, "left").len()),
        (&json!([]), 1),
        "{answer}"
    );

    // The index is lost, and rebuilt by a reindex or by the next publish.
    chartdrop.system.store().delete("charts/index.yaml").expect("deleted");
    let answer = chartdrop.run(&reindex).await;
    assert_eq!(kinds(&answer, "left"), ["unsigned charts/demo-1.0.0.tgz"], "{answer}");
    chartdrop.system.store().delete("charts/index.yaml").expect("deleted");
    let other = ChartArchive::new("other", "1.0.0");
    put_provenance(&chartdrop, &other, key.sign(&other));
    chartdrop.publish(&other).await;
    assert_eq!(chartdrop.versions("signed"), ["1.0.0"]);
    assert_eq!(chartdrop.versions("demo"), [""; 0]);

    // Uploading the archive again with its provenance file completes it.
    put_provenance(&chartdrop, &demo(), key.sign(&demo()));
    chartdrop.publish(&demo()).await;
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
    chartdrop.run(&reindex).await;
    let answer = chartdrop.run(&verify).await;
    assert_eq!(answer["differences"], json!([]), "{answer}");
}

#[tokio::test]
async fn charts_published_before_signatures_were_required_stay_listed() {
    let key = Key::new();
    let before = start("verify", "15m", key.secret_to_verify()).await;
    before.publish(&demo()).await;
    let chartdrop = start("require", "15m", key.secret_to_verify()).await;
    for stays in ["charts/demo-1.0.0.tgz", "receipts/demo-1.0.0.tgz.json"] {
        let object = before.object(stays).expect("it was published");
        chartdrop.put(stays, object.bytes.to_vec());
    }
    chartdrop.run(&json!({"command": "reindex", "repository": ""})).await;
    assert_eq!(chartdrop.versions("demo"), ["1.0.0"]);
}

#[tokio::test]
async fn sign_signs_the_stored_archive() {
    let key = Key::new();
    let again = demo().packed_at(1_800_000_000);
    let chartdrop = start("sign", "15m", key_secret(&key)).await;
    chartdrop.publish(&ChartArchive::new("other", "1.0.0")).await;
    leave_orphan(&chartdrop, &demo());
    put_provenance(&chartdrop, &again, key.sign(&again));
    chartdrop.settled().await;
    let receipt = chartdrop.publish(&again).await;
    assert_eq!(receipt["outcome"], "published", "{receipt}");
    assert!(receipt["signedBy"].is_string(), "{receipt}");
    let digest = chartdrop::digest::Digest::of(&demo().bytes()).to_string();
    assert!(chartdrop.text("charts/demo-1.0.0.tgz.prov").contains(&digest));
}
