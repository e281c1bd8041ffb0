//! A mounted view: its state, and what its handlers can do.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::computed::Memory;
use super::effects::Effects;
use super::uploads::Uploads;
use super::{Declaration, LiveView, Raised, Request};
use djscope_template::value::{Dict, Value};

/// A mounted view.
pub struct Instance {
    view: Arc<dyn LiveView>,
    request: Request,
    slots: Vec<Slot>,
    touched: Vec<Touched>,
    queries: Vec<Query>,
    queries_run: Cell<u64>,
    memory: Memory,
    now: Timestamp,
    pub(super) effects: Effects,
    pub(super) uploads: Uploads,
}

/// A name of the state.
#[derive(Clone, Debug)]
struct Slot {
    name: Arc<str>,
    value: Value,
}

/// A name that was assigned or changed since the last look.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    pub name: Arc<str>,
    /// What was there; `None` if nothing.
    pub before: Option<Value>,
    /// It was not assigned, but changed inside.
    pub is_in_place: bool,
}

/// Rows that are fetched when somebody looks at them: a queryset.
struct Query {
    name: Arc<str>,
    fetch: Arc<dyn Fn() -> Result<Value, Raised> + Send + Sync>,
    rows: Option<Value>,
}

static NONE: Value = Value::None;

impl Instance {
    /// A view that is not yet mounted: its state has its defaults.
    pub fn new(view: Arc<dyn LiveView>, request: Request, now: Timestamp) -> Self {
        let declaration = view.declaration();
        let slots = declaration
            .state
            .iter()
            .map(|(name, value)| Slot {
                name: Arc::clone(name),
                value: value.clone(),
            })
            .collect();
        let uploads = Uploads::new(declaration.uploads.clone());
        Self {
            view,
            request,
            slots,
            touched: Vec::new(),
            queries: Vec::new(),
            queries_run: Cell::new(0),
            memory: Memory::default(),
            now,
            effects: Effects::default(),
            uploads,
        }
    }

    /// The view.
    pub fn view(&self) -> &Arc<dyn LiveView> {
        &self.view
    }

    /// What is fixed of the view.
    pub fn declaration(&self) -> &Declaration {
        self.view.declaration()
    }

    /// What it was mounted for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub(super) fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    pub(super) fn computed_memory(&self) -> &Memory {
        &self.memory
    }

    /// A value of the state; `None` if there is none.
    pub fn get(&self, name: &str) -> &Value {
        self.find(name).unwrap_or(&NONE)
    }

    /// A value of the state.
    pub fn find(&self, name: &str) -> Option<&Value> {
        self.slots
            .iter()
            .find(|slot| *slot.name == *name)
            .map(|slot| &slot.value)
    }

    /// A whole number of the state; 0 if it is none.
    pub fn int(&self, name: &str) -> i64 {
        self.get(name).to_small_int().unwrap_or(0)
    }

    /// A value as text; that of `None` is empty.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Value::None => String::new(),
            value => value.to_str().into_owned(),
        }
    }

    /// Whether a value is true as Python sees it.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_truthy()
    }

    /// The items of a list; none if it is no list.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => items,
            _ => &[],
        }
    }

    /// `self.name = value`.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.store(name, value.into(), false);
    }

    /// `del self.name`.
    pub fn remove(&mut self, name: &str) {
        if let Some(place) = self.slots.iter().position(|slot| *slot.name == *name) {
            let slot = self.slots.remove(place);
            self.touch(slot.name, Some(slot.value), false);
        }
    }

    /// Assigns a list made of the one that is there.
    pub fn update_list(&mut self, name: &str, change: impl FnOnce(&mut Vec<Value>)) {
        let mut items = self.list(name).to_vec();
        change(&mut items);
        self.set(name, items);
    }

    /// Assigns a dict made of the one that is there.
    pub fn update_dict(&mut self, name: &str, change: impl FnOnce(&mut Dict)) {
        let mut dict = match self.get(name) {
            Value::Dict(dict) => (**dict).clone(),
            _ => Dict::new(),
        };
        change(&mut dict);
        self.set(name, dict);
    }

    /// Changes a value without assigning it, as `self.items[3]["name"] = "x"` and `self.cart.total = 7` do in Python.
    ///
    /// As in djust, that is not always noticed: see [`is_noticed`](super::is_noticed).
    pub fn change_in_place(&mut self, name: &str, change: impl FnOnce(&Value) -> Value) {
        let value = change(self.get(name));
        self.store(name, value, true);
    }

    fn store(&mut self, name: &str, value: Value, is_in_place: bool) {
        match self.slots.iter_mut().find(|slot| *slot.name == *name) {
            Some(slot) => {
                let name = Arc::clone(&slot.name);
                let before = std::mem::replace(&mut slot.value, value);
                self.touch(name, Some(before), is_in_place);
            }
            None => {
                let name: Arc<str> = name.into();
                self.slots.push(Slot {
                    name: Arc::clone(&name),
                    value,
                });
                self.touch(name, None, is_in_place);
            }
        }
    }

    /// What counts is the value from before the first change; one assignment makes it more than a change inside.
    fn touch(&mut self, name: Arc<str>, before: Option<Value>, is_in_place: bool) {
        match self.touched.iter_mut().find(|touched| touched.name == name) {
            Some(touched) => touched.is_in_place &= is_in_place,
            None => self.touched.push(Touched {
                name,
                before,
                is_in_place,
            }),
        }
    }

    /// What was assigned or changed since this was asked last.
    pub(super) fn take_touched(&mut self) -> Vec<Touched> {
        std::mem::take(&mut self.touched)
    }

    /// The whole state, private names too, in the order in which they were first assigned.
    pub fn state(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.slots.iter().map(|slot| (&slot.name, &slot.value))
    }

    /// What templates see of the state: names without an underscore in front.
    pub fn public_state(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.state().filter(|(name, _)| !name.starts_with('_'))
    }

    /// Stores a queryset: nothing is fetched until somebody looks at its rows, and once in a render.
    pub fn set_query(
        &mut self,
        name: &str,
        fetch: impl Fn() -> Result<Value, Raised> + Send + Sync + 'static,
    ) {
        self.queries.retain(|query| *query.name != *name);
        self.queries.push(Query {
            name: name.into(),
            fetch: Arc::new(fetch),
            rows: None,
        });
    }

    /// The rows of a queryset; `None` if there is none of that name.
    ///
    /// # Errors
    ///
    /// What fetching them raises.
    pub fn rows(&mut self, name: &str) -> Result<Value, Raised> {
        let Some(query) = self.queries.iter_mut().find(|query| *query.name == *name) else {
            return Ok(Value::None);
        };
        if let Some(rows) = &query.rows {
            return Ok(rows.clone());
        }
        self.queries_run.set(self.queries_run.get() + 1);
        let rows = (query.fetch)()?;
        query.rows = Some(rows.clone());
        Ok(rows)
    }

    /// How many querysets were evaluated so far.
    pub fn queries_run(&self) -> u64 {
        self.queries_run.get()
    }

    /// Rows that were fetched for one render are old at the next.
    pub(super) fn forget_rows(&mut self) {
        for query in &mut self.queries {
            query.rows = None;
        }
    }

    /// Lets the handler take some time, without holding up others: what it says is sent afterwards, and meanwhile the
    /// connection is as busy as with a handler that computes for so long.
    pub fn pause(&mut self, duration: Duration) {
        self.effects.pause += duration;
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Instance")
            .field("view", &self.declaration().path)
            .finish_non_exhaustive()
    }
}
