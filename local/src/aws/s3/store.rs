//! The bucket itself: objects in memory, under one lock.
//!
//! A conditional write checks and writes while it holds the lock, so that only one of two writers
//! can succeed. Observers (notifications, outcomes, the story) are also called while the lock is
//! held, so that they see the changes in their real order.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::checksums::Checksums;
use super::conditions::{ConditionFailed, WriteCondition};
use super::disk::Disk;
use super::multipart::Uploads;
use super::object::{Headers, NewObject, Object};
use super::storage::Storage;
use crate::sync::lock;

/// The caller and the operation of a change.
pub(crate) struct Cause {
    /// S3's name of the event: `ObjectCreated:Put`, `ObjectCreated:CompleteMultipartUpload`,
    /// `ObjectCreated:Copy`.
    pub(crate) event: &'static str,
    /// The function that made the change, if it was one.
    pub(crate) by: Option<String>,
}

/// A change of the bucket, for observers.
pub(crate) struct Change<'a> {
    pub(crate) key: &'a str,
    /// The new object; `None` if it was removed.
    pub(crate) object: Option<&'a Arc<Object>>,
    pub(crate) cause: &'a Cause,
    /// Grows with every change, across restarts as well.
    pub(crate) sequencer: u64,
}

type Observer = Box<dyn Fn(&Change<'_>) + Send + Sync>;

/// Why a write failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Condition(#[from] ConditionFailed),
    #[error("cannot write to the --data folder: {0}")]
    Disk(#[from] io::Error),
}

/// The bucket. Clones share the same content.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    observer: OnceLock<Observer>,
}

pub(super) struct State {
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    pub(super) uploads: Uploads,
    disk: Option<Disk>,
    sequencer: u64,
}

impl Store {
    pub(crate) fn in_memory() -> Self {
        Self::with(BTreeMap::new(), None)
    }

    /// Opens a bucket that is kept in a folder, with its objects from earlier runs.
    pub(crate) fn on_disk(disk: Disk) -> io::Result<Self> {
        let objects = disk.load()?;
        Ok(Self::with(objects, Some(disk)))
    }

