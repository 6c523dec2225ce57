//! Reads the trace.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use peers::http::Stack;

use crate::run::{REQUESTS, Routes, START};
use crate::symbols::Symbols;

const LINE_BYTES: u64 = 64;

/// A cache line that both threads write.
pub struct SharedLine {
    /// Writes a request, by thread.
    pub writes: [f64; 2],
    /// The functions that write it.
    pub writers: BTreeSet<String>,
}

pub fn shared_lines(stack: Stack, routes: Routes) -> Vec<SharedLine> {
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new("valgrind")
        .args(["--tool=lackey", "--trace-mem=yes"])
        .arg(&program)
        .args(["--run", stack.name(), routes.name()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("valgrind; install it with: apt-get install valgrind");
    let mut trace = BufReader::with_capacity(1 << 20, child.stderr.take().expect("piped"));
    let mut turns = Turns::default();
    let mut line = Vec::new();
    while trace.read_until(b'\n', &mut line).expect("readable") > 0 {
        turns.read(&line);
        line.clear();
    }
    assert!(child.wait().expect("an end").success(), "valgrind failed");
    assert_eq!(turns.marks, 4, "both threads had their turn");
    let symbols = Symbols::of(&program, turns.turn);
    turns.written.into_values().filter(Written::is_shared).map(|written| written.named(&symbols)).collect()
}

/// What was written in the turns.
#[derive(Default)]
struct Turns {
    /// Where the turns are marked, and the function that does it.
    mark: u64,
    turn: u64,
    /// How often they were marked.
    marks: usize,
    /// The instruction that the accesses behind it belong to.
    instruction: u64,
    /// By the number of the cache line.
    written: BTreeMap<u64, Written>,
}

impl Turns {
    fn read(&mut self, line: &[u8]) {
        match line {
            [b'I', b' ', b' ', access @ ..] => self.instruction = address(access),
            [b' ', b'S' | b'M', b' ', access @ ..] => self.write(address(access)),
            [b' ', ..] => {}
            _ => {
                let line = String::from_utf8_lossy(line);
                if let Some((mark, turn)) =
                    line.strip_prefix(START).and_then(|addresses| addresses.split_once(' '))
                {
                    (self.mark, self.turn) = (address(mark.as_bytes()), address(turn.as_bytes()));
                }
            }
        }
    }

    fn write(&mut self, at: u64) {
        if at == self.mark {
            self.marks += 1;
        } else if let Some(thread) = [None, Some(0), None, Some(1)].get(self.marks).copied().flatten() {
            self.written.entry(at / LINE_BYTES).or_default().add(thread, self.instruction);
        }
    }
}

#[derive(Default)]
struct Written {
    /// By thread.
    writes: [u64; 2],
    /// The instructions that did.
    by: BTreeSet<u64>,
}

impl Written {
    fn add(&mut self, thread: usize, instruction: u64) {
        self.writes[thread] += 1;
        self.by.insert(instruction);
    }

    /// Memory that goes from one thread to the other now and then is not fought for.
    fn is_shared(&self) -> bool {
        self.writes.iter().all(|writes| *writes >= REQUESTS / 10)
    }

    fn named(&self, symbols: &Symbols) -> SharedLine {
        SharedLine {
            writes: self.writes.map(|writes| writes as f64 / REQUESTS as f64),
            writers: self.by.iter().map(|address| symbols.name(*address)).collect(),
        }
    }
}

/// Reads hexadecimal digits up to whatever else.
fn address(digits: &[u8]) -> u64 {
    let digits = digits.iter().map_while(|digit| char::from(*digit).to_digit(16));
    digits.fold(0, |address, digit| (address << 4) | u64::from(digit))
}
