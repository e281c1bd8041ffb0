//! A list with keys.

use djscope_live::{Declared, Handler, Instance, ParameterType};
use djscope_template::value::{Dict, Value};
use serde_json::json;

const COLORS: &[&str] = &["black", "blue", "brass", "green", "red", "steel"];
const KINDS: &[(&str, &str)] = &[
    ("bolt", "fasteners"),
    ("nut", "fasteners"),
    ("screw", "fasteners"),
    ("washer", "fasteners"),
    ("hinge", "fittings"),
    ("hook", "fittings"),
    ("hammer", "tools"),
    ("saw", "tools"),
    ("rule", "tools"),
];
const CATEGORIES: &[&str] = &["all", "fasteners", "fittings", "tools"];

fn stock() -> Value {
    let products = COLORS.iter().enumerate().flat_map(|(row, color)| {
        KINDS.iter().enumerate().map(move |(column, (kind, category))| {
            let id = (row * KINDS.len() + column + 1) as i64;
            let price = (id * 37 % 211) as f64 + 0.25 * (id % 4) as f64;
            Value::from(Dict::from_iter([
                ("id", Value::from(id)),
                ("name", Value::from(format!("{color} {kind}"))),
                ("category", Value::from(*category)),
                ("price", Value::from(price)),
                ("likes", Value::from(id % 7)),
                ("liked", Value::from(false)),
            ]))
        })
    });
    products.collect()
}

fn field<'a>(product: &'a Value, name: &str) -> &'a Value {
    const NOTHING: &Value = &Value::None;
    match product {
        Value::Dict(fields) => fields.get(name).unwrap_or(NOTHING),
        _ => NOTHING,
    }
}

pub fn view() -> Declared {
    Declared::new("demo.views.Products", "products.html")
        .state("query", "")
        .state("category", "all")
        .state("by", "name")
        .state("_stock", stock())
        .context(|instance, context| {
            let shown = shown(instance);
            let stock = instance.list("_stock");
            let liked = stock.iter().filter(|product| field(product, "liked").is_truthy());
            context.insert("liked", liked.count() as i64);
            context.insert("total", stock.len() as i64);
            context.insert("found", shown.len() as i64);
            context.insert("products", shown);
            context.insert(
                "categories",
                CATEGORIES
                    .iter()
                    .map(|&name| Value::from(name))
                    .collect::<Value>(),
            );
            Ok(())
        })
        .handler(search())
        .handler(choose())
        .handler(sort())
        .handler(like())
        .handler(remove())
}

fn search() -> Handler {
    Handler::new("search")
        .parameter("value", ParameterType::Str, "")
        .debounce(0.25, None)
        .run(|instance, arguments| {
            instance.set("query", arguments.text("value"));
            Ok(())
        })
}

fn choose() -> Handler {
    Handler::new("choose")
        .parameter("value", ParameterType::Str, "all")
        .run(|instance, arguments| {
            let category = arguments.text("value");
            if CATEGORIES.contains(&category.as_str()) {
                instance.set("category", category);
            }
            Ok(())
        })
}

fn sort() -> Handler {
    Handler::new("sort")
        .parameter("by", ParameterType::Str, "name")
        .run(|instance, arguments| {
            let by = arguments.text("by");
            if ["name", "price"].contains(&by.as_str()) {
                instance.set("by", by);
            }
            Ok(())
        })
}

fn like() -> Handler {
    Handler::new("like")
        .parameter("product_id", ParameterType::Int, 0)
        .optimistic(json!({"action": "toggle_class", "class": "active"}))
        .run(|instance, arguments| {
            let id = Value::from(arguments.int("product_id"));
            instance.update_list("_stock", |stock| {
                let liked = stock.iter_mut().filter(|product| field(product, "id").same(&id));
                liked.for_each(toggle_like);
            });
            Ok(())
        })
}

fn toggle_like(product: &mut Value) {
    let liked = !field(product, "liked").is_truthy();
    let likes = field(product, "likes").to_small_int().unwrap_or(0) + if liked { 1 } else { -1 };
    if let Value::Dict(fields) = product {
        let mut fields = (**fields).clone();
        fields.insert("liked", liked);
        fields.insert("likes", likes);
        *product = Value::from(fields);
    }
}

fn remove() -> Handler {
    Handler::new("remove")
        .parameter("product_id", ParameterType::Int, 0)
        .run(|instance, arguments| {
            let id = Value::from(arguments.int("product_id"));
            instance.update_list("_stock", |stock| {
                stock.retain(|product| !field(product, "id").same(&id));
            });
            Ok(())
        })
}

fn shown(instance: &Instance) -> Vec<Value> {
    let (query, category) = (instance.text("query").to_lowercase(), instance.text("category"));
    let is_shown = |product: &&Value| {
        let name = field(product, "name").to_str().to_lowercase();
        let kind = field(product, "category").to_str();
        name.contains(query.trim()) && (category == "all" || *kind == *category)
    };
    let mut shown: Vec<Value> = instance.list("_stock").iter().filter(is_shown).cloned().collect();
    let by = instance.text("by");
    shown.sort_by(|a, b| {
        let order = field(a, &by).compare(field(b, &by));
        order.ok().flatten().unwrap_or(std::cmp::Ordering::Equal)
    });
    shown
}