    fn with(objects: BTreeMap<String, Arc<Object>>, disk: Option<Disk>) -> Self {
        let state = State {
            objects,
            uploads: Uploads::default(),
            disk,
            sequencer: 0,
        };
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                observer: OnceLock::new(),
            }),
        }
    }

    /// Calls `observer` for every change from now on. Only the first call has an effect.
    pub(crate) fn observe(&self, observer: impl Fn(&Change<'_>) + Send + Sync + 'static) {
        let _ = self.inner.observer.set(Box::new(observer));
    }

    /// Puts an object as a client of S3 would, with notifications, but without counting a request.
    /// Returns the ETag.
    ///
    /// # Errors
    ///
    /// If the bucket is kept in a folder that cannot be written.
    pub fn put(&self, key: &str, bytes: impl Into<Bytes>, metadata: BTreeMap<String, String>) -> io::Result<String> {
        self.put_stored(key, bytes, metadata, Storage::default())
    }

    /// Puts an object with another storage class, encryption or size, like [`Store::put`].
    ///
    /// # Errors
    ///
    /// If the bucket is kept in a folder that cannot be written.
    pub fn put_stored(
        &self,
        key: &str,
        bytes: impl Into<Bytes>,
        metadata: BTreeMap<String, String>,
        storage: Storage,
    ) -> io::Result<String> {
        let new = NewObject {
            bytes: bytes.into(),
            headers: Headers {
                content_type: Some("binary/octet-stream".into()),
                ..Headers::default()
            },
            metadata,
            checksums: Checksums::default(),
            storage,
            etag: None,
        };
        let cause = Cause {
            event: "ObjectCreated:Put",
            by: None,
        };
        match self.write(key, new, &WriteCondition::Always, &cause) {
            Ok(object) => Ok(object.etag.clone()),
            Err(WriteError::Disk(error)) => Err(error),
            Err(WriteError::Condition(failed)) => Err(io::Error::other(failed)),
        }
    }

    /// The current object under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Arc<Object>> {
        self.lock().objects.get(key).cloned()
    }

    /// All keys with this prefix, in order.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Vec<String> {
        keys_from(&self.lock().objects, prefix, "")
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Removes an object as a client of S3 would, and returns whether it existed.
    ///
    /// # Errors
    ///
    /// If the bucket is kept in a folder that cannot be written.
    pub fn delete(&self, key: &str) -> io::Result<bool> {
        match self.remove(
            key,
            &WriteCondition::Always,
            &Cause {
                event: "ObjectRemoved:Delete",
                by: None,
            },
        ) {
            Ok(existed) => Ok(existed),
            Err(WriteError::Disk(error)) => Err(error),
            Err(WriteError::Condition(failed)) => Err(io::Error::other(failed)),
        }
    }

    /// Releases the folder. Later writes stay in memory.
    pub(crate) fn close(&self) {
        self.lock().disk = None;
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        lock(&self.inner.state)
    }

    pub(crate) fn write(
        &self,
        key: &str,
        new: NewObject,
        condition: &WriteCondition,
        cause: &Cause,
    ) -> Result<Arc<Object>, WriteError> {
        let object = Arc::new(new.into_object());
        let mut state = self.lock();
        condition.check(state.objects.get(key).map(Arc::as_ref))?;
        state.insert(key, &object)?;
        self.report(&mut state, key, Some(&object), cause);
        Ok(object)
    }

    /// Removes an object. The condition is checked only if the object exists: S3 answers 204 for a
    /// missing key.
    pub(crate) fn remove(&self, key: &str, condition: &WriteCondition, cause: &Cause) -> Result<bool, WriteError> {
        let mut state = self.lock();
        let Some(object) = state.objects.get(key) else {
            return Ok(false);
        };
        condition.check(Some(object))?;
        if let Some(disk) = &state.disk {
            disk.remove(key)?;
        }
        state.objects.remove(key);
        self.report(&mut state, key, None, cause);
        Ok(true)
    }

    /// Runs `edit` while the state is locked, and calls the observer with the resulting object.
    pub(super) fn write_with<E>(
        &self,
        key: &str,
        cause: &Cause,
        edit: impl FnOnce(&mut State) -> Result<NewObject, E>,
    ) -> Result<Result<Arc<Object>, E>, io::Error> {
        let mut state = self.lock();
        let object = match edit(&mut state) {
            Ok(new) => Arc::new(new.into_object()),
            Err(error) => return Ok(Err(error)),
        };
        state.insert(key, &object)?;
        self.report(&mut state, key, Some(&object), cause);
        Ok(Ok(object))
    }

    fn report(&self, state: &mut State, key: &str, object: Option<&Arc<Object>>, cause: &Cause) {
        let clock = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_nanos();
        state.sequencer = u64::try_from(clock)
            .unwrap_or(u64::MAX)
            .max(state.sequencer.saturating_add(1));
        if let Some(observer) = self.inner.observer.get() {
            observer(&Change {
                key,
                object,
                cause,
                sequencer: state.sequencer,
            });
        }
    }
}

impl State {
    fn insert(&mut self, key: &str, object: &Arc<Object>) -> io::Result<()> {
        if let Some(disk) = &self.disk {
            disk.save(key, object)?;
        }
        self.objects.insert(key.to_owned(), Arc::clone(object));
        Ok(())
    }
}

/// The objects whose keys start with `prefix`, beginning at `from`, in key order.
pub(super) fn keys_from<'a>(
    objects: &'a BTreeMap<String, Arc<Object>>,
    prefix: &'a str,
    from: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Arc<Object>)> {
    objects
        .range(prefix.max(from).to_owned()..)
        .take_while(move |(key, _)| key.starts_with(prefix))
}
