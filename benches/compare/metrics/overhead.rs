//! What each layer costs a request beyond the bare router.

use std::cell::RefCell;

use peers::http::Stack;

use super::layer::allocations_of;
use crate::instructions;
use crate::measure::medians_over;

/// Costs beyond those of the bare router.
pub struct Overhead {
    pub layer: &'static str,
    pub ours: bool,
    pub nanoseconds: f64,
    pub instructions: f64,
    pub allocations: f64,
}

/// Measures all layers, the bare router left out.
pub fn of_each() -> Vec<Overhead> {
    let apps = Stack::ALL.map(|stack| RefCell::new(stack.app()));
    let mut serve = apps.iter().map(|app| || app.borrow_mut().serve()).collect::<Vec<_>>();
    let mut calls: Vec<&mut dyn FnMut()> = serve.iter_mut().map(|call| call as _).collect();
    let nanoseconds = medians_over(20_000, &mut calls);
    apps.iter().for_each(|app| app.borrow().check());
    let beyond_bare = |measure: fn(Stack) -> f64, stack| measure(stack) - measure(Stack::Bare);
    let layers = Stack::ALL.into_iter().zip(nanoseconds).skip(1);
    let overhead = layers.map(|(stack, nanoseconds)| Overhead {
        layer: stack.name(),
        ours: stack == Stack::Ours,
        nanoseconds,
        instructions: beyond_bare(instructions::of_request, stack),
        allocations: beyond_bare(allocations_of, stack),
    });
    overhead.collect()
}

pub fn print_markdown(overheads: &[Overhead]) {
    println!("| layer | ns | instructions | allocations |\n|---|---|---|---|");
    for of in overheads {
        let allocations = (of.allocations * 100.0).round() / 100.0;
        println!("| {} | {:.0} | {:.0} | {allocations} |", of.layer, of.nanoseconds, of.instructions);
    }
}
