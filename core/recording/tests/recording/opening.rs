use std::path::Path;

use djscope_recording::{Reader, RecordingError};
use rusqlite::Connection;

use crate::sample;

fn told(path: &Path) -> String {
    let error = Reader::open(path)
        .err()
        .unwrap_or_else(|| panic!("{} opened", path.display()));
    let hint = error
        .hint()
        .map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    let directory = path.parent().unwrap().display().to_string();
    format!("{error}{hint}").replace(&directory, "DIR")
}

#[test]
fn what_is_not_a_recording_is_refused_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let sqlite = directory.path().join("other.sqlite3");
    Connection::open(&sqlite)
        .unwrap()
        .execute_batch("CREATE TABLE a (b)")
        .unwrap();
    std::fs::create_dir(directory.path().join("folder")).unwrap();
    let good = directory.path().join("good.djscope");
    sample::record(&good, sample::everything());
    let start = std::fs::read(&good).unwrap();
    let told = [
        told(&directory.path().join("missing.djscope")),
        told(&directory.path().join("folder")),
        told(&at("empty.djscope", b"")),
        told(&at("garbage.djscope", b"no recording at all")),
        told(&at("har.djscope", b"{\"log\": {}}")),
        told(&at("zip.djscope", b"PK\x03\x04")),
        told(&sqlite),
        told(&at("head.djscope", &start[..50])),
        told(&at("page.djscope", &start[..100])),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

fn changed(sql: &str) -> (tempfile::TempDir, Result<Reader, RecordingError>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("changed.djscope");
    sample::record(&path, sample::everything());
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let opened = Reader::open(&path);
    (directory, opened)
}

#[test]
fn a_newer_major_version_is_refused() {
    let (directory, opened) = changed("UPDATE meta SET value = '\"2.3\"' WHERE key = 'format'");
    let error = opened.err().unwrap();
    let text = error
        .to_string()
        .replace(&directory.path().display().to_string(), "DIR");
    assert_eq!(
        text,
        "DIR/changed.djscope was recorded by a newer djscope (format 2.3), this one reads up to 1.x"
    );
    assert!(error.hint().unwrap().starts_with("update djscope"));
}

#[test]
fn a_newer_minor_version_opens() {
    let (_directory, opened) = changed(
        "UPDATE meta SET value = '\"1.9\"' WHERE key = 'format'; \
         ALTER TABLE turns ADD COLUMN mood TEXT; CREATE TABLE moods (mood TEXT);",
    );
    let reader = opened.unwrap();
    assert!(reader.turn(1).unwrap().is_some());
    assert_eq!(reader.problems(), Vec::<String>::new());
}

#[test]
fn a_recording_of_1_1_opens_without_classes_and_sources() {
    let (_directory, opened) = changed(
        "UPDATE meta SET value = '\"1.1\"', sum = NULL WHERE key = 'format'; \
         DROP TABLE view_classes; DROP TABLE sources;",
    );
    let reader = opened.unwrap();
    let detail = reader.turn(1).unwrap().unwrap();
    assert_eq!(detail.view.unwrap().class_data, None);
    assert_eq!(detail.left_out, Vec::<String>::new());
    assert_eq!(reader.sources().unwrap(), []);
    assert_eq!(reader.source(&sample::source().hash).unwrap(), None);
    // Of the whole file only the row that was changed here, and the pages, are not as they were written.
    let problems = reader.verify().unwrap();
    assert!(
        problems
            .iter()
            .all(|problem| problem.contains("meta") || problem.contains("page")),
        "{problems:?}"
    );
}

#[test]
fn a_class_or_source_that_was_changed_is_named() {
    for (sql, table) in [
        ("UPDATE view_classes SET body = 1", "view_classes"),
        ("UPDATE sources SET module = 'other'", "sources"),
    ] {
        let (_directory, opened) = changed(sql);
        let problems = opened.unwrap().verify().unwrap();
        assert!(
            problems.iter().any(|problem| problem.contains(table)),
            "{problems:?}"
        );
    }
}

#[test]
fn a_file_that_would_run_sql_is_refused() {
    for sql in [
        "ALTER TABLE turns RENAME TO t2; CREATE VIEW turns AS SELECT * FROM t2",
        "CREATE TRIGGER a AFTER INSERT ON logs BEGIN DELETE FROM turns; END",
        "ALTER TABLE logs ADD COLUMN big AS (hex(zeroblob(1000000)))",
        "DROP TABLE frames",
        "DELETE FROM meta",
        "ALTER TABLE sources ADD COLUMN big AS (hex(zeroblob(1000000)))",
        "DROP TABLE sources; CREATE VIEW sources AS SELECT * FROM turns",
    ] {
        let (_directory, opened) = changed(sql);
        assert!(matches!(opened, Err(RecordingError::Corrupt { .. })), "{sql}");
    }
}

#[test]
fn a_finished_recording_opens_in_a_read_only_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a ?#%20 é.djscope");
    sample::record(&path, sample::everything());
    let before = std::fs::read(&path).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    assert!(Reader::open(&path).unwrap().turn(1).unwrap().is_some());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "nothing was left beside it"
    );
}

#[cfg(unix)]
#[test]
fn a_killed_recording_opens_where_nothing_can_be_put_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let live = directory.path().join("live.djscope");
    let writer = djscope_recording::Writer::create(&live, Default::default()).unwrap();
    for entry in sample::everything() {
        writer.write(entry);
    }
    assert!(writer.flush(std::time::Duration::from_secs(30)));
    let copy = directory.path().join("copy.djscope");
    std::fs::copy(&live, &copy).unwrap();
    std::fs::copy(
        directory.path().join("live.djscope-wal"),
        directory.path().join("copy.djscope-wal"),
    )
    .unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert!(reader.turn(1).unwrap().is_some(), "what waits in -wal is read");
    drop(reader);
    // SQLite does not follow a link, so it cannot make its index file, as in a read-only directory.
    let index = directory.path().join("copy.djscope-shm");
    let _ = std::fs::remove_file(&index);
    std::os::unix::fs::symlink("nowhere", &index).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert!(reader.turn(1).unwrap().is_none());
    assert!(reader.problems()[0].contains("-wal"), "{:?}", reader.problems());
}
