//! Files in pieces (djust `websocket.py`, `_handle_upload_frame`).

use djscope_wire::{ServerFrame, UploadFrame, UploadPart, UploadProgress, UploadRegister, UploadRegistered};

use super::{NOT_MOUNTED, Session, UPLOAD_HEAD};
use crate::uploads::UploadError;

impl Session {
    pub(super) fn upload_register(&mut self, register: &UploadRegister) {
        let Some(mounted) = &mut self.mounted else {
            self.error(NOT_MOUNTED);
            return;
        };
        let registered = mounted.instance.uploads.register(
            &register.reference,
            &register.upload_name,
            &register.client_name,
            &register.client_type,
            register.client_size,
        );
        match registered {
            Ok(()) => self.send(ServerFrame::UploadRegistered(UploadRegistered {
                reference: register.reference.clone(),
                upload_name: register.upload_name.clone(),
                ..UploadRegistered::default()
            })),
            Err(error) => self.error(&error.to_string()),
        }
    }

    pub(super) fn upload_frame(&mut self, upload: &UploadFrame, bytes: &[u8]) {
        let Some(mounted) = &mut self.mounted else {
            self.error(NOT_MOUNTED);
            return;
        };
        let uploads = &mut mounted.instance.uploads;
        let reference = &upload.reference;
        match upload.part {
            UploadPart::Chunk { index, .. } => {
                let data = bytes.get(UPLOAD_HEAD..).unwrap_or_default();
                match uploads.add(reference, index, data) {
                    Ok(progress) => self.progress(reference, progress, "uploading", None),
                    Err(error) => self.progress(reference, 0, "error", Some(error)),
                }
            }
            UploadPart::Complete => match uploads.complete(reference) {
                Ok(()) => self.progress(reference, 100, "complete", None),
                Err(error) => self.progress(reference, 0, "error", Some(error)),
            },
            UploadPart::Cancel => {
                uploads.cancel(reference);
                self.progress(reference, 0, "cancelled", None);
            }
        }
    }

    fn progress(&mut self, reference: &str, progress: u64, status: &str, error: Option<UploadError>) {
        self.send(ServerFrame::UploadProgress(UploadProgress {
            reference: reference.to_owned(),
            progress: progress as f64,
            status: status.to_owned(),
            error: error.map(|error| error.to_string()),
            ..UploadProgress::default()
        }));
    }
}
