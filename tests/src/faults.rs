//! Faults for tests, one kind each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::faults::{Delivery, Faults, RequestSeen, S3Fault, When};

/// Events for this function are lost.
pub struct NoEvents(pub &'static str);

impl Faults for NoEvents {
    fn delivery(&self, function: &str, _: &[u8]) -> Delivery {
        if function == self.0 {
            Delivery::Times(0)
        } else {
            Delivery::Once
        }
    }
}

/// Every event is delivered this many times at once.
pub struct Repeated(pub usize);

impl Faults for Repeated {
    fn delivery(&self, _: &str, _: &[u8]) -> Delivery {
        Delivery::Times(self.0)
    }
}

/// Events that contain this text are delayed.
pub struct Late(pub &'static str, pub Duration);

impl Faults for Late {
    fn delivery(&self, _: &str, payload: &[u8]) -> Delivery {
        if String::from_utf8_lossy(payload).contains(self.0) {
            Delivery::Late(self.1)
        } else {
            Delivery::Once
        }
    }
}

/// The first requests of publish-chart with this operation and key meet these faults, in this
/// order.
pub struct OnRequest {
    operation: &'static str,
    key: &'static str,
    faults: Mutex<Vec<S3Fault>>,
}

impl OnRequest {
    /// See [`OnRequest`].
    pub fn new(operation: &'static str, key: &'static str, faults: impl IntoIterator<Item = S3Fault>) -> Self {
        let mut faults: Vec<S3Fault> = faults.into_iter().collect();
        faults.reverse();
        OnRequest {
            operation,
            key,
            faults: Mutex::new(faults),
        }
    }
}

impl Faults for OnRequest {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let named = request.operation == self.operation && request.key == self.key;
        if !named || request.function.as_deref() != Some("publish-chart") {
            return S3Fault::None;
        }
        self.faults
            .lock()
            .expect("no test panics here")
            .pop()
            .unwrap_or(S3Fault::None)
    }
}

/// publish-chart cannot write this key until [`Unwritable::make_writable`] is called.
#[derive(Clone)]
pub struct Unwritable {
    key: &'static str,
    writable: Arc<AtomicBool>,
}

impl Unwritable {
    /// See [`Unwritable`].
    pub fn new(key: &'static str) -> Self {
        Unwritable {
            key,
            writable: Arc::default(),
        }
    }

    /// Ends the fault.
    pub fn make_writable(&self) {
        self.writable.store(true, Ordering::SeqCst);
    }
}

impl Faults for Unwritable {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let named = request.operation == "PutObject" && request.key == self.key;
        if named && !self.writable.load(Ordering::SeqCst) {
            return S3Fault::Fail(When::Before, 500, "InternalError");
        }
        S3Fault::None
    }
}

/// The request of publish-chart with this number, from 1, meets this fault.
pub struct OnNumber(pub usize, pub S3Fault);

impl Faults for OnNumber {
    fn s3(&self, request: &RequestSeen) -> S3Fault {
        let meant = request.number == self.0 && request.function.as_deref() == Some("publish-chart");
        if meant { self.1.clone() } else { S3Fault::None }
    }
}

/// Two kinds of faults: the first for deliveries, the second for requests.
pub struct Both<D, R>(pub D, pub R);

impl<D: Faults, R: Faults> Faults for Both<D, R> {
    fn delivery(&self, function: &str, payload: &[u8]) -> Delivery {
        self.0.delivery(function, payload)
    }

    fn s3(&self, request: &RequestSeen) -> S3Fault {
        self.1.s3(request)
    }
}
