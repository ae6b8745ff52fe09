//! The results of an invocation: a readable log line for each outcome, metrics and the answer.

use std::time::Duration;

use chartdrop::metrics::{Metrics, Unit};
use chartdrop::printable::printable;
use chartdrop::provenance::ProvenanceError;
use chartdrop::publish::{Concluded, Report};
use chartdrop::receipt::Outcome;
use chartdrop::size::{Size, counted};
use jiff::Timestamp;
use lambda_runtime::Context;
use serde_json::{Map, Value, json};
use tracing::{error, info, warn};

/// Writes one line for each upload.
pub(crate) fn log(report: &Report) {
    for concluded in &report.concluded {
        log_outcome(concluded);
    }
    for staged in &report.gone {
        info!(
            upload = staged.key(),
            "{staged} no longer exists: another run has processed it"
        );
    }
    for late in &report.late_provenance {
        let (staged, upload) = (&late.staged, late.staged.key());
        match &late.result {
            Ok(signer) => info!(
                upload,
                signer, "published the provenance file of {staged}, signed by {signer}"
            ),
            Err(reason) => {
                let reason = &*printable(reason);
                warn!(upload, reason, "rejected the provenance file of {staged}: {reason}");
            }
        }
    }
    for mirrored in &report.mirrored {
        let staged = mirrored.file.upload();
        let upload = staged.key();
        match &mirrored.result {
            Ok(None) => {}
            Ok(Some(name)) => info!(upload, name, "pushed {} to {name}", staged.file_name()),
            Err(problem) => warn!(
                upload,
                problem, "{staged} is published, but not pushed to the mirror yet: {problem}. The next sweep retries"
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
    for problem in &report.problems {
        error!(error = problem, "the sweep is incomplete: {problem}");
    }
    if let Some(message) = report.foreign.message() {
        warn!(foreign = report.foreign.count, "{message}");
    }
    for rebuilt in &report.rebuilt {
        let (archives, lost) = (rebuilt.archives, rebuilt.lost_count);
        error!(index = rebuilt.repository.index_key(), archives, lost, "{rebuilt}");
    }
    for write in &report.index_writes {
        info!(
            index = write.repository.index_key(),
            bytes = write.bytes,
            versions = write.versions,
            "wrote {}: {}, {}",
            write.repository.index_key(),
            counted(write.versions, "version"),
            Size::of(write.bytes)
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
                outcome, chart, version, url, "another run has already processed {shown}: {outcome}"
            );
        }
        Outcome::Published => info!(
            upload,
            outcome, chart, version, url, "published {chart} {version}: {url}"
        ),
        Outcome::Unchanged => {
            info!(
                upload,
                outcome, chart, version, url, "unchanged {chart} {version}: it is already published at {url}"
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
    if receipt.more_warnings > 0 {
        let more = receipt.more_warnings;
        warn!(upload, chart, version, "{shown}: {more} more warnings");
    }
}

/// The metrics. An outcome that another run recorded was counted by that run.
pub(crate) fn count(report: &Report, is_sweep: bool, took: Duration, context: &Context) {
    let mut metrics = Metrics::default();
    let problems = (report.failed.len() + report.problems.len()) as u64;
    // Only for sweeps: an invocation with an event fails, and Lambda counts that itself.
    if is_sweep && problems > 0 {
        metrics.count("SweepFailures", problems);
    }
    if report.foreign.count > 0 {
        metrics.add("ForeignObjects", Unit::Count, report.foreign.count);
    }
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
    let rejected = |concluded: &&Concluded| {
        let code = concluded.receipt.reason_code.as_deref();
        concluded.recorded && code.is_some_and(ProvenanceError::is_code)
    };
    let late = report.late_provenance.iter().filter(|late| late.result.is_err());
    let failures = report.concluded.iter().filter(rejected).count() + late.count();
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
    for rebuilt in &report.rebuilt {
        count_rebuilt(&mut metrics, rebuilt.archives);
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
    // The heartbeat of the schedule: an alarm fires when it is missing.
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

/// Describes an index that was lost and rebuilt.
pub(crate) fn count_rebuilt(metrics: &mut Metrics, archives: usize) {
    metrics.count("IndexesRebuilt", 1);
    metrics.add(
        "RebuiltFromArchives",
        Unit::Count,
        u64::try_from(archives).unwrap_or(u64::MAX),
    );
}

/// The log lines with the metrics of an invocation.
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

/// The answer to an event.
pub(crate) fn answer(report: &Report) -> Value {
    Answer::of(report).into()
}

/// The answer of a sweep, which succeeds even if some uploads failed.
pub(crate) fn answer_of_sweep(report: &Report) -> Value {
    let mut answer = Answer::of(report);
    if !report.failed.is_empty() {
        let failed = report.failed.iter();
        let failed = failed.map(|failure| json!({"upload": failure.staged.key(), "error": failure.error}));
        answer.add("failed", failed);
    }
    if !report.problems.is_empty() {
        answer.add("problems", report.problems.iter().map(|problem| json!(problem)));
    }
    if report.foreign.count > 0 {
        let foreign = report.foreign.first.iter();
        let first: Vec<Value> = foreign
            .map(|object| json!({"key": object.key, "hint": object.hint}))
            .collect();
        let foreign = json!({"count": report.foreign.count, "first": first});
        answer.fields.insert("foreign".to_owned(), foreign);
    }
    answer.into()
}

/// An answer under construction. Lambda rejects an answer of more than 6 MB, which would turn
/// success into an error.
struct Answer {
    fields: Map<String, Value>,
    /// How many items were left out for lack of room, by the name of their list.
    more: Map<String, Value>,
    room: usize,
}

/// The limit for all lists of an answer, in bytes.
const ROOM: usize = 1024 * 1024;

impl Answer {
    fn of(report: &Report) -> Self {
        let mut answer = Self {
            fields: Map::new(),
            more: Map::new(),
            room: ROOM,
        };
        answer.add("outcomes", report.concluded.iter().map(outcome));
        answer.add("gone", report.gone.iter().map(|staged| json!(staged.key())));
        let mirrored = report.mirrored.iter().filter(|mirrored| mirrored.result != Ok(None));
        let mut mirrored = mirrored.map(|mirrored| {
            let (name, problem) = (mirrored.result.as_ref().ok(), mirrored.result.as_ref().err());
            json!({"upload": mirrored.file.upload().key(), "mirror": name, "problem": problem})
        });
        if let Some(first) = mirrored.next() {
            answer.add("mirrored", std::iter::once(first).chain(mirrored));
        }
        answer
    }

    /// Adds a list, as far as there is room.
    fn add(&mut self, name: &str, items: impl Iterator<Item = Value>) {
        let (mut shown, mut more) = (Vec::new(), 0_u64);
        for item in items {
            match self.room.checked_sub(item.to_string().len()) {
                Some(left) => {
                    self.room = left;
                    shown.push(item);
                }
                None => more += 1,
            }
        }
        self.fields.insert(name.to_owned(), shown.into());
        if more > 0 {
            self.more.insert(name.to_owned(), more.into());
        }
    }
}

impl From<Answer> for Value {
    fn from(mut answer: Answer) -> Self {
        if !answer.more.is_empty() {
            answer.fields.insert("more".to_owned(), answer.more.into());
        }
        answer.fields.into()
    }
}

fn outcome(concluded: &Concluded) -> Value {
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
}
