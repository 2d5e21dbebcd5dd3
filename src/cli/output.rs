//! Standard output and error. If the reader of standard output has closed the pipe (`ksr run … | head`), the process ends as other
//! programs do. If nobody reads standard error any more, the work goes on: the exit status tells how it ended.

use crate::problem::visible_lines;
use crate::report::json_line;
use std::io::{self, IsTerminal, Write};
use textwrap::{Options, WordSeparator, WordSplitter};

/// Exit status if the reader of standard output has closed it: that of SIGPIPE.
pub const CLOSED: u8 = 141;

/// Writes a text and a line end to standard output. Characters that would control the terminal are made visible.
pub fn line(text: &str) {
    styled_line(&visible_lines(text));
}

/// As [`line`], for a text that has colours and is safe already.
pub fn styled_line(text: &str) {
    written(write(&mut io::stdout().lock(), text));
}

/// Writes a text to standard output as it is.
pub fn text(text: &str) {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Writes a text and a line end to standard error, as [`line`] does; a closed one is ignored.
pub fn error_line(text: &str) {
    styled_error_line(&visible_lines(text));
}

/// As [`error_line`], for a text that has colours and is safe already.
pub fn styled_error_line(text: &str) {
    let _ = write(&mut io::stderr().lock(), text);
}

/// Writes a problem that has no place in a script to standard error; with `json` as an object.
pub fn notice(level: &str, message: &str, json: bool) {
    if json {
        error_line(&json_line(&serde_json::json!({ "level": level, "message": message })));
    } else {
        error_line(&format!("{level}: {message}"));
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.write_all(b"\n")?;
    to.flush()
}

fn written(result: io::Result<()>) {
    if let Err(error) = result {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(i32::from(CLOSED));
        }
        error_line(&format!("cannot write to standard output: {error}"));
        std::process::exit(1);
    }
}

/// Whether to use colours on a stream: it is a terminal, and `NO_COLOR` is not set.
fn colour(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Colours on standard output.
pub fn stdout_colour() -> bool {
    colour(io::stdout().is_terminal())
}

/// Colours on standard error.
pub fn stderr_colour() -> bool {
    colour(io::stderr().is_terminal())
}

/// Columns of the terminal, 80 where there is none.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(80, |(columns, _)| usize::from(columns.0).clamp(20, 160))
}

/// Wraps text to at most `width` columns without breaking words, many of which are code.
pub fn wrapped(text: &str, width: usize) -> String {
    let options = Options::new(width)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}
