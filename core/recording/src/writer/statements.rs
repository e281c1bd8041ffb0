//! The statements that write rows with their sums.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::schema::{SUMMED, summed};

static INSERTS: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    SUMMED
        .iter()
        .map(|(table, columns)| {
            let places: Vec<String> = (1..=columns.split(',').count())
                .map(|number| format!("?{number}"))
                .collect();
            let values = places.join(", ");
            let insert = format!("INSERT INTO {table} ({columns}, sum) VALUES ({values}, row_sum({values}))");
            (*table, insert)
        })
        .collect()
});

static REPLACES: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    INSERTS
        .iter()
        .map(|(table, insert)| (*table, insert.replacen("INSERT", "INSERT OR REPLACE", 1)))
        .collect()
});

/// Adds a row. Values come in the order of [`SUMMED`].
pub(crate) fn insert(table: &str) -> &'static str {
    INSERTS.get(table).map_or("", String::as_str)
}

/// Adds a row, or takes the place of the one with its key.
pub(crate) fn replace(table: &str) -> &'static str {
    REPLACES.get(table).map_or("", String::as_str)
}

/// Changes a turn, apart from what is counted of it.
pub(super) static UPDATE_TURN: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<&str> = summed("turns").split(", ").collect();
    let set: Vec<String> = (1..20)
        .map(|index| format!("{} = ?{}", columns[index], index + 1))
        .collect();
    let given: Vec<String> = (1..=20).map(|number| format!("?{number}")).collect();
    format!(
        "UPDATE turns SET {}, sum = row_sum({}, queries, findings) WHERE turn = ?1",
        set.join(", "),
        given.join(", ")
    )
});

/// Adds a turn with nothing counted of it yet.
pub(super) static INSERT_TURN: LazyLock<String> =
    LazyLock::new(|| insert("turns").replace("?21, ?22", "0, 0"));

/// Counts queries and findings of a turn.
pub(super) static COUNT: LazyLock<String> = LazyLock::new(|| {
    let values = summed("turns").replace("queries, findings", "queries + ?1, findings + ?2");
    format!(
        "UPDATE turns SET queries = queries + ?1, findings = findings + ?2, sum = row_sum({values}) WHERE turn = ?3"
    )
});

/// Says which turn an HTTP exchange belongs to.
pub(super) static HTTP_TURN: LazyLock<String> = LazyLock::new(|| {
    let values = summed("http").replacen("turn", "?1", 1);
    format!("UPDATE http SET turn = ?1, sum = row_sum({values}) WHERE http = ?2")
});
