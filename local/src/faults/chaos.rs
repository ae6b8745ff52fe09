//! Chaos (`--chaos SEED`): faults that are drawn from a seed.
//!
//! Three things decide whether a request or an event meets a fault, and which one: the seed, its
//! subject (such as operation and key), and how often that subject came before. The same seed
//! therefore gives the same faults, as long as the same requests are made.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;

use crate::events::keys_in;
use crate::faults::{Delivery, Faults, InvalidationFault, InvalidationSeen, RequestSeen, S3Fault, When};
use crate::sync::lock;

/// Five of a hundred requests and events meet a fault, and so about four of ten publishes.
pub const MODERATE_RATE: f64 = 0.05;

/// The attempts that the SDK makes. A fault has to last as long to reach the function's own code.
const SDK_ATTEMPTS: u64 = 4;

/// Injects faults from a seed until [`Chaos::calm`] is called. Clones share the same state.
#[derive(Clone)]
pub struct Chaos {
    inner: Arc<Inner>,
}

struct Inner {
    seed: u64,
    rate: f64,
    calm: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each request and each event has occurred.
    seen: BTreeMap<String, u64>,
    /// Faults that meet the same request several times in a row, with the remaining number.
    lasting: BTreeMap<String, (u64, S3Fault)>,
    caused: BTreeMap<&'static str, usize>,
}

impl Chaos {
    /// Creates it with the share of requests and events that meet a fault, from 0 to 1.
    #[must_use]
    pub fn new(seed: u64, rate: f64) -> Self {
        let inner = Inner {
            seed,
            rate,
            calm: AtomicBool::new(false),
            state: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Stops injecting faults.
    pub fn calm(&self) {
        self.inner.calm.store(true, Ordering::SeqCst);
    }

    /// The number of injected faults of each kind.
    #[must_use]
    pub fn caused(&self) -> BTreeMap<&'static str, usize> {
        lock(&self.inner.state).caused.clone()
    }

    pub(crate) fn seed(&self) -> u64 {
        self.inner.seed
    }

    /// The random numbers that choose the fault of this request or event, if it meets one.
    fn draw(&self, what: &str) -> Option<Rng> {
        if self.inner.calm.load(Ordering::SeqCst) {
            return None;
        }
        let mut state = lock(&self.inner.state);
        let seen = state.seen.entry(what.to_owned()).or_default();
        *seen += 1;
        let mut hasher = DefaultHasher::new();
        (self.inner.seed, what, *seen).hash(&mut hasher);
        let mut rng = Rng::with_seed(hasher.finish());
        (rng.f64() < self.inner.rate).then_some(rng)
    }

    fn count(&self, name: &'static str) {
        *lock(&self.inner.state).caused.entry(name).or_default() += 1;
    }

    /// The fault of an earlier attempt, if it meets this attempt of the same request as well.
    fn lasting(&self, what: &str) -> Option<S3Fault> {
        if self.inner.calm.load(Ordering::SeqCst) {
            return None;
        }
        let mut state = lock(&self.inner.state);
        let (left, fault) = state.lasting.get_mut(what)?;
        *left = left.checked_sub(1)?;
        Some(fault.clone())
    }
}

/// Whether a fault comes before or after the effect.
fn when(rng: &mut Rng) -> When {
    if rng.bool() { When::Before } else { When::After }
}

fn a_while(rng: &mut Rng) -> Duration {
    Duration::from_millis(rng.u64(50..1_500))
}

/// The fault of an S3 request, and the name under which it is counted.
fn s3_fault(operation: &str, rng: &mut Rng) -> (&'static str, S3Fault) {
    let (reads, writes) = (operation == "GetObject", operation == "PutObject");
    match rng.u32(0..10) {
        0 => ("SlowDown", S3Fault::Fail(When::Before, 503, "SlowDown")),
        1 | 2 => ("InternalError", S3Fault::Fail(when(rng), 500, "InternalError")),
        3 | 4 => ("answer lost", S3Fault::Disconnect(when(rng))),
        5 | 6 => ("process killed", S3Fault::Kill(when(rng))),
        7 if writes => (
            "conflict",
            S3Fault::Fail(When::Before, 409, "ConditionalRequestConflict"),
        ),
        8 if reads => ("body cut", S3Fault::Cut),
        9 if reads => ("body corrupted", S3Fault::Corrupt(When::After)),
        9 if writes => ("body corrupted", S3Fault::Corrupt(When::Before)),
        _ => ("answer late", S3Fault::Delay(when(rng), a_while(rng))),
    }
}

impl Faults for Chaos {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let Some(function) = &request.function else {
            return S3Fault::None;
        };
        let RequestSeen {
            operation, key, prefix, ..
        } = request;
        let what = format!("{function} {operation} {key}{prefix}");
        if let Some(fault) = self.lasting(&what) {
            return fault;
        }
        let Some(mut rng) = self.draw(&what) else {
            return S3Fault::None;
        };
        let (name, fault) = s3_fault(operation, &mut rng);
        self.count(name);
        let can_last = matches!(fault, S3Fault::Fail(..) | S3Fault::Disconnect(_));
        if can_last && rng.bool() {
            lock(&self.inner.state)
                .lasting
                .insert(what, (SDK_ATTEMPTS - 1, fault.clone()));
        }
        fault
    }

