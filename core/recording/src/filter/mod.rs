//! The filter grammar: which turns a list shows.
//!
//! A filter is text that a person types. It becomes a [`Filter`], which
//! prints itself in one canonical form, and (with the feature `sqlite`) the
//! condition of a query.

mod ast;
mod error;
mod parse;
#[cfg(feature = "sqlite")]
mod sql;

pub use ast::{Comparison, Expr, NumberKey, TextKey};
pub use error::FilterError;

use std::fmt;
use std::str::FromStr;

/// The grammar, for `--help` and the filter box.
pub const HELP: &str = "\
A filter is a list of terms; a turn must match all of them.

  kind:event        what set it off: mount event url_change tick push async recovery
                    upload hot_reload time_travel other
  outcome:noop      how it ended: unanswered mounted patched empty_patch noop full_html
                    error redirected recovered silent done
  handler:search    event or handler name (also event:search)
  key:items         a name of the state that changed
  view:CounterView  the view class, by its last part or its whole path
  error:*           has an error or an exception; error:text looks into it
  finding:*         has a finding; finding:CODE has that one
  log:warning       logged at that level; log:* logged anything
  query:product     ran SQL that contains the text
  params:abc        event parameters contain the text
  ms>20             length in milliseconds
  patches=0         number of patches sent
  sql>3             number of SQL queries
  findings>1        number of findings
  t>12.5            seconds since the start of the recording
  turn>=40          number of the turn
  connection:2      number of the connection (also conn:2)
  version:7 ref:3   version of the last frame, event counter
  word              event, view or error contains the word
  /some text/       the same, and also params, changed names and the exception

Comparisons are = != < <= > >=, and : means =. * stands for any text. -term is the opposite.
Terms beside each other must all match, a | b (or: a or b) needs one, ( ) group.
Quotes keep blanks together: event:\"two words\". Case is ignored.";

/// Which turns to show. The default shows all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    expr: Option<Expr>,
}

impl Filter {
    /// Longest filter text, in characters.
    pub const MAX_LENGTH: usize = 2000;

    /// The filter that lets every turn through.
    pub const fn all() -> Self {
        Self { expr: None }
    }

    /// True if every turn matches.
    pub const fn is_all(&self) -> bool {
        self.expr.is_none()
    }

    /// What the filter asks for; none if it lets everything through.
    pub const fn expr(&self) -> Option<&Expr> {
        self.expr.as_ref()
    }

    /// Reads the text that a person typed.
    ///
    /// # Errors
    ///
    /// Says what could not be understood, where, and what was probably meant.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(|expr| Self { expr })
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

impl From<Expr> for Filter {
    fn from(expr: Expr) -> Self {
        Self { expr: Some(expr) }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.as_ref().map_or(Ok(()), |expr| expr.fmt(f))
    }
}
