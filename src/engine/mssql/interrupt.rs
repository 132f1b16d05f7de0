//! Ctrl-C, and the polite way to be ended that pipelines use.
//!
//! From the moment a session is open, a signal does not end the process: it interrupts what the
//! session waits for, so that the server can be told.

use tokio_util::sync::CancellationToken;

/// What can interrupt a session.
#[derive(Debug, Clone, Default)]
pub enum Interrupt {
    /// Signals to this process.
    #[default]
    Signals,
    /// A token that somebody else holds.
    Token(CancellationToken),
    /// Nothing.
    Never,
}

/// Listens for interruptions, also for those that came while nobody waited.
pub(super) enum Listener {
    #[cfg(unix)]
    Signals {
        interrupt: tokio::signal::unix::Signal,
        terminate: tokio::signal::unix::Signal,
    },
    #[cfg(windows)]
    Signals(tokio::signal::windows::CtrlC),
    Token(CancellationToken),
    Never,
}

impl Listener {
    /// Starts to listen. Must be called within the runtime.
    pub(super) fn new(interrupt: &Interrupt) -> std::io::Result<Self> {
        match interrupt {
            Interrupt::Token(token) => Ok(Self::Token(token.clone())),
            Interrupt::Never => Ok(Self::Never),
            Interrupt::Signals => Self::signals(),
        }
    }

    #[cfg(unix)]
    fn signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self::Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(windows)]
    fn signals() -> std::io::Result<Self> {
        Ok(Self::Signals(tokio::signal::windows::ctrl_c()?))
    }

    /// Waits for the next interruption.
    pub(super) async fn interrupted(&mut self) {
        match self {
            #[cfg(unix)]
            Self::Signals {
                interrupt,
                terminate,
            } => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            #[cfg(windows)]
            Self::Signals(signal) => {
                signal.recv().await;
            }
            Self::Token(token) => token.cancelled().await,
            Self::Never => std::future::pending().await,
        }
    }
}
