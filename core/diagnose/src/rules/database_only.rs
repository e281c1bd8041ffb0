//! `database-only`: only the database was written, and nothing of the state.

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::DatabaseOnly,
    severity: Severity::Warning,
    candidates: "outcome:noop query:*",
    explanation: Explanation {
        what: "Only the database was written, and nothing of the state.",
        decided: "The turn sent INSERT, UPDATE or DELETE, no name of the state differs, and djust saw no change, so that nothing was rendered. Whether the page should show it, the recording does not say: it is likely at most.",
        wrong: r#"Product.objects.filter(pk=pk).update(stock=F("stock") - 1)"#,
        right: r#"Product.objects.filter(pk=pk).update(stock=F("stock") - 1)
self.products = list(Product.objects.all())"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing() || !facts.djust_saw_nothing() || facts.turn.changed.as_deref() != Some(&[]) {
        return None;
    }
    let writes = facts.writing_queries();
    let first = writes.first()?;
    let sql = writes.iter().take(MAX_QUERIES).map(|span| {
        Evidence::from(KnownEvidence::Sql {
            span: span.span,
            text: span.name.clone(),
        })
    });
    let table = table(&first.name).unwrap_or("the database");
    let place = facts.place_of_query(first).or_else(|| facts.handler_place());
    Some(Found {
        place,
        evidence: sql.collect(),
        ..Found::likely(
            format!(
                "{} wrote {table} and left the state as it was, so nothing was rendered",
                facts.event_name()
            ),
            "assign what the page shows anew from the database".to_owned(),
        )
    })
}

/// Queries that are shown.
const MAX_QUERIES: usize = 5;

/// The table that a statement writes.
fn table(statement: &str) -> Option<&str> {
    let mut words = statement.split_whitespace().skip_while(|word| {
        [
            "INSERT", "INTO", "UPDATE", "DELETE", "FROM", "REPLACE", "OR", "IGNORE",
        ]
        .contains(&word.to_ascii_uppercase().as_str())
    });
    let name = words
        .next()?
        .trim_matches(|character| matches!(character, '"' | '`' | '[' | ']' | '('));
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_named() {
        for (statement, expected) in [
            (r#"UPDATE "shop_product" SET x = 1"#, "shop_product"),
            (r#"INSERT INTO "shop_order" ("a") VALUES (1)"#, "shop_order"),
            ("DELETE FROM `a` WHERE 1", "a"),
            ("INSERT OR IGNORE INTO b VALUES (1)", "b"),
        ] {
            assert_eq!(table(statement), Some(expected));
        }
        assert_eq!(table("UPDATE"), None);
    }
}
