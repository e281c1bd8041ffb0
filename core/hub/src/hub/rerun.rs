//! The thread that runs turns again. Its worker stays ready for the next turn.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{io, thread};

use djscope_recording::Reader;
use djscope_replay::rerun::{Options, Project, Rerun, RerunError, Said, WatchedFiles};

use super::jobs::Work;
use crate::api::{ErrorCode, HubError, ProjectFacts, ProjectPlace, RerunJob};

/// A job for the thread.
struct Order {
    work: Work,
    job: RerunJob,
}

/// The thread, which begins with the first job and ends with the hub.
#[derive(Default)]
pub(super) struct Runner {
    orders: Option<Sender<Order>>,
}

impl Runner {
    /// Hands a job over.
    ///
    /// # Errors
    ///
    /// If the system refuses a thread.
    pub fn run(&mut self, work: Work, job: RerunJob) -> io::Result<()> {
        let mut order = Order { work, job };
        if let Some(orders) = &self.orders {
            match orders.send(order) {
                Ok(()) => return Ok(()),
                Err(unsent) => order = unsent.0,
            }
        }
        let (sender, orders) = channel();
        thread::Builder::new()
            .name("rerun".to_owned())
            .spawn(move || serve(&orders))?;
        let _ = sender.send(order);
        self.orders = Some(sender);
        Ok(())
    }
}

/// What a client has to agree to before a turn is run again.
///
/// # Errors
///
/// If the recording knows too little of the project, or it is not there.
pub(super) fn facts(reader: &Reader, place: &ProjectPlace) -> Result<ProjectFacts, HubError> {
    let project = Project::find(reader, &said(place)).map_err(|error| hub_error(&error))?;
    Ok(ProjectFacts {
        description: project.description(),
        missing_variables: project
            .missing_variables()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    })
}

fn said(place: &ProjectPlace) -> Said {
    Said {
        project: place.folder.as_ref().map(PathBuf::from),
        python: place.python.as_ref().map(PathBuf::from),
        settings: place.settings.clone(),
    }
}

fn hub_error(error: &RerunError) -> HubError {
    let message = match error.excerpt() {
        Some(excerpt) => format!("{error}\n{}", excerpt.trim_end()),
        None => error.to_string(),
    };
    HubError {
        hint: error.hint(),
        ..HubError::new(ErrorCode::Unreadable, message)
    }
}

/// Runs jobs until the hub closes.
fn serve(orders: &Receiver<Order>) {
    let mut next = orders.recv().ok();
    while let Some(order) = next {
        next = serve_project(order, orders);
    }
}

/// Runs `first` and what follows it with one worker. Gives the job that needs another one; none if the hub has closed.
fn serve_project(first: Order, orders: &Receiver<Order>) -> Option<Order> {
    let found = Reader::open(first.work.path())
        .map_err(RerunError::from)
        .and_then(|reader| Ok((Project::find(&reader, &said(&first.job.place))?, reader)));
    let (project, reader) = match found {
        Ok(found) => found,
        Err(error) => return failed(first, &error, orders),
    };
    let files = project.files(&reader, &[]);
    let opened = files.and_then(|files| {
        let watched = WatchedFiles::of(files);
        Ok((Rerun::open(&reader, &project, Options::default())?, watched))
    });
    let (mut rerun, mut files) = match opened {
        Ok(opened) => opened,
        Err(error) => return failed(first, &error, orders),
    };
    let mut order = first;
    loop {
        let is_well = run(&mut rerun, order);
        let next = orders.recv().ok()?;
        let found = Project::find(&reader, &said(&next.job.place));
        let is_same = found.is_ok_and(|found| found == project);
        if !is_well || !is_same || files.have_changed() {
            return Some(next);
        }
        order = next;
    }
}

fn failed(order: Order, error: &RerunError, orders: &Receiver<Order>) -> Option<Order> {
    order.work.fail(hub_error(error));
    orders.recv().ok()
}

/// Runs a turn. False if the worker is of no more use.
fn run(rerun: &mut Rerun<'_>, Order { work, job }: Order) -> bool {
    if work.is_stopped() {
        work.end(None);
        return true;
    }
    rerun.what_if(job.edit_state, job.edit_params);
    match rerun.look_again().and_then(|()| rerun.single(job.turn)) {
        Ok(answer) => {
            work.report_rerun(answer);
            work.end(None);
            true
        }
        Err(error) => {
            work.fail(hub_error(&error));
            matches!(error, RerunError::NoTurn(_))
        }
    }
}
