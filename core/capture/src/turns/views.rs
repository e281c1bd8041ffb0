//! Mounted views: the record of each class on each connection.

use std::collections::HashMap;

use djscope_recording::model::{ConnectionId, View, ViewId};

use crate::probe::ProbeView;

/// Which record stands for which class on which connection.
#[derive(Debug, Default)]
pub struct Views {
    classes: HashMap<String, ProbeView>,
    records: HashMap<(Option<ConnectionId>, String), Record>,
    /// Other names of classes: a browser may ask for one where it is imported.
    names: HashMap<String, String>,
    last_number: ViewId,
}

/// What is known of a record that was written.
#[derive(Clone, Copy, Debug)]
struct Record {
    number: ViewId,
    code: Code,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    /// No probe has reported the class yet.
    Unreported,
    /// It has the code that the server runs.
    Reported,
    /// The server runs other code by now.
    Replaced,
}

impl Views {
    /// Takes what a probe reports of a class. Gives the records of views that were mounted before it was reported, now
    /// with their code. After a hot reload the record of the old code stays with the old turns.
    pub fn take(&mut self, view: ProbeView) -> Vec<View> {
        let is_other = self.classes.get(&view.class).is_some_and(|old| *old != view);
        let class = view.class.clone();
        self.classes.insert(class.clone(), view);
        let mut completed = Vec::new();
        for ((connection, name), record) in &mut self.records {
            if *name != class {
                continue;
            }
            match record.code {
                Code::Unreported => {
                    record.code = Code::Reported;
                    completed.push((record.number, *connection));
                }
                Code::Reported if is_other => record.code = Code::Replaced,
                Code::Reported | Code::Replaced => {}
            }
        }
        completed.sort_unstable();
        completed
            .into_iter()
            .map(|(number, connection)| self.view(number, connection, &class))
            .collect()
    }

    /// The number of the record of `class` on `connection`, and the record if it is new.
    pub fn record(&mut self, connection: Option<ConnectionId>, class: &str) -> (ViewId, Option<View>) {
        let class = self.names.get(class).cloned().unwrap_or_else(|| class.to_owned());
        let class = class.as_str();
        let key = (connection, class.to_owned());
        if let Some(record) = self.records.get(&key)
            && record.code != Code::Replaced
        {
            return (record.number, None);
        }
        self.last_number += 1;
        let number = self.last_number;
        let code = if self.classes.contains_key(class) {
            Code::Reported
        } else {
            Code::Unreported
        };
        self.records.insert(key, Record { number, code });
        (number, Some(self.view(number, connection, class)))
    }

    /// The view that the wire calls `asked` was mounted and is one of `class`. If that is the same class by the
    /// place where it is imported, the record that was written under the other name stays its record.
    pub fn is_called(&mut self, connection: Option<ConnectionId>, asked: &str, class: &str) -> Option<View> {
        let own_name = |path: &str| path.rsplit('.').next().map(str::to_owned);
        let is_known = asked == class || self.classes.contains_key(asked);
        if is_known || own_name(asked) != own_name(class) {
            return None;
        }
        self.names.insert(asked.to_owned(), class.to_owned());
        let mut record = self.records.remove(&(connection, asked.to_owned()))?;
        let key = (connection, class.to_owned());
        if self.records.contains_key(&key) {
            return None;
        }
        if self.classes.contains_key(class) {
            record.code = Code::Reported;
        }
        self.records.insert(key, record);
        Some(self.view(record.number, connection, class))
    }

    fn view(&self, number: ViewId, connection: Option<ConnectionId>, class: &str) -> View {
        let mut view = View {
            view: number,
            connection,
            class: class.to_owned(),
            ..View::default()
        };
        if let Some(reported) = self.classes.get(class) {
            view.file.clone_from(&reported.file);
            view.line = reported.line;
            view.handlers.clone_from(&reported.handlers);
            view.template.clone_from(&reported.template);
            view.class_data.clone_from(&reported.data);
        }
        view
    }

    /// Forgets the views of a connection that has ended.
    pub fn forget(&mut self, ended: ConnectionId) {
        self.records
            .retain(|(connection, _), _| *connection != Some(ended));
    }
}
