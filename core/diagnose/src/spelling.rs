//! Names that look alike.

/// The most similar of some names, if one differs in no more than a third of its letters.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = names.map(|name| (distance(wanted, name), name)).min()?;
    (distance * 3 <= wanted.chars().count().max(3)).then_some(name)
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, against) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *against);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted() {
        for (one, other, expected) in [
            ("goo", "go", 1),
            ("", "abc", 3),
            ("add_item", "additem", 1),
            ("a", "a", 0),
            ("save", "load", 4),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