    fn invalidation(&self, request: &InvalidationSeen) -> InvalidationFault {
        if request.function.is_none() {
            return InvalidationFault::None;
        }
        let Some(mut rng) = self.draw(&format!("CreateInvalidation {}", request.paths.join(" "))) else {
            return InvalidationFault::None;
        };
        let (name, fault) = match rng.u32(0..5) {
            0 => (
                "CloudFront: Throttling",
                InvalidationFault::Fail(When::Before, 400, "Throttling"),
            ),
            1 => (
                "CloudFront: ServiceUnavailable",
                InvalidationFault::Fail(when(&mut rng), 503, "ServiceUnavailable"),
            ),
            2 => ("CloudFront: answer lost", InvalidationFault::Disconnect(when(&mut rng))),
            3 => ("process killed", InvalidationFault::Kill(when(&mut rng))),
            _ => (
                "CloudFront: stale for longer",
                InvalidationFault::Stale(a_while(&mut rng)),
            ),
        };
        self.count(name);
        fault
    }

    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        let keys = serde_json::from_slice(payload).map(|event| keys_in(&event).join(" "));
        let Some(mut rng) = self.draw(&format!("{function} {}", keys.unwrap_or_default())) else {
            return Delivery::Once;
        };
        let (name, delivery) = match rng.u32(0..3) {
            0 => ("event dropped", Delivery::Times(0)),
            1 => ("event repeated", Delivery::Times(rng.usize(2..4))),
            _ => ("event late", Delivery::Late(a_while(&mut rng))),
        };
        self.count(name);
        delivery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str) -> RequestSeen {
        RequestSeen {
            function: Some("publish-chart".to_owned()),
            operation: "PutObject".to_owned(),
            key: key.to_owned(),
            prefix: String::new(),
            number: 1,
        }
    }

    fn day(seed: u64) -> Vec<String> {
        let chaos = Chaos::new(seed, 0.2);
        (0..200)
            .map(|number| format!("{:?}", chaos.s3(&request(&format!("charts/{}", number % 50)))))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_and_another_seed_gives_others() {
        assert_eq!(day(7), day(7));
        assert_ne!(day(7), day(8));
    }

    #[test]
    fn the_share_of_requests_that_meet_a_fault_is_close_to_the_rate() {
        let chaos = Chaos::new(1, MODERATE_RATE);
        for number in 0..10_000 {
            chaos.s3(&request(&format!("charts/{number}")));
        }
        let faults: usize = chaos.caused().values().sum();
        assert!((350..650).contains(&faults), "{faults} of 10,000");
    }

    #[test]
    fn only_requests_of_functions_meet_faults_and_none_after_calm() {
        let chaos = Chaos::new(1, 1.0);
        let other_caller = RequestSeen {
            function: None,
            ..request("staging/a-1.0.0.tgz")
        };
        assert!(matches!(chaos.s3(&other_caller), S3Fault::None));
        assert!(!matches!(chaos.s3(&request("charts/a")), S3Fault::None));
        chaos.calm();
        for _ in 0..10 {
            assert!(matches!(chaos.s3(&request("charts/a")), S3Fault::None));
        }
    }
}
