//! What the processes of the server were started with.

use std::collections::BTreeMap;

use djscope_recording::Entry;
use serde_json::{Value, json};

use crate::probe::ProcessFacts;

/// Processes that are remembered: a reloader makes a new one for each change.
const MAX_PROCESSES: usize = 64;

/// The facts of each process that reported them, by its id.
#[derive(Debug, Default)]
pub struct Processes {
    facts: BTreeMap<u32, ProcessFacts>,
}

impl Processes {
    /// A process has reported what it was started with. Gives what has to be written: all that is known.
    pub fn began(&mut self, pid: u32, facts: ProcessFacts) -> Entry {
        self.facts.insert(pid, facts);
        while self.facts.len() > MAX_PROCESSES {
            self.facts.pop_first();
        }
        Entry::Meta {
            key: "processes".to_owned(),
            value: Value::Array(self.facts.values().map(|facts| json!(facts)).collect()),
        }
    }
}
