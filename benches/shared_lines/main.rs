//! Shows which cache lines two threads both write while they serve requests.
//!
//! `cargo run --release -p medschedule-benches --bin shared_lines`
//!
//! Wall time on shared cores cannot show it, and hardware counters are not to be had everywhere. So the program is run
//! under valgrind's lackey, which prints every access to memory. Two threads take turns, so that the trace tells whose an
//! access is: a line that both write in their turns is one that they would fight for.

mod run;
mod symbols;
mod trace;

use clap::Parser;
use peers::http::Stack;

use run::Routes;

/// Shows which cache lines two threads both write while they serve requests.
#[derive(Parser)]
struct Options {
    /// Serve under a layer, on one route or two, and print where the turns are marked: what is traced.
    #[arg(long, hide = true, num_args = 2, value_names = ["LAYER", "ROUTES"])]
    run: Option<Vec<String>>,
}

fn main() {
    if let Some([layer, routes]) = Options::parse().run.as_deref() {
        let stack = Stack::named(layer).expect("a layer");
        return run::take_turns(stack, Routes::named(routes));
    }
    for stack in [Stack::Bare, Stack::Floor, Stack::Ours] {
        for routes in [Routes::Two, Routes::One] {
            report(stack, routes);
        }
    }
}

fn report(stack: Stack, routes: Routes) {
    let lines = trace::shared_lines(stack, routes);
    println!("{}, {}: cache lines written by both threads: {}", stack.name(), routes.name(), lines.len());
    for line in lines {
        println!("  {:4.1} and {:4.1} writes a request", line.writes[0], line.writes[1]);
        for writer in line.writers {
            println!("      {writer}");
        }
    }
    println!();
}
