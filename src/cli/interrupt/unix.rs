//! Signals of Unix.

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, OnceLock};

/// The settings of the terminal before the line editor changed them.
static TERMINAL: OnceLock<Termios> = OnceLock::new();

/// Begins to listen. A signal that was ignored when the process began stays ignored: `nohup`, background jobs of a script.
pub fn listen(limit: usize) {
    if let Ok(settings) = tcgetattr(std::io::stdin()) {
        let _ = TERMINAL.set(settings);
    }
    // A file that has reached its size limit is an error of writing, like a full disk: it does not end ksr.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let ignored = ignored();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // Without signals, the defaults of the system hold.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            match u8::try_from(signal) {
                Ok(number) if signal != SIGINT => super::end(128 + number),
                _ => super::press(limit),
            }
        }
    });
}

/// One bit for each signal that is ignored, where the system tells (Linux); see `proc_pid_status`(5).
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    u64::from_str_radix(line.trim(), 16).unwrap_or(0)
}

/// Gives the terminal back as it was before the line editor.
pub fn restore_terminal() {
    if let Some(settings) = TERMINAL.get() {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, settings);
        let mut out = std::io::stdout();
        if out.is_terminal() {
            // Bracketed paste off.
            let _ = out.write_all(b"\x1b[?2004l\r\n").and_then(|()| out.flush());
        }
    }
}
