//! RC4, RC5, RC8, RC14, RC15 and RC22: state that changes without the page learning of it, or in another way.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use djscope_live::Declared;
use djscope_template::value::{Dict, Opaque, Value};

use super::{Exhibit, Wire, broken, fixed, press, press_sets, press_sets_value};

pub(super) fn exhibits() -> Vec<Exhibit> {
    vec![
        only_the_database(),
        changed_inside(),
        only_private(),
        never_in_the_context(),
        hidden(),
        whole_page(),
    ]
}

/// What stands for the database is outside of the view.
fn only_the_database() -> Exhibit {
    let likes = Arc::new(AtomicI64::new(0));
    let (of_broken, of_fixed) = (Arc::clone(&likes), likes);
    Exhibit {
        number: 4,
        title: "Only the database changed",
        wire: Wire::Noop,
        broken: broken(4).handler(press(move |_, _| {
            of_broken.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })),
        fixed: fixed(4).handler(press(move |instance, _| {
            let likes = of_fixed.fetch_add(1, Ordering::Relaxed) + 1;
            instance.set("value", format!("after {likes}"));
            Ok(())
        })),
    }
}

/// More rows than are compared.
fn changed_inside() -> Exhibit {
    let row = |name: &str| Value::from(Dict::from_iter([("name", name)]));
    let rows: Value = (0..25_000).map(|_| row("before")).collect();
    let renamed = move |rows: &Value| match rows {
        Value::List(rows) => {
            let mut rows = rows.to_vec();
            rows[0] = row("after");
            Value::from(rows)
        }
        other => other.clone(),
    };
    let with_rows = |view: Declared| {
        view.state("_rows", rows.clone()).context(|instance, context| {
            if let Some(Value::Dict(first)) = instance.list("_rows").first() {
                context.insert("value", first.get("name").cloned().unwrap_or_default());
            }
            Ok(())
        })
    };
    Exhibit {
        number: 5,
        title: "Changed inside, without being assigned",
        wire: Wire::Noop,
        broken: with_rows(broken(5)).handler(press(move |instance, _| {
            instance.change_in_place("_rows", renamed);
            Ok(())
        })),
        fixed: with_rows(fixed(5)).handler(press(move |instance, _| {
            let rows = renamed(instance.get("_rows"));
            instance.set("_rows", rows);
            Ok(())
        })),
    }
}

/// Nothing in the context follows from the name.
fn only_private() -> Exhibit {
    let set_private = || press_sets("_value", "after");
    Exhibit {
        number: 8,
        title: "Only a private name changed",
        wire: Wire::EmptyPatch,
        broken: broken(8).state("_value", "before").handler(set_private()),
        fixed: fixed(8)
            .state("_value", "before")
            .context(|instance, context| {
                context.insert("value", instance.get("_value").clone());
                Ok(())
            })
            .handler(set_private()),
    }
}

/// What can be called is left out of the context.
fn never_in_the_context() -> Exhibit {
    let function = |name: &str| {
        let text = format!("<function press.<locals>.<lambda> at 0x{name}>");
        Value::Opaque(Arc::new(Opaque::repr("function", text)))
    };
    let first = function("7f01");
    Exhibit {
        number: 14,
        title: "The value never reaches the template",
        wire: Wire::EmptyPatch,
        broken: broken(14)
            .mount(move |instance| {
                instance.set("value", first.clone());
                Ok(())
            })
            .handler(press_sets("value", function("7f02"))),
        fixed: fixed(14).handler(press_sets_value()),
    }
}

/// The context sets the name after the state.
fn hidden() -> Exhibit {
    let sets = |view: Declared, name: &'static str| {
        view.context(move |_, context| {
            context.insert(name, "before");
            Ok(())
        })
    };
    Exhibit {
        number: 15,
        title: "Hidden by another of the same name",
        wire: Wire::EmptyPatch,
        broken: sets(broken(15), "value").handler(press_sets_value()),
        fixed: sets(fixed(15), "limit").handler(press_sets_value()),
    }
}

/// `set_changed_keys`.
fn whole_page() -> Exhibit {
    Exhibit {
        number: 22,
        title: "The whole page is sent: DJE-053",
        wire: Wire::Html,
        broken: broken(22).handler(press(|instance, _| {
            instance.set("value", "after");
            instance.set_changed_keys(&["items"]);
            Ok(())
        })),
        fixed: fixed(22).handler(press_sets_value()),
    }
}
