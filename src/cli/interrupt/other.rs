//! Ctrl-C where there are no Unix signals.

/// Begins to listen.
pub fn listen(limit: usize) {
    // A second handler in one process (in tests) is refused; the first stays.
    let _ = ctrlc::set_handler(move || super::press(limit));
}

/// The line editor does that here.
pub fn restore_terminal() {}
