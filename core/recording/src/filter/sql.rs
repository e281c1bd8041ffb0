use rusqlite::types::Value;

use super::Filter;
use super::ast::{Comparison, Expr, NumberKey, TextKey};

/// The names that changed, as a JSON list; where no probe reported, those that likely did.
const CHANGED: &str = "coalesce(t.changed, likely_of(t))";

/// The condition of a query over `turns AS t`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Condition {
    /// SQL with one `?` for each value.
    pub sql: String,
    /// What the `?` stand for, in order.
    pub values: Vec<Value>,
}

impl Filter {
    /// What a query for the matching turns asks.
    pub(crate) fn condition(&self) -> Condition {
        let mut condition = Condition::default();
        match self.expr() {
            Some(expr) => condition.expr(expr),
            None => condition.sql.push('1'),
        }
        condition
    }
}

impl Condition {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::And(parts) => self.list(parts, " AND "),
            Expr::Or(parts) => self.list(parts, " OR "),
            Expr::Not(inner) => {
                // A field without a value does not match, so its opposite does.
                self.sql.push_str("NOT ((");
                self.expr(inner);
                self.sql.push_str(") IS TRUE)");
            }
            Expr::Word(word) => {
                self.contains(&["t.cause", "t.event", "t.view", "t.error"], &like(word, true));
            }
            Expr::Anywhere(text) => {
                let fields = [
                    "t.cause",
                    "t.event",
                    "t.view",
                    "t.error",
                    "t.exception",
                    "t.params",
                    "t.changed",
                ];
                self.contains(&fields, &format!("%{}%", escaped(text)));
            }
            Expr::Text(key, pattern) => self.text(*key, pattern),
            Expr::Number(key, comparison, number) => self.number(*key, *comparison, *number),
        }
    }

    fn list(&mut self, parts: &[Expr], between: &str) {
        self.sql.push('(');
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.sql.push_str(between);
            }
            self.expr(part);
        }
        self.sql.push(')');
    }

    fn contains(&mut self, fields: &[&str], pattern: &str) {
        let parts: Vec<String> = fields
            .iter()
            .map(|field| format!("{field} LIKE ? ESCAPE '\\'"))
            .collect();
        self.sql.push_str(&format!("({})", parts.join(" OR ")));
        self.values
            .extend(fields.iter().map(|_| Value::Text(pattern.to_owned())));
    }

    fn text(&mut self, key: TextKey, pattern: &str) {
        let is_any = pattern.chars().all(|c| c == '*');
        match key {
            TextKey::Kind => self.contains(&["t.kind"], &like(pattern, false)),
            TextKey::Outcome => self.contains(&["t.outcome"], &like(pattern, false)),
            TextKey::Event if is_any => self.sql.push_str("t.event IS NOT NULL"),
            TextKey::Event => self.contains(&["t.event"], &like(pattern, false)),
            TextKey::Key => self.changed(pattern, is_any),
            TextKey::View if is_any => self.sql.push_str("t.view IS NOT NULL"),
            TextKey::View => {
                let pattern = like(pattern, false);
                self.sql
                    .push_str("(t.view LIKE ? ESCAPE '\\' OR t.view LIKE ? ESCAPE '\\')");
                self.values
                    .extend([Value::Text(pattern.clone()), Value::Text(format!("%.{pattern}"))]);
            }
            TextKey::Error if is_any => self
                .sql
                .push_str("(t.error IS NOT NULL OR t.exception IS NOT NULL)"),
            TextKey::Error => self.contains(&["t.error", "t.exception"], &like(pattern, true)),
            TextKey::Finding if is_any => self.sql.push_str("findings_of(t) > 0"),
            TextKey::Finding => {
                self.sql.push_str("findings_of(t) > 0 AND ");
                self.turns_of("findings", "code", &like(pattern, false));
            }
            TextKey::Log => self.turns_of("logs", "level", &like(pattern, false)),
            TextKey::Query => {
                self.sql.push_str("t.queries > 0 AND ");
                self.turns_of("spans", "kind = 'sql' AND name", &like(pattern, true));
            }
            TextKey::Params => self.contains(&["t.params"], &like(pattern, true)),
        }
    }

    /// The names are a JSON list, so a name is what stands between two quotes.
    fn changed(&mut self, pattern: &str, is_any: bool) {
        let inner = pattern.trim_matches('*');
        if is_any {
            self.sql.push_str(&format!("{CHANGED} LIKE '[\"%'"));
        } else if inner.contains('*') {
            self.sql.push_str(&format!(
                "CASE WHEN json_valid({CHANGED}) THEN EXISTS \
                 (SELECT 1 FROM json_each({CHANGED}) AS j WHERE j.value LIKE ? ESCAPE '\\') ELSE 0 END",
            ));
            self.values.push(Value::Text(like(pattern, false)));
        } else {
            let open = if pattern.starts_with('*') { "" } else { "\"" };
            let close = if pattern.ends_with('*') { "" } else { "\"" };
            self.contains(&[CHANGED], &format!("%{open}{}{close}%", escaped(inner)));
        }
    }

    fn turns_of(&mut self, table: &str, field: &str, pattern: &str) {
        self.sql.push_str(&format!(
            "t.turn IN (SELECT turn FROM {table} WHERE {field} LIKE ? ESCAPE '\\')"
        ));
        self.values.push(Value::Text(pattern.to_owned()));
    }

    fn number(&mut self, key: NumberKey, comparison: Comparison, number: f64) {
        let (field, unit) = match key {
            NumberKey::Ms => ("t.duration_us", 1e3),
            NumberKey::Time => ("t.t_us", 1e6),
            NumberKey::Patches => ("t.patches", 1.0),
            NumberKey::Sql => ("t.queries", 1.0),
            NumberKey::Findings => ("findings_of(t)", 1.0),
            NumberKey::Turn => ("t.turn", 1.0),
            NumberKey::Connection => ("t.connection", 1.0),
            NumberKey::Version => ("t.version", 1.0),
            NumberKey::Reference => ("t.reference", 1.0),
        };
        self.sql.push_str(&format!("{field} {} ?", comparison.symbol()));
        self.values.push(Value::Real(number * unit));
    }
}

/// A `*`-pattern as one of SQL's `LIKE`.
fn like(pattern: &str, is_part: bool) -> String {
    let pattern = escaped(pattern).replace('*', "%");
    if is_part { format!("%{pattern}%") } else { pattern }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
