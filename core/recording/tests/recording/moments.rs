//! Which views were there at some moment.

use djscope_recording::model::{Connection, TurnId, ViewAt};
use djscope_recording::{Entry, Reader};

use crate::sample;

fn connection(number: u64, opened_s: i64, closed_s: Option<i64>) -> Entry {
    Entry::Connection(Connection {
        connection: number,
        opened_us: opened_s * 1_000_000,
        closed_us: closed_s.map(|closed| closed * 1_000_000),
        ..sample::connection()
    })
}

/// A turn in its second.
fn turn(number: TurnId, connection: Option<u64>, view_id: Option<u64>) -> Entry {
    Entry::Turn(Box::new(djscope_recording::model::Turn {
        connection,
        view_id,
        view: view_id.map(|view| format!("app.View{view}")),
        ..sample::turn(number)
    }))
}

#[test]
fn views_of_open_connections_are_as_their_last_turns_left_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("moments.djscope");
    let entries = vec![
        connection(1, 0, Some(6)),
        connection(2, 2, None),
        turn(1, Some(1), Some(10)),
        turn(2, Some(1), Some(11)),
        turn(3, Some(2), Some(12)),
        turn(4, None, None),
        turn(5, Some(1), Some(10)),
        turn(7, Some(2), Some(12)),
        turn(8, Some(2), Some(12)),
    ];
    sample::record(&path, entries);
    let reader = Reader::open(&path).unwrap();
    let at = |turn| -> Vec<(u64, u64, TurnId)> {
        let views = reader.views_at(turn).unwrap().into_iter();
        views
            .map(
                |ViewAt {
                     connection,
                     view_id,
                     view,
                     turn,
                 }| {
                    assert_eq!(view, Some(format!("app.View{view_id}")));
                    (connection, view_id, turn)
                },
            )
            .collect()
    };
    assert_eq!(at(1), [(1, 10, 1)]);
    assert_eq!(at(4), [(2, 12, 3), (1, 10, 1), (1, 11, 2)]);
    assert_eq!(at(5), [(2, 12, 3), (1, 10, 5), (1, 11, 2)]);
    // The first connection is closed.
    assert_eq!(at(7), [(2, 12, 7)]);
    assert_eq!(at(99), []);
}
