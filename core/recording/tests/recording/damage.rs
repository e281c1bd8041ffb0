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
    let _ = reader.findings(0, 100);
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
    assert_eq!(
        (page.total, page.rows.len()),
        (199, 199),
        "every turn keeps its place"
    );
    let damaged: Vec<u64> = page
        .rows
        .iter()
        .filter(|row| row.damage.is_some())
        .map(|row| row.turn)
        .collect();
    assert_eq!(damaged, [5, 6]);
    let detail = reader.turn(1).unwrap().unwrap();
    assert_eq!(detail.after, None);
    assert_eq!(detail.frames.len(), 1);
    assert!(
        detail
            .left_out
            .iter()
            .any(|sentence| sentence.starts_with("frames of turn 1: "))
            && detail
                .left_out
                .iter()
                .any(|sentence| sentence.starts_with("state 2: ")),
        "{:#?}",
        detail.left_out
    );
    assert!(
        reader
            .turn(2)
            .unwrap()
            .unwrap()
            .left_out
            .iter()
            .all(|sentence| !sentence.contains("turn 1"))
    );
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

/// Everything that can be shown of the turns.
fn shown(reader: &Reader) -> Vec<String> {
    let (mut shown, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.turns_after(&Filter::all(), after, 50).unwrap();
        let Some(last) = page.last() else { return shown };
        assert!(last.turn > after, "the list goes on");
        after = last.turn;
        for row in page {
            shown.push(serde_json::to_string(&row).unwrap());
            shown.push(serde_json::to_string(&reader.turn(row.turn).unwrap()).unwrap());
        }
    }
}

#[test]
fn a_flipped_bit_changes_nothing_or_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flipped.djscope");
    std::fs::write(&path, good()).unwrap();
    let reader = Reader::open(&path).unwrap();
    let (whole, pages) = (shown(&reader), reader.check_pages().unwrap());
    assert_eq!((whole.len(), pages, reader.left_out().damaged), (398, None, 0));
    drop(reader);
    let mut places = vec![0; 120 * 8];
    blake3::Hasher::new()
        .update(b"places")
        .finalize_xof()
        .fill(&mut places);
    let (mut changed, mut said_at_its_place) = (0, 0);
    for place in places.chunks_exact(8) {
        let place = u64::from_le_bytes(place.try_into().unwrap());
        let mut bytes = good().to_vec();
        let at = (place >> 3) as usize % bytes.len();
        bytes[at] ^= 1 << (place & 7);
        std::fs::write(&path, bytes).unwrap();
        let Ok(reader) = Reader::open(&path) else { continue };
        let is_damaged = reader.check_pages().unwrap().is_some();
        let is_same = shown(&reader) == whole;
        assert!(
            is_same || is_damaged,
            "bit {} of byte {at} is not missed",
            place & 7
        );
        assert!(is_damaged, "every bit of the file is looked at: byte {at}");
        changed += u32::from(!is_same);
        said_at_its_place += u32::from(!is_same && reader.left_out().damaged > 1);
    }
    assert!(
        changed > 10 && said_at_its_place > 10,
        "{said_at_its_place} of {changed}"
    );
}

#[test]
fn a_file_that_is_cut_or_grows_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cut.djscope");
    let bytes = good();
    for length in [bytes.len() - 1, bytes.len() - 56, bytes.len() - 300] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let reader = Reader::open(&path).unwrap();
        assert!(reader.check_pages().unwrap().is_some(), "{length}");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    std::fs::write(&path, longer).unwrap();
    assert!(Reader::open(&path).unwrap().check_pages().unwrap().is_some());
}

