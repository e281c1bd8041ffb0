//! Numbers, times and sizes as text: three significant digits, one unit a column.

use djscope_recording::model::Micros;

/// `value` with three significant digits: `<0.01`, `0.42`, `4.10`, `18.2`, `204`, `1 204`.
pub fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 999.5 => thousands(value.round() as i64),
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size > 0.0 && size < 0.005 => "<0.01".to_owned(),
        _ => format!("{value:.2}"),
    }
}

/// A whole number in groups of three, divided by thin spaces.
pub fn thousands(value: i64) -> String {
    let plain = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3 + 1);
    if value < 0 {
        text.push('−');
    }
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A count as text, in groups of three.
pub fn count(value: u64) -> String {
    thousands(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A count with its noun: `1 turn`, `1 204 turns`.
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// Microseconds as milliseconds without the unit.
pub fn millis(micros: u64) -> String {
    digits(micros as f64 / 1000.0)
}

/// Microseconds as milliseconds with the unit.
pub fn ms(micros: u64) -> String {
    format!("{} ms", millis(micros))
}

/// A time since the start of the recording in seconds, one decimal, without the unit.
pub fn seconds(t_us: Micros) -> String {
    let tenths = (t_us as f64 / 100_000.0).round() as i64;
    format!("{}.{}", thousands(tenths / 10), tenths.rem_euclid(10))
}

/// A time since the start of the recording to the microsecond.
pub fn exact(t_us: Micros) -> String {
    format!(
        "{}.{:06} s from the start of the recording",
        t_us / 1_000_000,
        t_us.rem_euclid(1_000_000)
    )
}

/// A running time: `00:42`, `1:02:03`.
pub fn clock(duration_us: Micros) -> String {
    let seconds = (duration_us / 1_000_000).max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// A size: `812 B`, `118 KB`, `1.20 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} B"),
        1_000..=999_499 => format!("{} KB", digits(bytes as f64 / 1e3)),
        999_500..=999_499_999 => format!("{} MB", digits(bytes as f64 / 1e6)),
        _ => format!("{} GB", digits(bytes as f64 / 1e9)),
    }
}

/// `text` on one line, with breaks shown, cut after `limit` characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit) + 4);
    for (index, character) in text.chars().enumerate() {
        if index == limit {
            out.push('…');
            break;
        }
        match character {
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// The last two parts of a path, which is what tells files apart in a column.
pub fn short_path(path: &str) -> &str {
    let cut = path
        .rmatch_indices(['/', '\\'])
        .nth(1)
        .map_or(0, |(index, _)| index + 1);
    &path[cut..]
}

/// `views.py:88`, as short as it stays clear.
pub fn place(file: &str, line: Option<u64>) -> String {
    line.map_or_else(
        || short_path(file).to_owned(),
        |line| format!("{}:{line}", short_path(file)),
    )
}

/// True for a source file of Python's library or of an installed package: not the user's own code.
pub fn is_library(file: &str) -> bool {
    ["site-packages", "dist-packages", "/lib/python", "\\Lib\\"]
        .iter()
        .any(|part| file.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0.00"),
            (0.004, "<0.01"),
            (0.418, "0.42"),
            (4.1, "4.10"),
            (9.996, "10.0"),
            (18.24, "18.2"),
            (99.96, "100"),
            (1204.0, "1\u{2009}204"),
        ] {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn times_and_sizes() {
        assert_eq!(seconds(12_149_999), "12.1");
        assert_eq!(clock(42_900_000), "00:42");
        assert_eq!(clock(3_723_000_000), "1:02:03");
        assert_eq!(exact(1_000_005), "1.000005 s from the start of the recording");
        assert_eq!(size(118_400), "118 KB");
        assert_eq!(size(999_600), "1.00 MB");
        assert_eq!(size(12), "12 B");
        assert_eq!(counted(1, "turn", "turns"), "1 turn");
    }

    #[test]
    fn text_is_cut_on_characters() {
        assert_eq!(one_line("häl\nlo", 4), "häl …");
        assert_eq!(place("/srv/shop/views.py", Some(88)), "shop/views.py:88");
        assert_eq!(place("views.py", None), "views.py");
    }
}
