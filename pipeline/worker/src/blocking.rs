//! Carries long computing and file work out of the async threads, and takes the tracing span along.

use tokio::task::spawn_blocking;
use tracing::Span;

/// Runs `work` on a thread made for it and waits. A panic in there goes on here.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let span = Span::current();
    match spawn_blocking(move || span.in_scope(work)).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => unreachable!("blocking work is never cancelled: {error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_the_value_back() {
        assert_eq!(blocking(|| 6 * 7).await, 42);
    }

    #[tokio::test]
    #[should_panic(expected = "out of coffee")]
    async fn a_panic_goes_on_in_the_caller() {
        blocking(|| panic!("out of coffee")).await;
    }
}