/// A page of the table itself is unreadable: the turns on it are gone, those before and behind are not.
#[test]
fn the_list_goes_on_behind_a_page_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("page.djscope");
    let turns = (1..=4000).map(|number| Entry::Turn(Box::new(sample::turn(number))));
    sample::record(&path, turns.collect());
    let leaves: Vec<u64> = {
        let db = rusqlite::Connection::open(&path).unwrap();
        let mut statement = db
            .prepare("SELECT pageno FROM dbstat WHERE name = 'turns' AND pagetype = 'leaf' ORDER BY pageno")
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert!(leaves.len() > 20, "{leaves:?}");
    let mut bytes = std::fs::read(&path).unwrap();
    for leaf in [leaves[3], leaves[4], leaves[12], leaves[leaves.len() - 1]] {
        let start = (leaf as usize - 1) * 8192;
        bytes[start..start + 8192].fill(0xee);
    }
    std::fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path).unwrap();
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.turns_after(&Filter::all(), after, 300).unwrap();
        let Some(last) = page.last() else { break };
        after = last.turn;
        seen.extend(page.iter().map(|row| row.turn));
    }
    let per_page = 4000 / leaves.len();
    assert!(seen.is_sorted() && seen.first() == Some(&1), "{seen:?}");
    assert!(
        seen.len() > 4000 - 5 * per_page && seen.len() < 4000 - 3 * per_page,
        "{} turns, {per_page} a page",
        seen.len()
    );
    assert!(reader.left_out().damaged >= 3, "{:?}", reader.problems());
}

/// Rows whose contents cannot be read are as many as there were.
#[test]
fn paging_does_not_depend_on_how_many_rows_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.djscope");
    sample::record(
        &path,
        (1..=1200)
            .map(|number| Entry::Turn(Box::new(sample::turn(number))))
            .collect(),
    );
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("UPDATE turns SET changed = '[' WHERE turn BETWEEN 100 AND 700 OR turn = 1200")
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.turns_after(&Filter::all(), after, 500).unwrap();
        let Some(last) = page.last() else { break };
        after = last.turn;
        seen.extend(page);
    }
    assert!(seen.iter().map(|row| row.turn).eq(1..=1200));
    assert_eq!(seen.iter().filter(|row| row.damage.is_some()).count(), 602);
    assert_eq!(reader.left_out().damaged, 602);
}

/// A value of a row that is another than was written, in a file that has no sums of its pages.
#[test]
fn a_changed_row_is_named_at_its_turn() {
    for (change, named) in [
        ("UPDATE turns SET duration_us = 4121", "turns: the row of turn 1 "),
        ("UPDATE turns SET queries = 7", "turns: the row of turn 1 "),
        (
            "UPDATE frames SET t_us = t_us + 1 WHERE frame = 2",
            "frames: the row of frame 2 ",
        ),
        (
            "UPDATE frames SET turn = 1, connection = 3 WHERE frame = 1",
            "frames: the row of frame 1 ",
        ),
        ("UPDATE patches SET frame = 9", "patches: the row of frame 9 "),
        (
            "UPDATE spans SET name = 'x' WHERE span = 1",
            "spans: the row of span 1 ",
        ),
        (
            "UPDATE logs SET message = 'all is well'",
            "logs: the row of id 1 ",
        ),
        ("UPDATE http SET status = 201", "http: the row of http 1 "),
        (
            "UPDATE connections SET path = '/other/'",
            "connections: the row of connection 1 ",
        ),
        ("UPDATE views SET line = 1", "views: the row of view 1 "),
        (
            "UPDATE snapshots SET base = NULL WHERE snapshot = 2",
            "snapshots: the row of snapshot 2 ",
        ),
        (
            "UPDATE turn_details SET body = '{}'",
            "turn_details: the row of turn 1 ",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("changed.djscope");
        let writer = djscope_recording::Writer::create(&path, Default::default()).unwrap();
        for entry in sample::everything() {
            writer.write(entry);
        }
        assert!(writer.flush(std::time::Duration::from_secs(30)));
        // As if it had been killed.
        drop(writer);
        let reader = Reader::open(&path).unwrap();
        let whole = reader.turn(1).unwrap().unwrap();
        assert_eq!(
            (whole.left_out, reader.check_pages().unwrap()),
            (Vec::<String>::new(), None)
        );
        drop(reader);
        let db = rusqlite::Connection::open(&path).unwrap();
        assert!(db.execute(change, []).unwrap() > 0, "{change}");
        let reader = Reader::open(&path).unwrap();
        let left_out = reader.turn(1).unwrap().unwrap().left_out;
        assert!(
            left_out.iter().any(|sentence| sentence.starts_with(named)),
            "{change}: {left_out:#?}"
        );
        assert!(reader.left_out().damaged > 0);
        if change.starts_with("UPDATE turns") {
            let rows = reader.turns(&Filter::all(), 0, 10).unwrap().rows;
            assert!(
                rows[0].damage.is_some() && rows[0].cause == "increment",
                "{rows:?}"
            );
        }
    }
}

/// A recording of format 1.0 has no sums, and nothing is missed.
/// A visit of the demo's counter and list of products, recorded by the version of djscope that wrote format 1.0.
const OLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/format-1.0.djscope");

#[test]
fn an_older_recording_opens_and_is_whole() {
    // Where it may be written beside, so that nothing changes the fixture.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("older.djscope");
    std::fs::copy(OLDER, &path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.meta().unwrap()["format"], "1.0");
    let rows = reader.turns(&Filter::all(), 0, 100).unwrap().rows;
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.kind.name(),
                row.cause.as_str(),
                row.outcome.name(),
                row.patches,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("mount", "Counter", "mounted", None),
            ("event", "increment", "patched", Some(2)),
            ("event", "increment", "patched", Some(2)),
            ("event", "increment", "patched", Some(2)),
            ("event", "increment", "patched", Some(2)),
            ("event", "increment", "patched", Some(2)),
            ("event", "nope", "error", None),
            ("mount", "Products", "mounted", None),
            ("event", "search", "patched", Some(44)),
            ("event", "search", "patched", Some(15)),
        ]
    );
    for row in &rows {
        let detail = reader.turn(row.turn).unwrap().unwrap();
        assert_eq!(row.damage, None);
        assert_eq!(detail.left_out, Vec::<String>::new());
        assert!(!detail.frames.is_empty(), "{}", row.turn);
        assert_eq!(
            detail.spans.is_empty(),
            row.outcome.name() == "error",
            "{}",
            row.turn
        );
    }
    let counter = reader.turn(6).unwrap().unwrap();
    assert_eq!(counter.after.unwrap().public["count"], 5);
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    assert_eq!(reader.problems(), Vec::<String>::new());
    drop(reader);
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(OLDER).unwrap());
}

