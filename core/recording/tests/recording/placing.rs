//! Where a recording stands: what makes room for it, and what happens if it is taken away.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use djscope_recording::filter::Filter;
use djscope_recording::{Entry, Health, Moved, Reader, RecordingError, Replaced, Writer, WriterOptions};

use crate::sample;

const LONG: Duration = Duration::from_secs(30);

fn turns(path: &Path) -> u64 {
    Reader::open(path).unwrap().totals().unwrap().turns
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn make(path: &Path) -> Writer {
    Writer::create(path, WriterOptions::default()).unwrap()
}

#[test]
fn nothing_is_written_over_unless_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("again.djscope");
    sample::record(&path, sample::everything());
    let refused = Writer::create(&path, WriterOptions::default()).err().unwrap();
    assert!(matches!(refused, RecordingError::Exists(_)), "{refused}");
    let replaced = Replaced::take(&path).unwrap().unwrap();
    make(&path).finish().unwrap();
    replaced.remove();
    assert_eq!(turns(&path), 0);
    assert_eq!(names(directory.path()), ["again.djscope"]);
    let nowhere = Writer::create(directory.path().join("no/such.djscope"), WriterOptions::default())
        .err()
        .unwrap();
    assert_eq!(nowhere.hint().as_deref(), Some("make the directory first"));
    assert!(
        Replaced::take(&directory.path().join("no/such.djscope"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn an_old_recording_comes_back_if_the_new_one_never_began() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("old.djscope");
    sample::record(&path, sample::everything());
    // As a killed djscope leaves it, with its end beside it.
    std::fs::write(directory.path().join("old.djscope-wal"), b"").unwrap();
    let before = std::fs::read(&path).unwrap();
    let replaced = Replaced::take(&path).unwrap().unwrap();
    assert!(!path.exists());
    make(&path).finish().unwrap();
    std::fs::remove_file(&path).unwrap();
    drop(replaced);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(names(directory.path()), ["old.djscope", "old.djscope-wal"]);
}

#[test]
fn what_came_to_the_place_meanwhile_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("r.djscope");
    sample::record(&path, sample::everything());
    let replaced = Replaced::take(&path).unwrap().unwrap();
    std::fs::write(&path, b"a letter").unwrap();
    drop(replaced);
    assert_eq!(std::fs::read(&path).unwrap(), b"a letter");
    let waiting = names(directory.path());
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert_eq!(turns(&directory.path().join(&waiting[1])), 1);
}

/// What stands at a path after somebody tried to replace it is what stood there before.
#[cfg(unix)]
#[test]
fn only_recordings_and_empty_files_are_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    sample::record(&at("good.djscope"), sample::everything());
    std::fs::write(at("settings.py"), "DEBUG = True").unwrap();
    std::fs::write(at("empty"), "").unwrap();
    rusqlite::Connection::open(at("db.sqlite3"))
        .unwrap()
        .execute_batch("CREATE TABLE a (b)")
        .unwrap();
    symlink(at("good.djscope"), at("link")).unwrap();
    symlink(at("empty"), at("link to nothing much")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let before = names(directory.path());
    for name in [
        "settings.py",
        "db.sqlite3",
        "link",
        "link to nothing much",
        "dangling",
        "folder",
        "pipe",
        "socket",
    ] {
        let refused = Replaced::take(&at(name)).err();
        assert!(
            matches!(
                refused,
                Some(
                    RecordingError::NotARecording { .. }
                        | RecordingError::NotAFile { .. }
                        | RecordingError::IsDirectory(_)
                )
            ),
            "{name}: {refused:?}"
        );
        assert!(refused.unwrap().hint().is_some(), "{name}");
    }
    for device in ["/dev/null", "/dev/zero", "/dev/stdout"] {
        let refused = Replaced::take(Path::new(device)).err().unwrap();
        assert!(matches!(refused, RecordingError::NotAFile { .. }), "{refused}");
    }
    assert_eq!(names(directory.path()), before);
    assert!(
        std::fs::symlink_metadata(at("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    assert_eq!(std::fs::read(at("settings.py")).unwrap(), b"DEBUG = True");
    for name in ["empty", "good.djscope"] {
        let replaced = Replaced::take(&at(name)).unwrap().unwrap();
        make(&at(name)).finish().unwrap();
        replaced.remove();
    }
    // Nothing is made where a link leads either.
    assert!(Writer::create(at("dangling"), WriterOptions::default()).is_err());
    assert!(!at("nowhere").exists());
}

/// `SQLite` takes files with these names for its own, and removes them.
#[test]
fn a_name_that_is_too_long_is_said_to_be() {
    let directory = tempfile::tempdir().unwrap();
    for length in [240, 250, 300] {
        let path = directory.path().join(format!("{}.djscope", "n".repeat(length)));
        let error = Writer::create(&path, WriterOptions::default())
            .map(drop)
            .unwrap_err();
        assert!(
            matches!(&error, RecordingError::NameTooLong(named) if *named == path),
            "{error}"
        );
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }
}

#[test]
fn a_file_with_the_name_of_a_journal_is_not_taken_for_one() {
    for suffix in ["-wal", "-shm", "-journal"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes");
        let beside = directory.path().join(format!("notes{suffix}"));
        std::fs::write(&beside, b"what I did today").unwrap();
        let refused = Writer::create(&path, WriterOptions::default()).err().unwrap();
        assert!(
            matches!(refused, RecordingError::NotARecording { .. }),
            "{refused}"
        );
        assert!(!path.exists());
        sample::record(&directory.path().join("other"), Vec::new());
        std::fs::rename(directory.path().join("other"), &path).unwrap();
        assert!(Replaced::take(&path).is_err());
        assert_eq!(std::fs::read(&beside).unwrap(), b"what I did today");
        assert!(path.exists());
    }
}

/// Not a test of its own: the process that the next test runs.
#[test]
fn records_until_its_input_ends() {
    let Some(path) = std::env::var_os("DJSCOPE_TEST_IN_USE") else {
        return;
    };
    let _writer = Writer::create(path, WriterOptions::default()).unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[cfg(unix)]
#[test]
fn a_recording_in_use_is_not_replaced_and_is_free_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("used.djscope");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "placing::records_until_its_input_ends", "--nocapture"])
        .env("DJSCOPE_TEST_IN_USE", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while Reader::open(&path).is_err() {
        assert!(begun.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(10));
    }
    let refused = Replaced::take(&path).err().unwrap();
    assert!(matches!(refused, RecordingError::InUse(_)), "{refused}");
    assert!(refused.hint().is_some() && path.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    Replaced::take(&path).unwrap().unwrap().remove();
    assert!(!path.exists());
    // The same within one process.
    let writer = make(&path);
    assert!(matches!(Replaced::take(&path), Err(RecordingError::InUse(_))));
    writer.finish().unwrap();
    Replaced::take(&path).unwrap().unwrap().remove();
}

/// POSIX drops a process's locks on a file as soon as it closes the file once; a reader in the same process must not.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_in_the_same_process_leaves_the_writers_locks_alone() {
    use std::os::unix::fs::MetadataExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("locked.djscope");
    let writer = make(&path);
    writer.write(Entry::Turn(Box::new(sample::turn(1))));
    assert!(writer.flush(LONG));
    let inode = format!(":{} ", std::fs::metadata(&path).unwrap().ino());
    let locks = || {
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        all.lines()
            .filter(|line| line.contains(&inode) && line.contains("POSIX"))
            .count()
    };
    let before = locks();
    assert!(before > 0);
    Reader::check_file(&path).unwrap();
    drop(Reader::open(&path).unwrap());
    assert!(locks() >= before, "{} of {before} locks are left", locks());
    writer.finish().unwrap();
}

/// Records turn 1, lets `harm` come over the file, records turn 2, and says what was noticed and what became of it.
fn harmed(name: &str, harm: impl Fn(&Path)) -> (tempfile::TempDir, Health, PathBuf, Vec<Health>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("in")).unwrap();
    let path = directory.path().join("in").join(name);
    let (sender, heard) = std::sync::mpsc::channel();
    let options = WriterOptions {
        on_commit: Some(Box::new(move |commit| {
            let _ = sender.send(commit.health);
        })),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    for entry in sample::everything() {
        writer.write(entry);
    }
    assert!(writer.flush(LONG));
    // Long enough that the file was seen as it should be.
    std::thread::sleep(Duration::from_millis(1000));
    harm(&path);
    let begun = Instant::now();
    let mut said = Vec::new();
    // Without anything being written.
    while said
        .last()
        .is_none_or(|health: &Health| health.happened().is_empty())
    {
        said.push(heard.recv_timeout(LONG).unwrap());
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    writer.write(Entry::Turn(Box::new(sample::turn(2))));
    assert!(writer.flush(LONG));
    let summary = writer.finish().unwrap();
    (directory, summary.health, summary.path, said)
}

#[cfg(unix)]
#[test]
fn a_file_that_is_removed_goes_on_beside() {
    let (directory, health, path, said) = harmed("gone.djscope", |path| std::fs::remove_file(path).unwrap());
    assert_eq!(path, directory.path().join("in/gone-rescued.djscope"));
    let sentence = said.last().unwrap().happened().pop().unwrap();
    assert!(
        sentence.contains("gone.djscope was removed while it was recorded; the recording goes on in"),
        "{sentence}"
    );
    assert_eq!((health.turns, turns(&path)), (2, 2));
    let reader = Reader::open(&path).unwrap();
    assert!(reader.totals().unwrap().is_ended);
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    assert_eq!(reader.turn(1).unwrap().unwrap().frames.len(), 2);
    assert_eq!(names(&directory.path().join("in")), ["gone-rescued.djscope"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_leaves_the_other_alone() {
    let (directory, health, path, _) = harmed("mine.djscope", |path| {
        let other = path.with_extension("other");
        std::fs::write(&other, b"somebody else's").unwrap();
        std::fs::rename(&other, path).unwrap();
    });
    assert_eq!(
        std::fs::read(directory.path().join("in/mine.djscope")).unwrap(),
        b"somebody else's"
    );
    assert!(matches!(health.moved, Some(Moved { is_whole: true, .. })));
    assert_eq!(turns(&path), 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_removed_leaves_the_recording_in_the_temporary_one() {
    let (_directory, health, path, _) = harmed("folder-gone.djscope", |path| {
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    });
    assert!(path.starts_with(std::env::temp_dir()), "{}", path.display());
    assert!(matches!(health.moved, Some(Moved { is_whole: true, .. })));
    assert_eq!(turns(&path), 2);
    std::fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_file_that_is_cut_is_never_said_to_hold_what_it_lost() {
    for length in [0, 8192] {
        let (_directory, health, path, said) = harmed("cut.djscope", |path| {
            let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(length).unwrap();
        });
        let sentence = said.last().unwrap().happened().pop().unwrap();
        assert!(sentence.contains("was cut or written over"), "{sentence}");
        assert_eq!(health.turns, turns(&path), "{length}");
        assert!(turns(&path) >= 1, "turn 2 came after it");
    }
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_removed_is_folded_in() {
    let (directory, health, path, _) = harmed("journal.djscope", |path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        std::fs::remove_file(name).unwrap();
    });
    assert_eq!(path, directory.path().join("in/journal.djscope"));
    assert!(health.moved.is_none());
    assert!(
        health.notices[0].contains("journal.djscope-wal was removed"),
        "{health:?}"
    );
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.turns(&Filter::all(), 0, 10).unwrap().total, 2);
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
}
