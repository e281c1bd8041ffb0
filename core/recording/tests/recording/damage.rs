use std::path::Path;
use std::sync::OnceLock;

use djscope_recording::filter::Filter;
use djscope_recording::model::Turn;
use djscope_recording::{BodySide, Entry, Reader};
use proptest::prelude::*;

use crate::sample;

/// The bytes of a good recording.
fn good() -> &'static [u8] {
    static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
    GOOD.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("good.djscope");
        let mut entries = sample::everything();
        for number in 2..200 {
            entries.push(Entry::Turn(Box::new(Turn {
                after: Some(2),
                ..sample::turn(number)
            })));
            entries.push(Entry::Frame(sample::frame(
                number + 1,
                Some(number),
                &"x y z ".repeat(200),
            )));
        }
        sample::record(&path, entries);
        std::fs::read(&path).unwrap()
    })
}

/// Asks for everything; whatever is answered, nothing panics.
fn read_all(path: &Path) {
    let Ok(reader) = Reader::open(path) else {
        return;
    };
    let _ = reader.verify();
    let _ = reader.totals();
    let _ = reader.meta();
    let _ = reader.turns(&Filter::all(), 0, 1000);
    let _ = reader.turns(&Filter::parse("key:c*t or /boom/ or finding:*").unwrap(), 0, 1000);
    let _ = reader.overview(50);
    let _ = reader.connections();
    let _ = reader.views();
    let _ = reader.http(0, 10);
    let _ = reader.http_body(1, BodySide::Response);
    let _ = reader.logs(0, 10);
    let _ = reader.findings();
    let _ = reader.frames(0..=u64::MAX, 1000);
    for turn in [1, 2, 100] {
        let _ = reader.turn(turn);
        let _ = reader.dom(turn);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn flipped_bits_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..30)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("flipped.djscope");
        let mut bytes = good().to_vec();
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        std::fs::write(&path, bytes).unwrap();
        read_all(&path);
    }

    #[test]
    fn a_cut_file_never_panics(length in any::<prop::sample::Index>()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cut.djscope");
        std::fs::write(&path, &good()[..length.index(good().len())]).unwrap();
        read_all(&path);
    }

    #[test]
    fn random_bytes_after_a_good_start_never_panic(
        start in 100..2000usize,
        rest in prop::collection::vec(any::<u8>(), 0..20_000),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("random.djscope");
        let mut bytes = good()[..start].to_vec();
        bytes.extend(rest);
        std::fs::write(&path, bytes).unwrap();
        read_all(&path);
    }
}

#[test]
fn what_is_not_damaged_is_still_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("partly.djscope");
    std::fs::write(&path, good()).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "UPDATE blobs SET body = zeroblob(length(body)); UPDATE turns SET changed = '[' WHERE turn = 5; \
             UPDATE frames SET payload = x'28b52ffd' WHERE frame = 1; UPDATE turns SET t_us = 'x' WHERE turn = 6",
        )
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let page = reader.turns(&Filter::all(), 0, 1000).unwrap();
    assert_eq!((page.total, page.rows.len()), (199, 197), "two rows are damaged");
    let detail = reader.turn(1).unwrap().unwrap();
    assert_eq!(detail.after, None);
    assert_eq!(detail.frames.len(), 1);
    assert_eq!(detail.spans.len(), 2);
    assert!(reader.problems().len() >= 4, "{:#?}", reader.problems());
}

#[test]
fn a_value_that_would_grow_without_bound_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bomb.djscope");
    std::fs::write(&path, good()).unwrap();
    let bomb = zstd::bulk::compress(&vec![b' '; 300 << 20], 1).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("UPDATE frames SET payload = ? WHERE frame = 1", [&bomb])
        .unwrap();
    db.execute("UPDATE turn_details SET body = ? WHERE turn = 1", [&bomb])
        .unwrap();
    drop(db);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.turn(1).unwrap().unwrap().frames.len(), 1);
    assert!(
        reader
            .problems()
            .iter()
            .any(|problem| problem.contains("larger than a recording may hold"))
    );
}
