//! `@computed`: values that follow from the state.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::{Instance, Raised};
use djscope_template::value::Value;

/// How a value follows from the state.
pub type Compute = dyn Fn(&Reader<'_>) -> Result<Value, Raised> + Send + Sync;

/// A value that follows from the state. It is computed again only if something changed that it read the last time.
#[derive(Clone)]
pub struct Computed {
    /// Its name, in templates like that of a state.
    pub name: Arc<str>,
    compute: Arc<Compute>,
}

impl Computed {
    /// A value under a name.
    pub fn new(
        name: &str,
        compute: impl Fn(&Reader<'_>) -> Result<Value, Raised> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            compute: Arc::new(compute),
        }
    }
}

impl fmt::Debug for Computed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Computed")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A value that was computed, and what it was computed from.
#[derive(Clone, Debug)]
struct Evaluated {
    value: Value,
    reads: Vec<(Arc<str>, Value)>,
}

/// What a view has computed so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    evaluated: RefCell<Vec<Option<Evaluated>>>,
    /// Those that are being computed, to notice that one needs itself.
    under_way: RefCell<Vec<Arc<str>>>,
    evaluations: RefCell<u64>,
}

impl Memory {
    /// How often something was computed.
    pub fn evaluations(&self) -> u64 {
        *self.evaluations.borrow()
    }
}

/// The state as a computed value reads it; what it reads is noted.
#[derive(Debug)]
pub struct Reader<'a> {
    instance: &'a Instance,
    reads: RefCell<Vec<(Arc<str>, Value)>>,
}

impl Reader<'_> {
    /// A value of the state or another computed one; `None` if there is none.
    ///
    /// # Errors
    ///
    /// What the other computed value raises.
    pub fn get(&self, name: &str) -> Result<Value, Raised> {
        let value = match self.instance.computed(name)? {
            Some(value) => value,
            None => self.instance.get(name).clone(),
        };
        let mut reads = self.reads.borrow_mut();
        if !reads.iter().any(|(read, _)| **read == *name) {
            reads.push((name.into(), value.clone()));
        }
        Ok(value)
    }
}

impl Instance {
    /// A computed value; `None` if no computed value has that name.
    ///
    /// # Errors
    ///
    /// What computing it raises; `RecursionError`, if it needs itself.
    pub fn computed(&self, name: &str) -> Result<Option<Value>, Raised> {
        let all = &self.declaration().computed;
        let Some(place) = all.iter().position(|computed| *computed.name == *name) else {
            return Ok(None);
        };
        let memory = self.computed_memory();
        let known = memory.evaluated.borrow().get(place).cloned().flatten();
        if let Some(known) = known
            && self.is_still(&known.reads)?
        {
            return Ok(Some(known.value));
        }
        let computed = &all[place];
        if memory
            .under_way
            .borrow()
            .iter()
            .any(|under_way| **under_way == *name)
        {
            let message = format!("the computed value '{name}' needs itself");
            return Err(Raised::new("RecursionError", message));
        }
        memory.under_way.borrow_mut().push(Arc::clone(&computed.name));
        let reader = Reader {
            instance: self,
            reads: RefCell::default(),
        };
        let value = (computed.compute)(&reader);
        memory.under_way.borrow_mut().pop();
        *memory.evaluations.borrow_mut() += 1;
        let value = value?;
        let mut evaluated = memory.evaluated.borrow_mut();
        evaluated.resize(all.len(), None);
        evaluated[place] = Some(Evaluated {
            value: value.clone(),
            reads: reader.reads.into_inner(),
        });
        Ok(Some(value))
    }

    /// The names of the state that a computed value read the last time, through others as well.
    pub fn computed_reads(&self, name: &str) -> Vec<Arc<str>> {
        let all = &self.declaration().computed;
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut open = vec![Arc::from(name)];
        while let Some(next) = open.pop() {
            let next: Arc<str> = next;
            match all.iter().position(|computed| computed.name == next) {
                Some(place) => {
                    let evaluated = self.computed_memory().evaluated.borrow();
                    let reads = evaluated.get(place).and_then(Option::as_ref);
                    open.extend(
                        reads
                            .iter()
                            .flat_map(|known| known.reads.iter().map(|(read, _)| Arc::clone(read))),
                    );
                }
                None if !names.contains(&next) => names.push(next),
                None => {}
            }
        }
        names.sort_unstable();
        names
    }

    fn is_still(&self, reads: &[(Arc<str>, Value)]) -> Result<bool, Raised> {
        for (name, value) in reads {
            let is_same = match self.computed(name)? {
                Some(now) => now.same(value),
                None => self.get(name).same(value),
            };
            if !is_same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
