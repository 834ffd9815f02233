//! Many clients that ask for the same thing, each as fast as it is answered.

use std::thread;
use std::time::{Duration, Instant};

use crate::servers::Server;

/// What came of it.
pub(crate) struct Load {
    latencies: Vec<Duration>,
    elapsed: Duration,
}

impl Load {
    /// Asks over so many connections, for so long. Each answer must be 200.
    pub(crate) fn run(server: &Server, path: &str, connections: usize, duration: Duration) -> Self {
        let begin = Instant::now();
        let mut latencies = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..connections).map(|_| scope.spawn(|| client(server, path, begin + duration))).collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        latencies.sort_unstable();
        Self { latencies, elapsed: begin.elapsed() }
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.latencies.len()).unwrap()) / self.elapsed.as_secs_f64()
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * percent / 100]
    }
}

fn client(server: &Server, path: &str, end: Instant) -> Vec<Duration> {
    let mut connection = server.connect();
    let mut latencies = Vec::new();
    loop {
        let begin = Instant::now();
        let answer = connection.get(path);
        assert!(answer.status == 200 && answer.length > 0, "{path}: {}", answer.status);
        latencies.push(begin.elapsed());
        if Instant::now() > end {
            return latencies;
        }
    }
}
