//! Files that the browser sends (djust `uploads/__init__.py`).

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

/// What a slot for files takes: `allow_upload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadSlot {
    /// Its name, which `dj-upload` names.
    pub name: Arc<str>,
    /// File extensions: `.txt`, or media types: `image/*`; all if there are none.
    pub accept: Vec<Arc<str>>,
    /// How many files.
    pub max_entries: usize,
    /// Bytes of one file.
    pub max_file_bytes: u64,
    /// Bytes of a piece.
    pub chunk_bytes: usize,
}

impl UploadSlot {
    /// A slot for one file of up to 10 MB.
    ///
    /// Pieces are so small that one with its head is a message of 64 KiB: djust's own default is cut off by its own
    /// limit of messages.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            accept: Vec::new(),
            max_entries: 1,
            max_file_bytes: 10_000_000,
            chunk_bytes: 63 * 1024,
        }
    }

    fn accepts(&self, file: &str, media_type: &str) -> bool {
        let (file, media_type) = (file.to_lowercase(), media_type.to_lowercase());
        self.accept.is_empty()
            || self
                .accept
                .iter()
                .any(|accepted| match accepted.strip_suffix("/*") {
                    Some(kind) => media_type
                        .strip_prefix(kind)
                        .is_some_and(|rest| rest.starts_with('/')),
                    None => file.ends_with(&**accepted) || media_type == **accepted,
                })
    }
}

/// A file, or what has come of it.
#[derive(Clone, Debug)]
pub struct Upload {
    /// UUID by which the browser names it.
    pub reference: Arc<str>,
    /// The slot.
    pub slot: Arc<str>,
    /// Name of the file, as the browser tells it.
    pub file_name: String,
    /// Media type, as the browser tells it.
    pub media_type: String,
    /// Bytes that were announced.
    pub announced_bytes: u64,
    /// Bytes that came.
    pub data: Vec<u8>,
    /// All of it is there.
    pub is_complete: bool,
    next_chunk: u32,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The view has no such slot, the file does not fit it, or there are enough.
    #[error("Upload rejected (check file type, size, or max entries)")]
    Rejected,
    /// Nothing was announced under this name.
    #[error("Unknown upload")]
    Unknown,
    /// More bytes came than were announced.
    #[error("File too large")]
    TooLarge,
    /// A piece is missing.
    #[error("A part of the file is missing")]
    Gap,
}

/// The files of a mounted view.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    slots: Vec<UploadSlot>,
    files: Vec<Upload>,
}

impl Uploads {
    pub fn new(slots: Vec<UploadSlot>) -> Self {
        Self {
            slots,
            files: Vec::new(),
        }
    }

    /// djust's `upload_configs` of the mount frame.
    pub fn config(&self) -> Option<Json> {
        let config: Map<String, Json> = self
            .slots
            .iter()
            .map(|slot| {
                let accept: Vec<&str> = slot.accept.iter().map(|accepted| &**accepted).collect();
                let config = json!({
                    "name": &*slot.name,
                    "accept": accept.join(","),
                    "max_entries": slot.max_entries,
                    "max_file_size": slot.max_file_bytes,
                    "chunk_size": slot.chunk_bytes,
                    "auto_upload": true,
                    "resumable": false,
                });
                (slot.name.to_string(), config)
            })
            .collect();
        (!config.is_empty()).then_some(Json::Object(config))
    }

    /// A file will come.
    pub fn register(
        &mut self,
        reference: &str,
        slot: &str,
        file_name: &str,
        media_type: &str,
        announced_bytes: u64,
    ) -> Result<(), UploadError> {
        let slot = self
            .slots
            .iter()
            .find(|known| *known.name == *slot)
            .ok_or(UploadError::Rejected)?;
        let is_known = self.files.iter().any(|file| *file.reference == *reference);
        let of_slot = self.files.iter().filter(|file| file.slot == slot.name).count();
        let fits = announced_bytes <= slot.max_file_bytes && slot.accepts(file_name, media_type);
        if !fits || is_known || of_slot >= slot.max_entries {
            return Err(UploadError::Rejected);
        }
        self.files.push(Upload {
            reference: reference.into(),
            slot: Arc::clone(&slot.name),
            file_name: file_name.to_owned(),
            media_type: media_type.to_owned(),
            announced_bytes,
            data: Vec::new(),
            is_complete: false,
            next_chunk: 0,
        });
        Ok(())
    }

