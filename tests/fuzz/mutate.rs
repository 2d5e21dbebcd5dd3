//! Inputs from a corpus: pieces of its texts cut, repeated, exchanged and mixed with what is likely to hurt.

use std::fs;
use std::path::Path;

/// A generator of pseudorandom numbers (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// All scripts of the repository.
pub fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut folders: Vec<_> = ["examples", "stdlib", "tests/errors"].iter().map(|name| root.join(name)).collect();
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ksr") {
                texts.push(fs::read_to_string(path).expect("a script"));
            }
        }
    }
    assert!(texts.len() > 100, "{}", texts.len());
    texts
}

/// Those of fewer bytes.
pub fn shorter(corpus: &[String], bytes: usize) -> Vec<String> {
    corpus.iter().filter(|text| text.len() < bytes).cloned().collect()
}

/// Those that are quickly run.
pub fn quick(corpus: &[String]) -> Vec<String> {
    corpus.iter().filter(|text| text.len() < 700 && !text.contains("train")).cloned().collect()
}

/// Words and characters that have hurt other programs, or are about to.
const HARMFUL: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "#",
    "##",
    ";",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{202e}",
    "é",
    "Å",
    "A\u{30a}",
    "👍",
    "水",
    "e\u{301}",
    "..",
    "->",
    "|>",
    "=>",
    "==",
    "!=",
    "^",
    "^^",
    "-",
    "--",
    "0",
    "-0",
    "1e308",
    "1e309",
    "-1e308",
    "5e-324",
    "1e-320",
    "9007199254740993",
    "1e18",
    "inf",
    "-inf",
    "nan",
    "nothing",
    "true",
    "0 .. 1e9",
    "1 .. 0",
    "0 .. 1 by 0",
    "0 .. inf",
    "[]",
    "{}",
    "[[]]",
    "\"\"",
    "\"{1}\"",
    "\"{",
    "fn(x) = x",
    "fn(x) = fn(y) = x",
    "let a = a",
    "x -> eV",
    "1 bohr",
    "2 hartree",
    "3 bohr^2",
    "table { a: [1] }",
    "table { a: [1], b: [1, 2] }",
    "uniform(points: 3, spacing: 0.1)",
    "uniform(points: 1e9, spacing: 1)",
    "linspace(0 .. 1, 1e12)",
    "[x for x in 0 .. 1e7]",
    "fold(0 .. 1e6, fn(a, k) = [a], 1)",
    "fold(0 .. 40, fn(a, k) = join(a, a), [1])",
    "sort([3, 1, nan])",
    "solve(",
    "exact(",
    "train ",
    "energy(",
    "potential(",
    "integral(",
    "grad(",
    "cumulative_integral(",
    "norm(",
    "hartree(",
    "plot([0, 1], [0, 1e-310])",
    "plot([1], [nan])",
    "save(",
    "load(",
    "use \"a.ksr\"",
    "use std.losses",
    "print(",
    "assert(",
    "at(",
    "where(",
    "max(",
    "min(",
    "clamp(",
    "round(",
    "root(",
    "minimum(",
    "if ",
    " then ",
    " else ",
    " for ",
    " in ",
    " by ",
    "functional f(n) = n",
    "system s on g { H at 0 }",
    "grid g = uniform(points: 9, spacing: 0.5)",
    "param a = 1",
    "dense(1000000)",
    "loss l(run, exact) = 1",
];

/// A text of the corpus after some changes. Now and then its bytes are no text any more.
pub fn script(dice: &mut Dice, corpus: &[String]) -> Vec<u8> {
    let mut text = dice.of(corpus).clone().into_bytes();
    for _ in 0..1 + dice.below(6) {
        match dice.below(8) {
            0 => cut(dice, &mut text),
            1 => repeat(dice, &mut text),
            2 | 3 => insert(dice, &mut text),
            4 => exchange_lines(dice, &mut text),
            5 => {
                let other = dice.of(corpus).as_bytes();
                let (from, to) = range(dice, other.len());
                let at = dice.below(text.len() + 1);
                text.splice(at..at, other[from..to].iter().copied());
            }
            6 => digits(dice, &mut text),
            _ => flip(dice, &mut text),
        }
    }
    text.truncate(20_000);
    text
}

/// A range of at most 60 bytes.
fn range(dice: &mut Dice, len: usize) -> (usize, usize) {
    let from = dice.below(len + 1);
    (from, (from + dice.below(60)).min(len))
}

pub fn cut(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let (from, to) = range(dice, bytes.len());
    bytes.drain(from..to);
}

pub fn repeat(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let (from, to) = range(dice, bytes.len());
    let times = if dice.below(20) == 0 { 300 } else { 1 + dice.below(3) };
    let copies = bytes[from..to].repeat(times);
    bytes.splice(to..to, copies);
}

fn insert(dice: &mut Dice, text: &mut Vec<u8>) {
    let at = dice.below(text.len() + 1);
    text.splice(at..at, dice.of(HARMFUL).bytes());
}

fn exchange_lines(dice: &mut Dice, text: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (a, b) = (dice.below(lines.len()), dice.below(lines.len()));
    lines.swap(a, b);
    *text = lines.join(&b'\n');
}

fn digits(dice: &mut Dice, text: &mut [u8]) {
    let places: Vec<usize> = (0..text.len()).filter(|&i| text[i].is_ascii_digit()).collect();
    if !places.is_empty() {
        text[*dice.of(&places)] = b'0' + dice.below(10) as u8;
    }
}

pub fn flip(dice: &mut Dice, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
}
