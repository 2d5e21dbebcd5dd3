//! `ksr run FILE` and `ksr -e EXPR`.

use super::args::{Device, RunOptions, TogetherOptions};
use super::host::Terminal;
use super::session::{self, Ended};
use super::{FAILED, OUT_OF_TIME, USAGE, interrupt, output, together};
use crate::problem::reason;
use crate::world::stream_text;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Runs a script, with new right-hand sides for its top-level `let`s; `-` is standard input, with paths relative to the
/// working directory.
pub fn file(path: &Path, set: Vec<(String, String)>, options: &RunOptions, shared: &TogetherOptions) -> u8 {
    // Reading may wait for a pipe.
    limit_time(options, 1);
    let (name, text) = match read(path) {
        Ok(script) => script,
        Err(message) => {
            output::notice("error", &message, options.json);
            return USAGE;
        }
    };
    let base =
        path.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    interrupt::listen(2, options.json);
    if shared.together.is_some() && options.device == Device::Cuda {
        let message = "`--together` works on processors only: cards of different models calculate different bits, and a store cannot tell them apart";
        output::notice("error", message, options.json);
        return USAGE;
    }
    let join = |store: &Path| together::join((store, shared.beat), (&text, &set), options.quiet, options.json);
    let joined = match shared.together.as_deref().map(join).transpose() {
        Ok(joined) => joined,
        Err(error) => return together::refuse(&error, options.json),
    };
    if joined.is_some() {
        interrupt::be_patient();
    }
    let host = Rc::new(match &joined {
        Some(joined) if !joined.first => Terminal::silent(options.json, joined.together.who().text()),
        _ => Terminal::new(options.json, options.quiet, false),
    });
    let mut interpreter = session::among(Rc::clone(&host), options, set, base, joined.as_ref());
    let ended = session::run(&mut interpreter, &name, &text);
    let status = finish(&host, ended, &interpreter);
    if let Some(joined) = &joined {
        together::part(joined, matches!(status, 0 | FAILED), options.json);
    }
    status
}

/// Evaluates expressions one after another in one session; an error ends it.
pub fn expressions(expressions: &[String], options: &RunOptions) -> u8 {
    limit_time(options, expressions.len());
    interrupt::listen(2, options.json);
    let host = Rc::new(Terminal::new(options.json, options.quiet, false));
    let mut interpreter = session::interpreter(Rc::clone(&host), options, Vec::new(), PathBuf::from("."));
    for expression in expressions {
        let ended = session::entry(&mut interpreter, expression);
        let status = finish(&host, ended, &interpreter);
        if status != 0 {
            return status;
        }
    }
    0
}

/// Each of so many texts may take the time of the options.
fn limit_time(options: &RunOptions, texts: usize) {
    if let Some(limit) = options.max_time {
        interrupt::end_after(limit.saturating_mul(texts as u32));
    }
}

/// The name and text of a script; pipes and devices that the user names can be read too, up to the largest size of a text.
pub fn read(path: &Path) -> Result<(String, String), String> {
    let standard_input = path == Path::new("-");
    let (name, text) = match standard_input {
        true => ("<stdin>".to_owned(), stream_text(std::io::stdin().lock())),
        false => (path.display().to_string(), std::fs::File::open(path).and_then(stream_text)),
    };
    let shown = if standard_input { "standard input".to_owned() } else { format!("`{name}`") };
    match text {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(format!("cannot read {shown}: {}", reason(&error, "read"))),
    }
}

fn finish(host: &Terminal, ended: Ended, interpreter: &crate::interp::Interpreter) -> u8 {
    host.finish();
    match ended {
        Ended::Done if interrupt::ending().is_some() => host.interrupted_note(),
        Ended::Done if interrupt::answered() => interrupt::STATUS,
        Ended::Done => 0,
        Ended::Failed(problems) => {
            host.problems(&problems, interpreter.sources());
            if interrupt::ending().is_some() {
                return host.interrupted_note();
            }
            if problems.iter().any(|problem| problem.code() == "ksr::run::time") { OUT_OF_TIME } else { FAILED }
        }
        Ended::Interrupted => host.interrupted_note(),
    }
}
