//! Database queries: their shape and how many there are of each.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Difference, What, Witness};

/// Statements that only say where a transaction begins and ends; a copy or a hidden transaction may have others.
const TRANSACTIONS: [&str; 6] = ["BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK", "PRAGMA"];

/// How many writes of each shape differ. Reads are not compared: what a process has read before it may not read again.
pub fn difference(recorded: &[String], got: &[String]) -> Option<Difference> {
    let (theirs, ours) = (writes(recorded), writes(got));
    (theirs != ours).then(|| Difference {
        witness: Witness::Djust,
        what: What::Sql,
        path: "writes".to_owned(),
        recorded: told(&theirs),
        got: told(&ours),
    })
}

fn writes(statements: &[String]) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for statement in statements {
        if is_write(statement) {
            *found.entry(shape(statement)).or_insert(0) += 1;
        }
    }
    found
}

/// True for a statement that changes a database; sessions are not meant, whose keys are others in every run.
pub fn is_write(statement: &str) -> bool {
    let first = statement
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    !TRANSACTIONS.contains(&first.as_str()) && first != "SELECT" && !statement.contains("django_session")
}

/// The statement with one blank between words and one place in a list of places.
fn shape(statement: &str) -> String {
    let mut text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    while text.contains("%s, %s") {
        text = text.replace("%s, %s", "%s");
    }
    text
}

fn told(writes: &BTreeMap<String, u32>) -> Value {
    writes
        .iter()
        .map(|(shape, times)| json!({"sql": shape, "times": times}))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_compared_by_shape_and_number() {
        let sql = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let insert = "INSERT INTO a VALUES (%s, %s)";
        for (recorded, got, is_same) in [
            (sql(&[insert]), sql(&["INSERT INTO a  VALUES (%s, %s, %s)"]), true),
            (sql(&[insert]), sql(&[insert, insert]), false),
            (sql(&["SELECT 1"]), sql(&[]), true),
            (sql(&["BEGIN", insert]), sql(&["SAVEPOINT x", insert]), true),
            (sql(&["UPDATE django_session SET x = %s"]), sql(&[]), true),
        ] {
            assert_eq!(
                difference(&recorded, &got).is_none(),
                is_same,
                "{recorded:?} {got:?}"
            );
        }
    }
}
