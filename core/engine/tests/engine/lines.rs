//! Every line of another tool has an answer.

use djscope_engine::lines::Request;
use proptest::prelude::*;

use crate::properties::{PIECES, REQUESTS, line, line_is_answered};

proptest! {
    #[test]
    fn any_request_is_answered((request, line) in line()) {
        line_is_answered(request, line.to_string().as_bytes());
    }

    #[test]
    fn any_bytes_are_answered(line in prop::collection::vec(any::<u8>(), 0..60)) {
        for &request in REQUESTS {
            line_is_answered(request, &line);
        }
    }

    #[test]
    fn a_line_with_something_else_in_it_is_answered(
        (request, line) in line(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..9_usize, prop::sample::select(PIECES)), 1..4),
    ) {
        let mut line = line.to_string();
        for (at, removed, piece) in edits {
            let start = line.floor_char_boundary(at.index(line.len() + 1));
            let end = line.floor_char_boundary((start + removed).min(line.len())).max(start);
            line.replace_range(start..end, piece);
        }
        line_is_answered(request, line.as_bytes());
    }

    #[test]
    fn any_cut_of_a_line_is_answered((request, line) in line(), cut: prop::sample::Index) {
        let line = line.to_string();
        line_is_answered(request, &line.as_bytes()[..cut.index(line.len() + 1)]);
    }
}

#[test]
fn a_line_that_asks_for_nothing_says_so() {
    for &request in REQUESTS {
        assert_eq!(line_is_answered(request, b"{}")["error"], "InvalidLine");
    }
    let answer = line_is_answered(Request::Diff, br#"{"old":"<p>a</p>","new":"<p>b</p>"}"#);
    assert_eq!(answer["patches"][0]["type"], "SetText");
}
