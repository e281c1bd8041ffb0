use std::hash::BuildHasher;
use std::sync::Arc;

use jiff::civil;
use num_bigint::BigInt;
use proptest::prelude::*;
use rustc_hash::FxBuildHasher;

use crate::value::{
    DateTime, Decimal, Dict, Opaque, Record, RecordKind, Time, TimeDelta, Value, Zone, changes,
};

fn zone() -> impl Strategy<Value = Option<Zone>> {
    prop_oneof![
        Just(None),
        Just(Some(Zone::Utc)),
        (-86_399..86_400_i32).prop_map(|offset| Some(Zone::fixed(offset))),
        prop_oneof![
            Just("Europe/Paris"),
            Just("America/New_York"),
            Just("Asia/Kolkata")
        ]
        .prop_map(Zone::named),
    ]
}

fn date() -> impl Strategy<Value = civil::Date> {
    (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| civil::date(year, month, day))
}

fn time() -> impl Strategy<Value = civil::Time> {
    (0..24_i8, 0..60_i8, 0..60_i8, 0..1_000_000_i32)
        .prop_map(|(hour, minute, second, micro)| civil::time(hour, minute, second, micro * 1000))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (any::<bool>(), "[0-9]{1,20}", -30..30_i64)
            .prop_map(|(sign, digits, exp)| Decimal::finite(sign, &digits, exp)),
        prop_oneof![Just("NaN"), Just("sNaN7"), Just("-Infinity"), Just("-0.00")]
            .prop_map(|text| Decimal::parse(text).unwrap()),
        any::<f64>().prop_map(Decimal::from_float),
    ]
}

/// A double holds this many microseconds exactly, which is how durations are encoded.
const EXACT_MICROSECONDS: i64 = 1 << 52;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<i128>().prop_map(|number| Value::int(BigInt::from(number))),
        any::<f64>().prop_map(Value::Float),
        (-5..5_i8).prop_map(|number| Value::Float(f64::from(number))),
        decimal().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<String>().prop_map(Value::safe),
        any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(bytes.into())),
        date().prop_map(Value::Date),
        (time(), zone()).prop_map(|(civil, zone)| {
            // A time of day has no zone in which the offset depends on the date.
            let zone = zone.filter(|zone| zone.fixed_offset().is_some());
            Value::Time(Arc::new(Time {
                civil,
                zone,
                fold: false,
            }))
        }),
        (date(), time(), zone()).prop_map(|(date, time, zone)| DateTime::new(
            date.to_datetime(time),
            zone,
            false
        )
        .into()),
        (-EXACT_MICROSECONDS..EXACT_MICROSECONDS).prop_map(|microseconds| {
            Value::TimeDelta(TimeDelta::from_microseconds(i128::from(microseconds)).unwrap())
        }),
        any::<[u8; 16]>().prop_map(Value::Uuid),
        any::<String>().prop_map(|text| Value::Opaque(Arc::new(Opaque::repr("app.Client", text)))),
        Just(Value::Opaque(Arc::new(Opaque::cycle("list")))),
    ]
}

fn key() -> impl Strategy<Value = Value> {
    prop_oneof!["[$a-c]{0,2}".prop_map(Value::from), scalar()]
}

fn any_value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 6, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..6);
        let dict =
            prop::collection::vec((key(), inner.clone()), 0..6).prop_map(|pairs| pairs.into_iter().collect());
        let fields = prop::collection::vec(("[a-c$]{1,2}", inner.clone()), 0..4)
            .prop_map(|pairs| pairs.into_iter().collect::<Dict>());
        prop_oneof![
            items.clone().prop_map(Value::from),
            items.clone().prop_map(Value::tuple),
            items.prop_map(|items| Value::Set(items.into())),
            dict.prop_map(|dict: Dict| Value::from(dict)),
            (fields, inner.clone(), any::<bool>()).prop_map(|(fields, pk, is_model)| {
                let model = RecordKind::Model {
                    app: "shop".into(),
                    model: "Product".into(),
                    pk,
                };
                let kind = if is_model {
                    model
                } else {
                    RecordKind::Object("app.Cart".into())
                };
                Value::Record(Arc::new(Record { kind, fields }))
            }),
            inner.prop_map(|kept| Value::Opaque(Arc::new(Opaque::cut(
                "list",
                70_000,
                Some(kept).filter(|kept| !kept.is_none())
            )))),
        ]
    })
}

proptest! {
    #[test]
    fn the_encoding_keeps_every_value(value in any_value()) {
        let json = value.to_json();
        let again = Value::from_json(&json).unwrap();
        prop_assert!(value.same(&again), "{value:?} came back as {again:?}");
        prop_assert_eq!(value.fingerprint(), again.fingerprint());
        prop_assert_eq!(&json, &again.to_json());
        prop_assert_eq!(value.repr(), again.repr());
        let from_text: Value = serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap();
        prop_assert!(value.same(&from_text));
    }

    #[test]
    fn what_is_the_same_has_no_changes(before in any_value(), after in any_value()) {
        prop_assert_eq!(before.same(&after), changes(&before, &after).is_empty());
        prop_assert!(changes(&before, &before.clone()).is_empty());
        if before.same(&after) {
            prop_assert_eq!(before.fingerprint(), after.fingerprint());
        }
    }

    #[test]
    fn equality_hash_and_order_agree(a in any_value(), b in any_value()) {
        prop_assert_eq!(a == b, b == a);
        if a == b {
            prop_assert_eq!(FxBuildHasher.hash_one(&a), FxBuildHasher.hash_one(&b));
        }
        if let (Ok(forth), Ok(back)) = (a.compare(&b), b.compare(&a)) {
            prop_assert_eq!(forth, back.map(std::cmp::Ordering::reverse));
        }
    }

    #[test]
    fn numbers_of_all_types_agree(number in any::<i64>(), places in 0..20_u8) {
        let float = Value::from(number).to_float().unwrap();
        let pairs = [
            (Value::Int(number), Value::from(Decimal::parse(&format!("{number}.{}", "0".repeat(places.into()))).unwrap())),
            (Value::Float(float), Value::from(Decimal::from_float(float))),
            (Value::Float(float), Value::int(Value::Float(float).to_int().unwrap())),
        ];
        for (a, b) in pairs {
            prop_assert_eq!(&a, &b);
            prop_assert_eq!(FxBuildHasher.hash_one(&a), FxBuildHasher.hash_one(&b));
            prop_assert!(!a.same(&b) || a.type_name() == b.type_name());
        }
    }

    #[test]
    fn floats_print_so_that_they_read_back(bits in any::<u64>()) {
        let value = Value::Float(f64::from_bits(bits));
        let read = Value::from(value.to_str().into_owned()).to_float().unwrap();
        prop_assert!(value.same(&Value::Float(read)));
    }
}
