//! What a task wrote: what differs over its turn, without what other turns of the same view may have written meanwhile.
//!
//! djust runs a task beside the events of its view, and the probe takes the state before and after. What another turn
//! saw change while both were under way can be the work of either: it is said to be unknown.

use std::collections::{HashMap, VecDeque};

use djscope_recording::model::{Micros, Turn, TurnId};

/// Turns of one view that are remembered.
const MAX_TURNS: usize = 64;

/// Begins the sentence of a task whose writes are not all known.
const UNKNOWN: &str = "what the task wrote: ";

/// The last turns of every view instance, by its id.
#[derive(Debug, Default)]
pub struct Tasks {
    views: HashMap<String, VecDeque<Worked>>,
}

/// A turn that the server has worked on.
#[derive(Debug)]
struct Worked {
    turn: TurnId,
    from_us: Micros,
    to_us: Micros,
    /// Names that differ over the turn; none if that is not known.
    changed: Option<Vec<String>>,
    /// The turn itself, if it ran a task.
    task: Option<Box<Turn>>,
}

impl Worked {
    const fn overlaps(&self, other: &Self) -> bool {
        self.turn != other.turn && self.from_us < other.to_us && other.from_us < self.to_us
    }
}

impl Tasks {
    /// Takes a turn of `view` that the server worked on in this time, and says in it what its task wrote, if it ran
    /// one. Gives earlier turns of tasks of which less is known now.
    pub fn worked(&mut self, view: &str, turn: &mut Turn, from_us: Micros, to_us: Micros) -> Vec<Turn> {
        let turns = self.views.entry(view.to_owned()).or_default();
        turns.push_back(Worked {
            turn: turn.turn,
            from_us,
            to_us,
            changed: turn.changed.clone(),
            task: turn.work.task.is_some().then(|| Box::new(turn.clone())),
        });
        if turns.len() > MAX_TURNS {
            turns.pop_front();
        }
        let mut amended = Vec::new();
        for index in 0..turns.len() {
            let Some(mut task) = turns[index].task.take() else {
                continue;
            };
            let is_new = task.turn == turn.turn;
            if attribute(&mut task, &turns[index], turns) {
                if is_new {
                    take_over(turn, &task);
                } else {
                    amended.push((*task).clone());
                }
            }
            turns[index].task = Some(task);
        }
        amended
    }

    /// Forgets a view instance.
    pub fn forget(&mut self, view: &str) {
        self.views.remove(view);
    }

    /// Forgets the view instances of process `pid`.
    pub fn forget_process(&mut self, pid: u32) {
        let prefix = format!("{pid}-");
        self.views.retain(|view, _| !view.starts_with(&prefix));
    }
}

/// Says in `turn` what `task` says of its task.
pub fn take_over(turn: &mut Turn, task: &Turn) {
    if let (Some(own), Some(known)) = (&mut turn.work.task, &task.work.task) {
        own.wrote.clone_from(&known.wrote);
    }
    turn.missing.retain(|sentence| !sentence.starts_with(UNKNOWN));
    let unknown = task
        .missing
        .iter()
        .filter(|sentence| sentence.starts_with(UNKNOWN));
    turn.missing.extend(unknown.cloned());
}

