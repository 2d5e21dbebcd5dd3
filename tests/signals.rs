//! Signals, closed pipes and limits of the system: how the process ends, and what is left.
#![cfg(unix)]
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic

#[path = "helpers/command.rs"]
mod command;

use command::{Place, finished};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Sends a signal.
fn kill(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

/// `ksr` in a place, with its cache there: a process that can be sent signals.
fn ksr(place: &Place, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ksr"));
    command.args(args).current_dir(place.path()).env("KSR_CACHE_DIR", place.path().join(".cache"));
    command
}

/// A pipe whose reader is gone before anything is written.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_pipe_does_not_panic() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
        .args(["run", "-"])
        .stdin(Stdio::piped())
        .stdout(unread())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksr starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, "1\n".repeat(1000).as_bytes()).expect("a script");
    drop(stdin);
    let output = child.wait_with_output().expect("ksr ends");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn a_closed_pipe_is_told_by_the_status_of_every_command() {
    let place = Place::new();
    for (name, text) in
        [("one.ksr", "print(\"a\")\nassert(false)\n"), ("wild.ksr", "let  a=1\n"), ("tame.ksr", "let a = 1\n")]
    {
        place.file(name, text);
    }
    let commands: [&[&str]; 6] = [
        &["run", "one.ksr"],
        &["fmt", "--check", "wild.ksr"],
        &["check", "tame.ksr"],
        &["explain", "ksr::run::recursion"],
        &["-e", "1 + 1"],
        &["--help"],
    ];
    for command in commands {
        let start = |err| {
            let mut child = ksr(&place, command).stdout(unread()).stderr(err).spawn().expect("ksr starts");
            child.wait().expect("ksr ends").code()
        };
        assert_eq!((start(Stdio::null()), start(unread())), (Some(141), Some(141)), "{command:?}");
    }
    // Nobody reads the error, but the status tells.
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
        .args(["check", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(unread())
        .spawn()
        .expect("ksr starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, "nothing\n".repeat(100).as_bytes()).expect("a script");
    drop(stdin);
    assert_eq!(child.wait().expect("ksr ends").code(), Some(1));
}

#[test]
fn ctrl_c_stops_a_run_with_status_130() {
    let place = Place::new();
    place.file("long.ksr", "print(\"begun\")\nsum([sum([sin(k * l) for k in 0 .. 10000]) for l in 0 .. 100000])\n");
    let mut child =
        ksr(&place, &["run", "long.ksr"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("ksr starts");
    let mut begun = [0; 6];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut begun).expect("output");
    kill(&child, "-INT");
    assert_eq!(child.wait().expect("ksr ends").code(), Some(130));
}

const LONG_TRAINING: &str = "use std.losses
grid line = uniform(points: 201, spacing: 0.1)
system he on line { He at 0 }
functional mine(n) {
  param a = 0.5 in 0 .. 2
  param b = 0.4 in 0.1 .. 2
  -a * n / (b + n)
}
let model = train mine { on: [he]; loss: losses.final(); optimizer: adam(steps: 1000000) }
print(\"continued\")
";

#[test]
fn ctrl_c_ends_a_training_and_the_script_continues_with_the_best_result() {
    let place = Place::new();
    place.file("long.ksr", LONG_TRAINING);
    let mut child = ksr(&place, &["run", "--json", "long.ksr"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksr starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let step = lines.find(|l| l.as_ref().is_ok_and(|l| l.contains("\"step\":3,"))).expect("a step").expect("text");
    assert_eq!(serde_json::from_str::<Value>(&step).expect("an object")["level"], "progress");
    kill(&child, "-INT");
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("ksr ends").code(), Some(130));
    assert!(rest.iter().any(|l| l.contains("continued")), "{rest:?}");
    let mut shown = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut shown).expect("text");
    assert_eq!(shown, "");
}

#[test]
fn other_signals_end_a_training_after_its_checkpoint_and_nothing_follows() {
    for (signal, status) in [("-TERM", 143), ("-HUP", 129)] {
        let place = Place::new();
        place.file("good.ksr", "# a good model\n");
        let file = place.file("long.ksr", &LONG_TRAINING.replace("print(\"continued\")", "save(model, \"good.ksr\")"));
        let mut child = ksr(&place, &["run", "--json", "long.ksr"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ksr starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        lines.find(|l| l.as_ref().is_ok_and(|l| l.contains("\"step\":3,"))).expect("a step").expect("text");
        kill(&child, signal);
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("ksr ends").code(), Some(status), "{rest:?}");
        assert!(rest.last().is_some_and(|l| l.contains(&format!("ended by SIG{}", &signal[1..]))), "{rest:?}");
        assert_eq!(std::fs::read_to_string(place.path().join("good.ksr")).expect("a file"), "# a good model\n");
        // The next run resumes from the checkpoint; its own time is limited.
        let (_, err, status) = finished(place.ksr().args(["run", "--max-time", "1s"]).arg(&file));
        assert!(err.contains("resumes from its checkpoint"), "{err}");
        assert!(err.contains("ksr::run::time") && err.contains("the time of 1 second is over"), "{err}");
        assert_eq!(status, 124);
        assert_eq!(std::fs::read_to_string(place.path().join("good.ksr")).expect("a file"), "# a good model\n");
    }
}

#[test]
fn work_that_cannot_look_at_signals_or_the_clock_is_ended() {
    let place = Place::new();
    place.file("flood.ksr", "let text = fold(0 .. 18, fn(text, k) = \"{text}{text}\", \"a\")\nprint(text)\n");
    // Nobody reads more than the first letter of what it prints: it waits for that.
    let start = |options: &[&str]| {
        let mut child = ksr(&place, &["run", "flood.ksr"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ksr starts");
        let mut out = child.stdout.take().expect("a pipe");
        out.read_exact(&mut [0]).expect("output");
        (child, out)
    };
    let ((mut signalled, _out), (mut timed, _timed_out)) = (start(&[]), start(&["--max-time", "1s"]));
    kill(&signalled, "-INT");
    let mut notes = BufReader::new(signalled.stderr.take().expect("a pipe")).lines();
    let note = notes.next().expect("a note").expect("text");
    assert!(note.contains("Ctrl-C again ends ksr at once"), "{note}");
    kill(&signalled, "-TERM");
    assert_eq!(signalled.wait().expect("ksr ends").code(), Some(143));
    assert_eq!(notes.map_while(Result::ok).collect::<Vec<_>>(), ["note: ended by SIGTERM"]);
    assert_eq!(timed.wait().expect("ksr ends").code(), Some(124));
    let told = std::io::read_to_string(timed.stderr.take().expect("a pipe")).expect("text");
    assert!(told.contains("the time of `--max-time` is over"), "{told}");
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_leaves_nothing() {
    let place = Place::new();
    place.file("large.ksr", "save(0 .. 99999, \"large.npy\")\n");
    let ksr = assert_cmd::cargo::cargo_bin!("ksr");
    let mut command = assert_cmd::Command::new("sh");
    let script = "ulimit -f 64; exec \"$0\" run large.ksr";
    let command = command.current_dir(place.path()).env("KSR_CACHE_DIR", place.path().join(".cache"));
    let (_, err, status) = finished(command.args(["-c", script]).arg(ksr));
    assert!(err.contains("cannot write `large.npy`"), "{err}");
    assert_eq!(status, 1);
    let mut left: Vec<_> =
        std::fs::read_dir(place.path()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, [".cache", "large.ksr"]);
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let place = Place::new();
    let script = "trap '' HUP; (sleep 1; kill -HUP $$) & exec \"$0\" run --max-time 3 long.ksr";
    place.file("long.ksr", "fn f(k) = sum([sin(k * l) for l in 0 .. 100000])\nsum([f(k) for k in 0 .. 100000])\n");
    let mut command = assert_cmd::Command::new("sh");
    let ksr = assert_cmd::cargo::cargo_bin!("ksr");
    let (_, err, status) = finished(command.current_dir(place.path()).args(["-c", script]).arg(ksr));
    assert_eq!(status, 124, "{err}");
}
