use djscope_recording::model::Snapshot;
use djscope_recording::{Entry, Reader, SnapshotDelta};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::sample;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no others", |float| float.is_finite())
            .prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        // Long and alike: stored as differences.
        (0..3u32, 0..400u32).prop_map(|(seed, edit)| long_list(seed, edit)),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-z$_é]{1,4}", inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn long_list(seed: u32, edit: u32) -> Value {
    let item = |i: u32| json!({"id": i, "name": format!("item {}", i.wrapping_mul(2_654_435_761 + seed))});
    Value::Array(
        (0..300)
            .map(|i| if i == edit { json!("edited") } else { item(i) })
            .collect(),
    )
}

fn names(prefix: &'static str) -> impl Strategy<Value = Map<String, Value>> {
    let pair = (
        prop::sample::select(vec!["a", "b", "c", "d", "e", "long name é"]),
        value(),
    );
    prop::collection::vec(pair, 0..4).prop_map(move |pairs| {
        pairs
            .into_iter()
            .map(|(name, value)| (format!("{prefix}{name}"), value))
            .collect()
    })
}

/// Differences, each with how far back its base is (0: none).
fn deltas() -> impl Strategy<Value = Vec<SnapshotDelta>> {
    let unset = prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "_a", "_d"]), 0..3);
    let delta = (0..4u64, names(""), names("_"), unset);
    prop::collection::vec(delta, 1..30).prop_map(|parts| {
        let made = parts
            .into_iter()
            .zip(1u64..)
            .map(|((back, public, private, unset), snapshot)| SnapshotDelta {
                snapshot,
                base: (back > 0 && back < snapshot).then(|| snapshot - back),
                public,
                private,
                unset: unset.into_iter().map(str::to_owned).collect(),
            });
        made.collect()
    })
}

fn assert_same(read: &Snapshot, wanted: &Snapshot) {
    assert_eq!(read, wanted);
    // Equality of maps does not look at order.
    assert_eq!(
        read.public.keys().collect::<Vec<_>>(),
        wanted.public.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        read.private.keys().collect::<Vec<_>>(),
        wanted.private.keys().collect::<Vec<_>>()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_differences_read_back_as_the_states_they_make(deltas in deltas()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("states.djscope");
        sample::record(&path, deltas.iter().cloned().map(Entry::Snapshot).collect());
        let reader = Reader::open(&path).unwrap();
        let mut states: Vec<Snapshot> = Vec::new();
        for delta in &deltas {
            let base = delta.base.map(|base| states[usize::try_from(base).unwrap() - 1].clone());
            let state = delta.applied_to(base.unwrap_or_default());
            assert_same(&reader.snapshot(delta.snapshot).unwrap().unwrap(), &state);
            states.push(state);
        }
        prop_assert_eq!(reader.problems(), Vec::<String>::new());
    }

    #[test]
    fn two_differences_in_one_make_the_same_state(deltas in deltas()) {
        let mut base = Snapshot::default();
        for pair in deltas.windows(2) {
            let both = pair[0].clone().followed_by(pair[1].clone()).applied_to(base.clone());
            base = pair[1].applied_to(pair[0].applied_to(base));
            assert_same(&both, &base);
        }
    }
}

#[test]
fn a_long_list_that_changes_a_little_takes_little_room() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("list.djscope");
    let whole = serde_json::to_string(&long_list(0, 0)).unwrap().len();
    let deltas = (1..=400u32).map(|i| {
        let mut delta = SnapshotDelta {
            snapshot: i.into(),
            ..SnapshotDelta::default()
        };
        delta.base = (i > 1).then(|| u64::from(i) - 1);
        delta.public.insert("items".to_owned(), long_list(0, i));
        Entry::Snapshot(delta)
    });
    sample::record(&path, deltas.collect());
    let size = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
    assert!(size < whole * 40, "400 states of {whole} bytes take {size} bytes");
}

#[test]
fn a_state_on_one_that_is_missing_is_lost_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lost.djscope");
    let writer = djscope_recording::Writer::create(&path, Default::default()).unwrap();
    writer.write(Entry::Snapshot(SnapshotDelta {
        snapshot: 2,
        base: Some(1),
        ..SnapshotDelta::default()
    }));
    let mut turn = sample::turn(1);
    turn.after = Some(2);
    writer.write(Entry::Turn(Box::new(turn)));
    let summary = writer.finish().unwrap();
    assert_eq!(summary.health.lost["snapshot"], 1);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.turn(1).unwrap().unwrap().after, None);
    assert_eq!(reader.problems(), ["state 2: state 2 is missing"]);
    assert_eq!(reader.meta().unwrap()["lost"], json!({"snapshot": 1}));
}

#[test]
fn states_before_and_after_share_what_has_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shared.djscope");
    let large = |word: &str| json!(vec![format!("{word} and more than fits into a manifest"); 20_000]);
    let first = SnapshotDelta {
        snapshot: 1,
        public: sample::map(json!({"same": large("same"), "other": large("old"), "count": 1})),
        private: sample::map(json!({"_same": large("same")})),
        ..SnapshotDelta::default()
    };
    let second = SnapshotDelta {
        snapshot: 2,
        base: Some(1),
        public: sample::map(json!({"other": large("new"), "count": 2})),
        ..SnapshotDelta::default()
    };
    let before = first.applied_to(Snapshot::default());
    let after = second.applied_to(before.clone());
    let mut turn = sample::turn(1);
    (turn.before, turn.after) = (Some(1), Some(2));
    sample::record(
        &path,
        vec![
            Entry::Snapshot(first),
            Entry::Snapshot(second),
            Entry::Turn(Box::new(turn)),
        ],
    );
    let reader = Reader::open(&path).unwrap();
    let (read_before, read_after) = reader.state(1).unwrap();
    assert_same(&read_before.unwrap(), &before);
    assert_same(&read_after.unwrap(), &after);
}
