//! RC1 to RC3, RC6, RC7, RC19 and RC21: handlers that do not run, or do not do what they seem to.

use std::time::Duration;

use djscope_live::{Declared, Handler, ParameterType};

use super::{Exhibit, Wire, broken, fixed, fixed_template, press, press_sets_value, show};

pub(super) fn exhibits() -> Vec<Exhibit> {
    vec![
        never_ran(),
        nearly_the_same_name(),
        returned_early(),
        set_and_reset(),
        no_render(),
        from_memory(),
        no_ticks(),
    ]
}

/// The template names another handler.
fn never_ran() -> Exhibit {
    Exhibit {
        number: 1,
        title: "The handler never ran",
        wire: Wire::Error,
        broken: broken(1).handler(press_sets_value()),
        fixed: fixed_template(1).handler(press_sets_value()),
    }
}

/// `**kwargs` swallows what was meant for a parameter of nearly the same name.
fn nearly_the_same_name() -> Exhibit {
    let takes = |name: &'static str| {
        Handler::new("press")
            .parameter(name, ParameterType::Str, "")
            .run(move |instance, arguments| {
                let item = arguments.text(name);
                if !item.is_empty() {
                    instance.set("value", item);
                }
                Ok(())
            })
    };
    Exhibit {
        number: 2,
        title: "A parameter is called nearly the same",
        wire: Wire::Noop,
        broken: broken(2).handler(takes("item")),
        fixed: fixed(2).handler(takes("item_id")),
    }
}

/// A guard that compares a text with numbers.
fn returned_early() -> Exhibit {
    let guarded = |annotation: ParameterType, default: djscope_template::value::Value| {
        Handler::new("press")
            .parameter("item_id", annotation, default)
            .run(|instance, arguments| {
                let known = [7, 8].map(djscope_template::value::Value::Int);
                if known.iter().any(|known| known.same(arguments.get("item_id"))) {
                    instance.set("value", "after");
                }
                Ok(())
            })
    };
    Exhibit {
        number: 3,
        title: "The handler returned early",
        wire: Wire::Noop,
        broken: broken(3).handler(guarded(ParameterType::Str, "".into())),
        fixed: fixed(3).handler(guarded(ParameterType::Int, 0.into())),
    }
}

/// One render for each event shows only what is left at its end.
fn set_and_reset() -> Exhibit {
    Exhibit {
        number: 6,
        title: "Set and reset in one handler",
        wire: Wire::Noop,
        broken: broken(6).handler(press(|instance, _| {
            instance.set("value", "after");
            instance.set("value", "before");
            Ok(())
        })),
        fixed: fixed(6).handler(press(|instance, _| {
            instance.set("value", "after");
            instance.start_after(Duration::from_millis(1_500), || Ok("done".into()), show);
            Ok(())
        })),
    }
}

/// `_skip_render`.
fn no_render() -> Exhibit {
    Exhibit {
        number: 7,
        title: "The handler asked for no render",
        wire: Wire::Noop,
        broken: broken(7).handler(press(|instance, _| {
            instance.skip_render();
            instance.set("value", "after");
            Ok(())
        })),
        fixed: fixed(7).handler(press_sets_value()),
    }
}

/// `@cache` on a handler that does not give the same answer twice.
fn from_memory() -> Exhibit {
    let counting = |handler: Handler| {
        handler.run(|instance, _| {
            let presses = instance.int("presses") + 1;
            instance.set("presses", presses);
            instance.set("value", format!("after {presses}"));
            Ok(())
        })
    };
    let press = || Handler::new("press").parameter("query", ParameterType::Str, "");
    Exhibit {
        number: 19,
        title: "The browser answers from its memory",
        wire: Wire::Nothing,
        broken: broken(19)
            .state("presses", 0)
            .handler(counting(press().cache(300.0, &["query"]))),
        fixed: fixed(19).state("presses", 0).handler(counting(press())),
    }
}

/// A connection does one thing at a time.
fn no_ticks() -> Exhibit {
    let beating = |view: Declared| {
        view.state("beats", 0).tick(500, |instance| {
            let beats = instance.int("beats") + 1;
            instance.set("beats", beats);
            Ok(())
        })
    };
    let long = Duration::from_secs(3);
    Exhibit {
        number: 21,
        title: "Ticks are left out while a handler runs",
        wire: Wire::NoTicks,
        broken: beating(broken(21)).handler(press(move |instance, _| {
            instance.pause(long);
            instance.set("value", "after");
            Ok(())
        })),
        fixed: beating(fixed(21)).handler(press(move |instance, _| {
            instance.start_after(long, || Ok("after".into()), show);
            Ok(())
        })),
    }
}
