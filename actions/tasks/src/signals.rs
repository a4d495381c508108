//! What the outside does to end this program.

use gha::Log;
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGINT, SIGTERM or SIGHUP. Further signals change nothing:
/// GitHub sends SIGINT, then SIGTERM, and Terraform loses its state on the second one, so it must
/// only ever see one.
///
/// Must be called inside a tokio runtime.
#[must_use]
pub fn interrupted(log: &Log) -> CancellationToken {
    let token = CancellationToken::new();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, name) in [
            (SignalKind::interrupt(), "SIGINT"),
            (SignalKind::terminate(), "SIGTERM"),
            (SignalKind::hangup(), "SIGHUP"),
        ] {
            let Ok(mut signals) = signal(kind) else {
                log.warning(&format!("{name} cannot be handled on this machine"));
                continue;
            };
            let (token, log) = (token.clone(), log.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    announce(&token, &log, name);
                }
            });
        }
    }
    #[cfg(not(unix))]
    {
        let (token, log) = (token.clone(), log.clone());
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                announce(&token, &log, "Ctrl-C");
            }
        });
    }
    token
}

fn announce(token: &CancellationToken, log: &Log, name: &str) {
    if token.is_cancelled() {
        log.line(&format!(
            "{name} received again: still waiting for Terraform to end cleanly"
        ));
    } else {
        log.line(&format!(
            "{name} received: Terraform is asked once to stop; waiting until it has saved its state"
        ));
        token.cancel();
    }
}
