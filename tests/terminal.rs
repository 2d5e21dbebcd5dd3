//! The REPL on a pseudo-terminal: prompt, greeting, completion, history, Ctrl-C at the prompt.
#![allow(clippy::expect_used)] // a test that cannot set itself up may panic
#![cfg(unix)]

#[path = "helpers/command.rs"]
mod command;

use command::Place;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Sent by the line editor when it begins to read: it turns bracketed paste on.
const READY: &str = "\u{1b}[?2004h";

/// A session on its own terminal.
struct Terminal {
    child: Child,
    keys: File,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(place: &Place) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keys).expect("granted");
        unlockpt(&keys).expect("unlocked");
        let name = ptsname(&keys, Vec::new()).expect("a name");
        let screen = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("a screen");
        let screen = || Stdio::from(screen.try_clone().expect("a screen"));
        let child = Command::new(assert_cmd::cargo::cargo_bin!("ksr"))
            .current_dir(place.path())
            .env("KSR_CACHE_DIR", place.path().join(".cache"))
            .env("KSR_DATA_DIR", place.path().join(".data"))
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(screen())
            .stdout(screen())
            .stderr(screen())
            .spawn()
            .expect("ksr starts");
        let keys = File::from(keys);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, sink) = (keys.try_clone().expect("a reader"), Arc::clone(&seen));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                sink.lock().expect("seen").extend_from_slice(&buffer[..count]);
            }
        });
        let mut terminal = Self { child, keys, seen };
        terminal.wait_for(":quit leaves");
        terminal.wait_for(READY);
        terminal
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("pressed");
    }

    /// Types an entry and waits for the next prompt.
    fn enter(&mut self, entry: &str) {
        self.press(&format!("{entry}\r"));
        self.wait_for(READY);
    }

    /// Waits until the text is on the screen and discards everything up to it.
    fn wait_for(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            let mut seen = self.seen.lock().expect("seen");
            if let Some(place) = seen.windows(text.len()).position(|w| w == text.as_bytes()) {
                seen.drain(..place + text.len());
                return;
            }
            let late = begun.elapsed() > Duration::from_secs(30);
            assert!(!late, "no `{text}` in\n{}", String::from_utf8_lossy(&seen));
            drop(seen);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ends(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

#[test]
fn ctrl_c_clears_the_line_and_ctrl_d_leaves() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.enter("let a = 40");
    terminal.press("nonsense \u{3}");
    terminal.wait_for(READY);
    terminal.press("a + 2\r");
    terminal.wait_for("42\r\n");
    terminal.wait_for(READY);
    terminal.press("\u{4}");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn tab_completes_names_members_and_commands() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.enter("let wonderful = { colour: 7 }");
    terminal.press("wonderf\t.col\t\r");
    terminal.wait_for("7\r\n");
    terminal.wait_for(READY);
    terminal.press(":lis\t units\r");
    terminal.wait_for("hartree, the atomic unit");
    terminal.wait_for(READY);
    terminal.press(":quit\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn history_is_kept_between_sessions() {
    let place = Place::new();
    let mut first = Terminal::start(&place);
    first.press("20 + 1\r");
    first.wait_for("21\r\n");
    first.wait_for(READY);
    first.press("\u{4}");
    assert_eq!(first.ends(), Some(0));
    let mut second = Terminal::start(&place);
    // Arrow up recalls the last line of the previous session.
    second.press("\u{1b}[A\r");
    second.wait_for("21\r\n");
    second.wait_for(READY);
    second.press("\u{4}");
    assert_eq!(second.ends(), Some(0));
}

#[test]
fn an_entry_may_take_several_lines() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.enter("fn twice(x) {\r2 * x\r}");
    terminal.press("twice(33)\r");
    terminal.wait_for("66\r\n");
    terminal.wait_for(READY);
    terminal.press("\u{4}");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn entries_typed_ahead_all_run() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.press("let a = 40\ra + 2\ra + 3\rsum([sin(k) for k in 0 .. 100000]) * 0 + a + 4\ra + 5\r");
    for answer in ["42\r\n", "43\r\n", "44\r\n", "45\r\n"] {
        terminal.wait_for(answer);
    }
    terminal.wait_for(READY);
    // A paste of several lines is one entry.
    terminal.press("\u{1b}[200~fn f(x) {\n  x + 1\n}\nf(45)\u{1b}[201~\r");
    terminal.wait_for("46\r\n");
    terminal.wait_for(READY);
    terminal.press("\u{4}");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_byte_that_is_not_text_is_told_and_the_session_goes_on() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.enter("let a = 40");
    terminal.keys.write_all(b"let b = \"\xff\"\r").expect("pressed");
    terminal.wait_for("is not UTF-8 text");
    terminal.wait_for(READY);
    terminal.press("\u{3}");
    terminal.wait_for(READY);
    terminal.press("a + 2\r");
    terminal.wait_for("42\r\n");
    terminal.wait_for(READY);
    terminal.press("\u{4}");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_signal_ends_the_session_and_gives_the_terminal_back() {
    let mut terminal = Terminal::start(&Place::new());
    terminal.enter("1 + 1");
    let settings = |terminal: &Terminal| rustix::termios::tcgetattr(&terminal.keys).expect("settings").local_modes;
    assert!(!settings(&terminal).contains(rustix::termios::LocalModes::ECHO));
    let kill = Command::new("kill").args(["-TERM", &terminal.child.id().to_string()]).status().expect("kill");
    assert!(kill.success());
    terminal.wait_for("\u{1b}[?2004l");
    let keys = terminal.keys.try_clone().expect("keys");
    assert_eq!(terminal.ends(), Some(143));
    let modes = rustix::termios::tcgetattr(&keys).map(|settings| settings.local_modes);
    assert!(modes.is_ok_and(|modes| modes.contains(rustix::termios::LocalModes::ECHO)));
}
