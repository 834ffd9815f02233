//! Many things at a time, but not too many.
//!
//! In: work that has not begun, and a bound. Out: the results in the order of the work, or the first error, which ends the rest.

use futures_util::{StreamExt, TryStreamExt, stream};

/// Does all of it, `parallel` pieces at a time. The pieces are taken whole, not made one by one: so whoever waits may be moved between
/// threads.
pub(super) async fn together<T, E>(
    work: impl Iterator<Item = impl Future<Output = Result<T, E>>>,
    parallel: usize,
) -> Result<Vec<T>, E> {
    let numbered: Vec<_> = work.enumerate().map(|(number, piece)| async move { Ok((number, piece.await?)) }).collect();
    let mut done: Vec<(usize, T)> = stream::iter(numbered).buffer_unordered(parallel).try_collect().await?;
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn results_keep_their_order_and_no_more_run_than_may() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = (0..20_u64).map(|number| {
            let (running, most) = (&running, &most);
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20 - number)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, ()>(number)
            }
        });
        assert_eq!(together(work, 3).await, Ok((0..20).collect()));
        assert_eq!(most.into_inner(), 3);
        let failing = (0..3).map(|number| async move { if number == 1 { Err("one") } else { Ok(number) } });
        assert_eq!(together(failing, 1).await, Err("one"));
    }
}
