use std::process;

use crate::console::Console;

/// The shell's convention: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C says `message` and ends the process at once. Import and scoring stay whole by themselves: what
/// they write becomes visible in one step at the end.
pub(crate) fn say_on_interrupt(console: Console, message: &'static str) {
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            console.error(&format!("\ninterrupted; {message}"));
            process::exit(INTERRUPTED);
        }
    };
    // Without the thread Ctrl-C still ends the process, only without a word.
    let _ = std::thread::Builder::new().name("steppe-interrupt".to_owned()).spawn(wait);
}
