use djscope_recording::filter::Filter;
use djscope_recording::model::{Finding, FindingCode, Severity};
use djscope_recording::{Entry, Reader};

use crate::sample;

/// Derived findings stand in the place of the file's own, everywhere, and the file stays as it is.
#[test]
fn derived_findings_replace_those_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let turns = (1..=3).map(|number| Entry::Turn(Box::new(sample::turn(number))));
    sample::record(&path, turns.chain([Entry::Finding(sample::finding())]).collect());
    let written = std::fs::read(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let matching = |filter: &str| {
        let page = reader.turns(&Filter::parse(filter).unwrap(), 0, 10).unwrap();
        page.rows
            .iter()
            .map(|row| (row.turn, row.findings))
            .collect::<Vec<_>>()
    };
    assert_eq!(matching("finding:*"), [(1, 1)]);

    let raised = |turn| Finding {
        code: FindingCode::HandlerRaised,
        severity: Severity::Warning,
        turn: Some(turn),
        ..sample::finding()
    };
    reader.derive_findings(&[raised(2)]).unwrap();
    reader.derive_findings(&[raised(3), raised(3)]).unwrap();
    assert_eq!(matching("finding:*"), [(2, 1), (3, 2)]);
    assert_eq!(matching("finding:handler-*"), [(2, 1), (3, 2)]);
    assert_eq!(matching("findings>1"), [(3, 2)]);
    assert_eq!(matching(""), [(1, 0), (2, 1), (3, 2)]);
    assert_eq!(reader.findings_of_turn(3).unwrap(), [raised(3), raised(3)]);
    assert_eq!(reader.findings(1, 1).unwrap(), [raised(3)]);
    assert_eq!(reader.totals().unwrap().findings, 3);
    let overview = reader.overview(1).unwrap();
    assert_eq!(overview.columns[0].findings, 3);
    assert_eq!(reader.turn(3).unwrap().unwrap().left_out, Vec::<String>::new());
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    drop(reader);
    assert_eq!(std::fs::read(&path).unwrap(), written);
}
