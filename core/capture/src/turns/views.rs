//! Mounted views: the record of each class on each connection.

use std::collections::HashMap;

use djscope_recording::model::{ConnectionId, View, ViewId};

use crate::probe::ProbeView;

/// Which record stands for which class on which connection.
#[derive(Debug, Default)]
pub struct Views {
    classes: HashMap<String, ProbeView>,
    records: HashMap<(Option<ConnectionId>, String), (ViewId, bool)>,
    last_number: ViewId,
}

impl Views {
    /// Takes what a probe tells of a class. Views that are mounted later have it.
    pub fn tell(&mut self, view: ProbeView) {
        // After a hot reload the record of the old code stays with the old turns.
        for ((_, class), (_, is_told)) in &mut self.records {
            if *class == view.class {
                *is_told = false;
            }
        }
        self.classes.insert(view.class.clone(), view);
    }

    /// The number of the record of `class` on `connection`, and the record if it is new.
    pub fn record(&mut self, connection: Option<ConnectionId>, class: &str) -> (ViewId, Option<View>) {
        let told = self.classes.get(class);
        let key = (connection, class.to_owned());
        match self.records.get(&key) {
            Some((number, is_told)) if *is_told || told.is_none() => return (*number, None),
            _ => {}
        }
        self.last_number += 1;
        self.records.insert(key, (self.last_number, told.is_some()));
        let mut view = View {
            view: self.last_number,
            connection,
            class: class.to_owned(),
            ..View::default()
        };
        if let Some(told) = told {
            view.file.clone_from(&told.file);
            view.line = told.line;
            view.handlers.clone_from(&told.handlers);
            view.template.clone_from(&told.template);
        }
        (self.last_number, Some(view))
    }

    /// Forgets the views of a connection that has ended.
    pub fn forget(&mut self, ended: ConnectionId) {
        self.records
            .retain(|(connection, _), _| *connection != Some(ended));
    }
}
