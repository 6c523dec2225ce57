//! Apart from what they test, which tests/loom.rs compiles once more over other locks.

use metrics::{Key, Label};

use super::known::Known;

#[test]
fn keys_are_found_whatever_the_order_of_their_labels() {
    let known = Known::default();
    let (a, b) = (Label::new("a", "1"), Label::new("b", "2"));
    known.insert(&Key::from_parts("m", vec![a.clone(), b.clone()]), 1);
    known.insert(&Key::from_parts("m", vec![b.clone(), a.clone()]), 2);
    assert_eq!(known.find(&Key::from_parts("m", vec![b.clone(), a])), Some(1));
    assert_eq!(known.find(&Key::from_parts("m", vec![b])), None);
}

#[test]
fn keys_with_one_hash_stay_apart() {
    // To the facade labels of one name are different keys in each order, with one hash.
    let key =
        |values: [&'static str; 3]| Key::from_parts("m", values.map(|value| Label::new("a", value)).to_vec());
    let (one, two) = (key(["1", "2", "3"]), key(["3", "2", "1"]));
    assert_eq!(one.get_hash(), two.get_hash());
    let known = Known::default();
    known.insert(&one, 1);
    assert_eq!((known.find(&one), known.find(&two)), (Some(1), None));
    known.insert(&two, 2);
    known.insert(&one, 3);
    assert_eq!((known.find(&one), known.find(&two)), (Some(1), Some(2)));
}

#[test]
fn what_is_forgotten_leaves_the_others_of_its_chain() {
    let key =
        |values: [&'static str; 3]| Key::from_parts("m", values.map(|value| Label::new("a", value)).to_vec());
    let keys = [key(["1", "2", "3"]), key(["3", "2", "1"]), key(["2", "1", "3"])];
    for forgotten in 0..8_u32 {
        let known = Known::default();
        for (number, key) in keys.iter().enumerate() {
            known.insert(key, number);
        }
        known.visit(|_, used| assert!(used, "whoever inserts uses it"));
        known.forget(|number| forgotten & (1 << number) != 0);
        for (number, key) in keys.iter().enumerate() {
            let kept = forgotten & (1 << number) == 0;
            assert_eq!(known.find(key), kept.then_some(number), "{forgotten:b}");
        }
    }
}

#[test]
fn what_was_found_since_the_visit_is_not_forgotten() {
    let known = Known::default();
    let (idle, used) = (Key::from_name("idle"), Key::from_name("used"));
    known.insert(&idle, "idle");
    known.insert(&used, "used");
    known.visit(|_, _| {});
    known.find(&used);
    known.forget(|_| true);
    assert_eq!((known.find(&idle), known.find(&used)), (None, Some("used")));
    let mut seen = Vec::new();
    known.visit(|cell, used| seen.push((*cell, used)));
    assert_eq!(seen, [("used", true)]);
}