    /// A piece came; gives how many percent there are. What fails is forgotten.
    pub fn add(&mut self, reference: &str, index: u32, data: &[u8]) -> Result<u64, UploadError> {
        let file = self.open(reference).ok_or(UploadError::Unknown)?;
        let bytes = file.data.len() as u64 + data.len() as u64;
        let error = if index != file.next_chunk {
            Some(UploadError::Gap)
        } else if bytes > file.announced_bytes {
            Some(UploadError::TooLarge)
        } else {
            None
        };
        if let Some(error) = error {
            self.cancel(reference);
            return Err(error);
        }
        file.data.extend_from_slice(data);
        file.next_chunk += 1;
        Ok(bytes * 100 / file.announced_bytes.max(1))
    }

    /// The browser has sent all.
    pub fn complete(&mut self, reference: &str) -> Result<(), UploadError> {
        let file = self.open(reference).ok_or(UploadError::Unknown)?;
        if file.data.len() as u64 != file.announced_bytes {
            self.cancel(reference);
            return Err(UploadError::Gap);
        }
        file.is_complete = true;
        Ok(())
    }

    /// The browser gave up.
    pub fn cancel(&mut self, reference: &str) {
        self.files.retain(|file| *file.reference != *reference);
    }

    fn open(&mut self, reference: &str) -> Option<&mut Upload> {
        self.files
            .iter_mut()
            .find(|file| *file.reference == *reference && !file.is_complete)
    }

    pub fn of<'a>(&'a self, slot: &'a str) -> impl Iterator<Item = &'a Upload> {
        self.files.iter().filter(move |file| *file.slot == *slot)
    }

    pub fn take_complete(&mut self, slot: &str) -> Vec<Upload> {
        let (taken, left) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|file| file.is_complete && *file.slot == *slot);
        self.files = left;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploads() -> Uploads {
        Uploads::new(vec![UploadSlot {
            accept: vec![".txt".into(), "image/*".into()],
            ..UploadSlot::new("doc")
        }])
    }

    #[test]
    fn a_file_in_two_pieces() {
        let mut uploads = uploads();
        uploads.register("r", "doc", "A.TXT", "text/plain", 4).unwrap();
        assert_eq!(uploads.add("r", 0, b"ab"), Ok(50));
        assert!(uploads.take_complete("doc").is_empty());
        assert_eq!(uploads.add("r", 1, b"cd"), Ok(100));
        uploads.complete("r").unwrap();
        assert_eq!(uploads.take_complete("doc")[0].data, b"abcd");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut uploads = uploads();
        for (slot, file, media_type, bytes) in [
            ("other", "a.txt", "text/plain", 1),
            ("doc", "a.exe", "application/x-msdownload", 1),
            ("doc", "a.exe", "imagex/png", 1),
            ("doc", "a.txt", "text/plain", 10_000_001),
        ] {
            let refused = uploads.register("r", slot, file, media_type, bytes);
            assert_eq!(refused, Err(UploadError::Rejected), "{file} {media_type} {bytes}");
        }
        uploads.register("r", "doc", "a.png", "image/png", 2).unwrap();
        assert_eq!(
            uploads.register("s", "doc", "b.png", "image/png", 2),
            Err(UploadError::Rejected),
            "one file is enough"
        );
        assert_eq!(uploads.add("r", 0, b"abc"), Err(UploadError::TooLarge));
        assert_eq!(uploads.add("r", 1, b"a"), Err(UploadError::Unknown), "forgotten");
    }

    #[test]
    fn gaps_are_noticed() {
        let mut uploads = uploads();
        uploads.register("r", "doc", "a.txt", "", 4).unwrap();
        assert_eq!(uploads.add("r", 1, b"ab"), Err(UploadError::Gap));
        uploads.register("r", "doc", "a.txt", "", 4).unwrap();
        uploads.add("r", 0, b"ab").unwrap();
        assert_eq!(uploads.complete("r"), Err(UploadError::Gap));
    }
}
