//! A disk that fails, stalls, fills and recovers when a test wants it to, for the files of one djscope.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

/// What operations of the disk do: write, make a file, cut it, wait until it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// They fail.
    Fail,
    /// There is no room.
    Full,
    /// They write half of the bytes and say so.
    Short,
    /// They write half of the bytes and fail.
    Torn,
    /// They take long.
    Stall,
}

/// The disk, as djscope meets it in [`Disk::environment`].
#[derive(Debug)]
pub struct Disk {
    shared: File,
    folder: TempDir,
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk {
    /// One that works.
    ///
    /// # Panics
    ///
    /// If there is no C compiler.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/disk.c");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("disk.so"))
            .arg(source)
            .arg("-ldl")
            .status();
        assert!(compiled.unwrap().success(), "cc failed");
        let shared = folder.path().join("shared");
        fs::write(&shared, [0; 48]).unwrap();
        let shared = File::options().read(true).write(true).open(shared).unwrap();
        Self { shared, folder }
    }

    /// What a process needs to meet it.
    pub fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", self.folder.path().join("disk.so")),
            ("DJSCOPE_FAULTS", self.folder.path().join("shared")),
        ]
    }

    /// From the operation `from` on, counted from the start of the process and from 1, `count` of them meet `fault`.
    /// A stall takes `stall`, or until there is another fault.
    ///
    /// # Panics
    ///
    /// If the file that is shared cannot be written.
    pub fn set(&self, fault: Fault, from: u64, count: u64, stall: Duration) {
        let stall_ms = u64::try_from(stall.as_millis()).unwrap();
        for (index, number) in [(3, from), (4, count), (5, stall_ms), (2, fault as u64)] {
            self.shared
                .write_all_at(&number.to_ne_bytes(), index * 8)
                .unwrap();
        }
    }

    /// It works again.
    pub fn recover(&self) {
        self.set(Fault::None, 0, 0, Duration::ZERO);
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.number(0)
    }

    /// Operations so far that met a fault.
    pub fn faults(&self) -> u64 {
        self.number(1)
    }

    fn number(&self, index: u64) -> u64 {
        let mut bytes = [0; 8];
        self.shared.read_exact_at(&mut bytes, index * 8).unwrap();
        u64::from_ne_bytes(bytes)
    }
}
