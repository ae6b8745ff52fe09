//! What an invocation leaves: a readable line for each outcome, metrics, and the answer.

use std::time::Duration;

use chartdrop::metrics::{Metrics, Unit};
use chartdrop::printable::printable;
use chartdrop::provenance::ProvenanceError;
use chartdrop::publish::{Concluded, Report};
use chartdrop::receipt::Outcome;
use jiff::Timestamp;
use lambda_runtime::Context;
use serde_json::{Value, json};
use tracing::{error, info, warn};

/// One line for each upload.
pub(crate) fn log(report: &Report) {
    for concluded in &report.concluded {
        log_outcome(concluded);
    }
    for staged in &report.gone {
        info!(
            upload = staged.key(),
            "{staged} is not there any more: another run has dealt with it"
        );
    }
    for late in &report.late_provenance {
        let (staged, upload) = (&late.staged, late.staged.key());
        match &late.result {
            Ok(signer) => info!(
                upload,
                signer, "the provenance file of {staged}, signed by {signer}, is published"
            ),
            Err(reason) => {
                let reason = &*printable(reason);
                warn!(upload, reason, "the provenance file of {staged} is refused: {reason}");
            }
        }
    }
    for mirrored in &report.mirrored {
        let (staged, upload) = (&mirrored.staged, mirrored.staged.key());
        match &mirrored.result {
            Ok(None) => {}
            Ok(Some(name)) => info!(upload, name, "{} is at {name} too", staged.file_name()),
            Err(problem) => warn!(
                upload,
                problem, "{staged} is published, but not in the mirror yet: {problem}; the next sweep tries again"
            ),
        }
    }
    for failure in &report.failed {
        error!(
            upload = failure.staged.key(),
            error = failure.error,
            "{} stays in staging: {}",
            failure.staged,
            failure.error
        );
    }
    for write in &report.index_writes {
        info!(
            index = write.repository.index_key(),
            bytes = write.bytes,
            versions = write.versions,
            "wrote {}: {} versions in {} bytes",
            write.repository.index_key(),
            write.versions,
            write.bytes
        );
    }
}

fn log_outcome(concluded: &Concluded) {
    let receipt = &concluded.receipt;
    let upload = &receipt.upload;
    let shown = printable(upload);
    let chart = receipt.chart.as_deref().unwrap_or("?");
    let version = receipt.version.as_deref().unwrap_or("?");
    let url = receipt.url.as_deref().unwrap_or_default();
    let reason = receipt.reason.as_deref().unwrap_or_default();
    let outcome = receipt.outcome.to_string();
    match receipt.outcome {
        _ if !concluded.recorded => {
            info!(
                upload,
                outcome, chart, version, url, "{shown} was {outcome} by another run already"
            );
        }
        Outcome::Published => info!(
            upload,
            outcome, chart, version, url, "published {chart} {version}: {url}"
        ),
        Outcome::Unchanged => {
            info!(
                upload,
                outcome, chart, version, url, "unchanged {chart} {version}: it is published already, at {url}"
            );
        }
        Outcome::Rejected => {
            let code = receipt.reason_code.as_deref().unwrap_or_default();
            warn!(
                upload,
                outcome, chart, version, reason, code, "rejected {shown}: {reason}"
            );
        }
        Outcome::Held => info!(upload, outcome, chart, version, reason, "held {shown}: {reason}"),
    }
    for warning in &receipt.warnings {
        warn!(upload, chart, version, warning, "{shown}: {warning}");
    }
}

/// The metrics line. An outcome that another run recorded was counted there.
pub(crate) fn count(report: &Report, took: Duration, context: &Context) {
    let mut metrics = Metrics::default();
    for concluded in report.concluded.iter().filter(|concluded| concluded.recorded) {
        metrics.count(metric(concluded.receipt.outcome), 1);
        if concluded.receipt.outcome == Outcome::Published {
            metrics.add(
                "UploadToPublished",
                Unit::Milliseconds,
                concluded.upload_to_outcome_ms(),
            );
        }
    }
    let refused = |concluded: &&Concluded| {
        let code = concluded.receipt.reason_code.as_deref();
        concluded.recorded && code.is_some_and(ProvenanceError::is_code)
    };
    let late = report.late_provenance.iter().filter(|late| late.result.is_err());
    let failures = report.concluded.iter().filter(refused).count() + late.count();
    if failures > 0 {
        metrics.count("SignatureFailures", failures as u64);
    }
    for mirrored in &report.mirrored {
        match mirrored.result {
            Ok(None) => {}
            Ok(Some(_)) => metrics.count("ChartsMirrored", 1),
            Err(_) => metrics.count("MirrorFailures", 1),
        }
    }
    for write in &report.index_writes {
        metrics.add("IndexBytes", Unit::Bytes, write.bytes as u64);
        metrics.add("IndexVersions", Unit::Count, write.versions as u64);
    }
    if report.lost_races > 0 {
        metrics.count("CompareAndSwapRetries", report.lost_races.into());
    }
    if !report.concluded.is_empty() {
        metrics.add(
            "PublishDuration",
            Unit::Milliseconds,
            u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        );
    }
    // The heartbeat of the schedule: its alarm rings when there is none.
    if report.swept {
        metrics.count("Sweeps", 1);
    }
    if let Some(age) = report.oldest_waiting {
        metrics.add("OldestUpload", Unit::Seconds, age.as_secs());
    }
    if let Some(age) = report.oldest_held {
        metrics.add("OldestHeld", Unit::Seconds, age.as_secs());
    }
    if let Some(age) = report.oldest_unmirrored {
        metrics.add("OldestUnmirrored", Unit::Seconds, age.as_secs());
    }
    print(&mut metrics, context);
}

/// The lines of an invocation's metrics.
pub(crate) fn print(metrics: &mut Metrics, context: &Context) {
    metrics.property("requestId", context.request_id.as_str());
    for line in metrics.lines(&context.env_config.function_name, Timestamp::now()) {
        println!("{line}");
    }
}

fn metric(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Published => "ChartsPublished",
        Outcome::Unchanged => "ChartsUnchanged",
        Outcome::Rejected => "ChartsRejected",
        Outcome::Held => "ChartsHeld",
    }
}

/// What the caller gets.
pub(crate) fn answer(report: &Report) -> Value {
    let outcomes: Vec<Value> = report
        .concluded
        .iter()
        .map(|concluded| {
            let receipt = &concluded.receipt;
            json!({
                "upload": receipt.upload,
                "outcome": receipt.outcome,
                "chart": receipt.chart,
                "version": receipt.version,
                "digest": receipt.digest,
                "url": receipt.url,
                "reason": receipt.reason,
                "reasonCode": receipt.reason_code,
                "signedBy": receipt.signed_by,
                "warnings": receipt.warnings,
            })
        })
        .collect();
    let gone: Vec<&str> = report.gone.iter().map(|staged| staged.key()).collect();
    let mut mirrored = report
        .mirrored
        .iter()
        .filter(|mirrored| mirrored.result != Ok(None))
        .peekable();
    if mirrored.peek().is_none() {
        return json!({"outcomes": outcomes, "gone": gone});
    }
    let mirrored = mirrored.map(|mirrored| {
        let (name, problem) = (mirrored.result.as_ref().ok(), mirrored.result.as_ref().err());
        json!({"upload": mirrored.staged.key(), "mirror": name, "problem": problem})
    });
    let mirrored: Vec<Value> = mirrored.collect();
    json!({"outcomes": outcomes, "gone": gone, "mirrored": mirrored})
}
