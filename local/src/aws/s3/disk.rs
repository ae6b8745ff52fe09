//! Keeps the bucket in a folder, with one file per object: a line of JSON with its properties,
//! followed by its bytes.
//!
//! Each file is replaced by a rename, so a killed run leaves every object in its old or its new
//! state.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::md5::md5_hex;
use super::object::Object;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'+');
const OBJECT: &str = ".object";
const UNFINISHED: &str = ".new";

pub(crate) struct Disk {
    folder: PathBuf,
    /// Locked while this process uses the folder.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Saved<O> {
    key: String,
    object: O,
}

impl Disk {
    /// Creates the folder if it is missing, and reserves it for this process.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join("in-use.lock"))?;
        lock.try_lock()
            .map_err(|_| io::Error::other("another `local` is using this folder"))?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn load(&self) -> io::Result<BTreeMap<String, Arc<Object>>> {
        let mut objects = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.to_string_lossy();
            if name.ends_with(UNFINISHED) {
                fs::remove_file(&path)?;
            } else if name.ends_with(OBJECT) {
                let (key, object) = read(&path)
                    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
                objects.insert(key, Arc::new(object));
            }
        }
        Ok(objects)
    }

    pub(crate) fn save(&self, key: &str, object: &Object) -> io::Result<()> {
        let path = self.path(key);
        let unfinished = path.with_extension("new");
        let mut file = File::create(&unfinished)?;
        serde_json::to_writer(
            &mut file,
            &Saved {
                key: key.to_owned(),
                object,
            },
        )?;
        file.write_all(b"\n")?;
        file.write_all(&object.bytes)?;
        drop(file);
        fs::rename(unfinished, path)
    }

    pub(crate) fn remove(&self, key: &str) -> io::Result<()> {
        fs::remove_file(self.path(key))
    }

    /// The file of a key. Its name is readable if it fits: names have at most 255 bytes, but keys
    /// up to 1,024.
    fn path(&self, key: &str) -> PathBuf {
        let mut name = utf8_percent_encode(key, PLAIN).to_string();
        if name.len() > 200 {
            name.truncate(160);
            name.push_str("--");
            name.push_str(&md5_hex(key.as_bytes()));
        }
        self.folder.join(name + OBJECT)
    }
}

fn read(path: &Path) -> io::Result<(String, Object)> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Saved { key, mut object } = serde_json::from_str::<Saved<Object>>(&line)?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    object.bytes = bytes.into();
    Ok((key, object))
}
