//! Files in pieces.

use djscope_live::{Declared, Handler, UploadSlot};
use djscope_template::value::{Dict, Value};

/// So many files are shown.
const SHOWN: usize = 20;

pub fn view() -> Declared {
    let slot = UploadSlot {
        max_entries: 5,
        max_file_bytes: 5_000_000,
        ..UploadSlot::new("document")
    };
    Declared::new("demo.views.Upload", "upload.html")
        .state("files", Vec::<Value>::new())
        .upload(slot)
        .handler(Handler::new("count").run(|instance, _| {
            let taken = instance.take_uploads("document");
            instance.update_list("files", |files| {
                files.extend(taken.iter().map(|file| {
                    let words = String::from_utf8_lossy(&file.data).split_whitespace().count();
                    Value::from(Dict::from_iter([
                        ("name", Value::from(file.file_name.as_str())),
                        ("size", Value::from(file.data.len() as i64)),
                        ("words", Value::from(words as i64)),
                    ]))
                }));
                let surplus = files.len().saturating_sub(SHOWN);
                files.drain(..surplus);
            });
            Ok(())
        }))
}