/// A recording that was never ended has its last transactions in a file beside it, which `SQLite` reads up to the first
/// damage without a word.
#[test]
fn a_flipped_bit_in_the_journal_changes_nothing_or_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let live = directory.path().join("live.djscope");
    let writer = djscope_recording::Writer::create(&live, Default::default()).unwrap();
    for number in 1..=30 {
        writer.write(Entry::Turn(Box::new(sample::turn(number))));
        assert!(writer.flush(std::time::Duration::from_secs(30)));
    }
    let journal_of = |path: &Path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        std::path::PathBuf::from(name)
    };
    let (main, journal) = (
        std::fs::read(&live).unwrap(),
        std::fs::read(journal_of(&live)).unwrap(),
    );
    drop(writer);
    let read = |name: &str, journal: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, &main).unwrap();
        std::fs::write(journal_of(&path), journal).unwrap();
        let reader = Reader::open(&path).unwrap();
        // Before the journal is read, which may then be folded in by whoever closes it last.
        let damage = reader.check_pages().unwrap();
        let shown = shown(&reader);
        (shown, damage.is_some() || reader.left_out().damaged > 0)
    };
    let (whole, is_said) = read("whole.djscope", &journal);
    assert_eq!((whole.len(), is_said), (60, false));
    let mut places = vec![0; 60 * 8];
    blake3::Hasher::new()
        .update(b"journal")
        .finalize_xof()
        .fill(&mut places);
    let mut changed = 0;
    for (index, place) in places.chunks_exact(8).enumerate() {
        let place = u64::from_le_bytes(place.try_into().unwrap());
        let mut bytes = journal.clone();
        // The first ones are in the header.
        let at = if index < 10 {
            index * 3
        } else {
            (place >> 3) as usize % bytes.len()
        };
        bytes[at] ^= 1 << (place & 7);
        let (shown, is_said) = read(&format!("{index}.djscope"), &bytes);
        let is_same = shown == whole;
        assert!(is_same || is_said, "bit {} of byte {at} is not missed", place & 7);
        changed += u32::from(!is_same);
    }
    assert!(changed > 20, "{changed}");
}