/// Says in a task's turn what the task wrote. True if that is something else than before.
fn attribute(task: &mut Turn, own: &Worked, turns: &VecDeque<Worked>) -> bool {
    let neighbours = turns.iter().filter(|other| own.overlaps(other));
    let mut unknown = Vec::new();
    let mut wrote = own.changed.clone();
    for neighbour in neighbours {
        match (&mut wrote, &neighbour.changed) {
            (Some(names), Some(theirs)) => {
                let shared: Vec<&str> = names
                    .iter()
                    .filter(|name| theirs.contains(name))
                    .map(String::as_str)
                    .collect();
                if !shared.is_empty() {
                    unknown.push(format!(
                        "{} may be the work of turn {}",
                        shared.join(", "),
                        neighbour.turn
                    ));
                }
                names.retain(|name| !theirs.contains(name));
            }
            (Some(_), None) => {
                unknown.push(format!(
                    "what turn {} wrote meanwhile is not known",
                    neighbour.turn
                ));
                wrote = None;
            }
            (None, _) => {}
        }
    }
    let sentence = (!unknown.is_empty()).then(|| format!("{UNKNOWN}{}", unknown.join("; ")));
    let Some(known) = &mut task.work.task else {
        return false;
    };
    let said = task.missing.iter().find(|sentence| sentence.starts_with(UNKNOWN));
    if known.wrote == wrote && said == sentence.as_ref() {
        return false;
    }
    known.wrote = wrote;
    task.missing.retain(|sentence| !sentence.starts_with(UNKNOWN));
    task.missing.extend(sentence);
    true
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Task, TurnKind};

    use super::*;

    fn names(names: &[&str]) -> Option<Vec<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn turn(number: TurnId, changed: Option<Vec<String>>) -> Turn {
        Turn {
            changed,
            ..Turn::begun(number, TurnKind::Event, 0)
        }
    }

    fn task(number: TurnId, changed: Option<Vec<String>>) -> Turn {
        let mut turn = turn(number, changed);
        turn.kind = TurnKind::Async;
        turn.work.task = Some(Task::default());
        turn
    }

    fn wrote(turn: &Turn) -> (Option<Vec<String>>, &[String]) {
        (turn.work.task.as_ref().unwrap().wrote.clone(), &turn.missing)
    }

    #[test]
    fn a_task_alone_wrote_what_differs() {
        let mut tasks = Tasks::default();
        tasks.worked("7-1", &mut turn(1, names(&["a"])), 0, 10);
        let mut own = task(2, names(&["a", "b"]));
        // Another view has nothing to do with it.
        tasks.worked("7-2", &mut turn(3, names(&["b"])), 0, 100);
        assert_eq!(tasks.worked("7-1", &mut own, 10, 50), []);
        assert_eq!(wrote(&own), (names(&["a", "b"]), &[][..]));
    }

    #[test]
    fn what_a_neighbour_saw_change_may_be_its_own() {
        let mut tasks = Tasks::default();
        tasks.worked("7-1", &mut turn(1, names(&["a", "x"])), 20, 30);
        let mut own = task(2, names(&["a", "b"]));
        tasks.worked("7-1", &mut own, 10, 50);
        let sentence = "what the task wrote: a may be the work of turn 1".to_owned();
        assert_eq!(wrote(&own), (names(&["b"]), &[sentence][..]));
    }

    #[test]
    fn a_neighbour_that_ends_later_is_heard_of_later() {
        let mut tasks = Tasks::default();
        let mut own = task(2, names(&["a", "b"]));
        tasks.worked("7-1", &mut own, 10, 50);
        assert_eq!(wrote(&own).0, names(&["a", "b"]));
        let amended = tasks.worked("7-1", &mut turn(3, names(&["b"])), 40, 60);
        assert_eq!(amended.len(), 1);
        take_over(&mut own, &amended[0]);
        let sentence = "what the task wrote: b may be the work of turn 3".to_owned();
        assert_eq!(wrote(&own), (names(&["a"]), &[sentence][..]));
        // The same again says nothing new.
        assert_eq!(tasks.worked("7-1", &mut turn(4, names(&["z"])), 40, 60), []);
        let amended = tasks.worked("7-1", &mut turn(5, None), 45, 70);
        assert_eq!(wrote(&amended[0]).0, None);
    }

    #[test]
    fn where_no_state_is_known_nothing_is_said() {
        let mut tasks = Tasks::default();
        let mut own = task(2, None);
        assert_eq!(tasks.worked("7-1", &mut own, 10, 50), []);
        assert_eq!(wrote(&own), (None, &[][..]));
    }
}
