//! Python expressions, laid out over lines.

/// Columns that a line may have.
pub const WIDTH: usize = 100;

/// One step further to the right.
pub const INDENT: usize = 4;

/// An expression that can be broken at its commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Stays on its line.
    Whole(String),
    /// `open`, parts with commas between them, `close`.
    Parts {
        /// As `[` or `row(`.
        open: String,
        /// Each with what stands before it, as `'name': ` or `name=`.
        parts: Vec<(String, Expression)>,
        /// As `]`.
        close: &'static str,
    },
}

impl Expression {
    /// The expression as Python source, to be written in `column` of a line that is indented by `indent`.
    pub fn text(&self, indent: usize, column: usize) -> String {
        let flat = self.flat();
        let Self::Parts { open, parts, close } = self else {
            return flat;
        };
        // The comma or bracket behind it has to fit as well.
        if parts.is_empty() || column + flat.chars().count() < WIDTH {
            return flat;
        }
        let inner = indent + INDENT;
        let mut text = format!("{open}\n");
        for (head, part) in parts {
            let part = part.text(inner, inner + head.chars().count());
            text.push_str(&format!("{}{head}{part},\n", " ".repeat(inner)));
        }
        text.push_str(&" ".repeat(indent));
        text.push_str(close);
        text
    }

    fn flat(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Parts { open, parts, close } => {
                let each: Vec<String> = parts
                    .iter()
                    .map(|(head, part)| format!("{head}{}", part.flat()))
                    .collect();
                // A tuple of one is none without its comma.
                let comma = if open == "(" && parts.len() == 1 { "," } else { "" };
                format!("{open}{}{comma}{close}", each.join(", "))
            }
        }
    }
}
