use djscope_recording::filter::Filter;
use djscope_recording::model::TurnId;
use djscope_recording::{Entry, Reader};

use crate::sample;

/// Pages and positions of a long list are what counting its turns one by one gives.
fn is_as_counted(turns: impl Fn(TurnId) -> bool, filter: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.djscope");
    let numbers: Vec<TurnId> = (3..=5_000).filter(|number| turns(*number)).collect();
    sample::record(
        &path,
        numbers
            .iter()
            .map(|number| {
                let mut turn = sample::turn(*number);
                if number % 3 == 0 {
                    turn.event = Some("search".to_owned());
                }
                Entry::Turn(Box::new(turn))
            })
            .collect(),
    );
    let reader = Reader::open(&path).unwrap();
    let parsed = Filter::parse(filter).unwrap();
    let listed: Vec<TurnId> = numbers
        .into_iter()
        .filter(|number| filter.is_empty() || number % 3 == 0)
        .collect();
    for from in [
        0,
        1,
        511,
        1_023,
        1_024,
        1_025,
        1_536,
        1_600,
        listed.len() - 1,
        listed.len(),
        9_999,
    ] {
        let page = reader.turns(&parsed, from as u64, 7).unwrap();
        let found: Vec<TurnId> = page.rows.iter().map(|row| row.turn).collect();
        let expected: Vec<TurnId> = listed.iter().skip(from).take(7).copied().collect();
        assert_eq!(
            (found, page.total),
            (expected, listed.len() as u64),
            "from {from}"
        );
    }
    for turn in (0..5_100).step_by(37) {
        let before = listed.iter().filter(|number| **number < turn).count() as u64;
        assert_eq!(
            reader.turn_position(turn, &parsed).unwrap(),
            before,
            "turn {turn}"
        );
    }
}

#[test]
fn positions_in_a_list_without_gaps() {
    is_as_counted(|_| true, "");
}

#[test]
fn positions_in_a_list_with_gaps() {
    is_as_counted(|number| number % 50 < 47, "");
}

#[test]
fn positions_in_a_filtered_list() {
    is_as_counted(|number| number % 50 < 47, "event:search");
}
