use std::fmt;

/// Why a filter could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// What is wrong, without the place.
    pub message: String,
    /// Where it begins, in characters from 1.
    pub column: usize,
    /// How many characters it covers, at least 1.
    pub length: usize,
    /// What was probably meant.
    pub hint: Option<String>,
    /// The filter as typed.
    pub filter: String,
}

impl FilterError {
    /// The filter with the wrong part marked below it, two lines.
    ///
    /// ```
    /// let error = djscope_recording::filter::Filter::parse("handlr:search").unwrap_err();
    /// assert_eq!(error.caret(), "handlr:search\n^^^^^^");
    /// ```
    pub fn caret(&self) -> String {
        let shown: String = self
            .filter
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!(
            "{shown}\n{}{}",
            " ".repeat(self.column - 1),
            "^".repeat(self.length)
        )
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter: {} (column {})", self.message, self.column)
    }
}

impl std::error::Error for FilterError {}
