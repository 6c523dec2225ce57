//! Names of functions, from the program's own table.

use std::path::Path;
use std::process::Command;

pub struct Symbols {
    /// Where they begin, as loaded, in rising order.
    functions: Vec<(u64, String)>,
}

impl Symbols {
    /// Reads those of `program`, which has loaded its function `turn` at an address.
    pub fn of(program: &Path, turn: u64) -> Self {
        let output = Command::new("nm")
            .args(["--defined-only", "--demangle", "--numeric-sort"])
            .arg(program)
            .output()
            .expect("nm; install it with: apt-get install binutils");
        let text = String::from_utf8_lossy(&output.stdout);
        let mut functions: Vec<_> = text.lines().filter_map(symbol).collect();
        let linked = functions.iter().find(|(_, name)| name == "shared_lines::run::turn");
        let moved = turn - linked.map(|(address, _)| *address).expect("it is in the table");
        functions.iter_mut().for_each(|(address, _)| *address += moved);
        Self { functions }
    }

    pub fn name(&self, address: u64) -> String {
        let behind = self.functions.partition_point(|(start, _)| *start <= address);
        // Libraries are loaded far behind the program.
        match behind.checked_sub(1).map(|place| &self.functions[place]) {
            Some((_, name)) if behind < self.functions.len() => name.clone(),
            _ => "a library of the system".to_owned(),
        }
    }
}

/// Reads `ADDRESS KIND NAME`.
fn symbol(line: &str) -> Option<(u64, String)> {
    let (address, rest) = line.split_once(' ')?;
    let (_, name) = rest.split_once(' ')?;
    Some((u64::from_str_radix(address, 16).ok()?, name.to_owned()))
}
