//! Looks at what the machine gives us: the state folder with its lock and free space, and the address to listen on.
//!
//! In: paths and an address. Out: [`Finding`]s. A file is made and removed to see whether that can be done.

use std::fs::File;
use std::fs::TryLockError;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use registry::{Access, Listen, ListenSettings};
use worker::NewFile;

use crate::finding::Finding;
use crate::output::bytes;
use crate::registry_settings::RegistrySettings;

/// Below this a wave that rebuilds everything may not come to its end.
const LEAST_FREE: u64 = 1_000_000_000;
/// How long whoever listens has for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most of an answer that is read.
const LONGEST_ANSWER: u64 = 4_096;

/// The state folder: writable, not full, and who works in it.
pub(crate) fn state(folder: &Path) -> Vec<Finding> {
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    vec![writable(folder, existing), space(existing), lock(folder)]
}

/// Where the folder is not there yet, it must be possible to make it.
fn writable(folder: &Path, existing: &Path) -> Finding {
    let probe = NewFile::create(&existing.join("probe")).and_then(|mut file| file.write(b"probe"));
    match probe {
        Ok(()) if existing == folder => Finding::good("state folder", format!("`{}` is writable", folder.display())),
        Ok(()) => Finding::good("state folder", format!("`{}` is not there yet and can be made", folder.display())),
        Err(error) => Finding::bad(
            "state folder",
            format!("{error}: {}", error.source),
            "give the user who runs bedplate the right to it, or choose another folder with --state",
        ),
    }
}

fn space(existing: &Path) -> Finding {
    match rustix::fs::statvfs(existing) {
        Err(error) => Finding::unknown("free space", format!("`{}`: {error}", existing.display())),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let detail = format!("{} free", bytes(free));
            if free >= LEAST_FREE {
                return Finding::good("free space", detail);
            }
            let help = format!(
                "at least {} are needed: `debs`, `segments` and `layers` in the state folder are caches and may be deleted while bedplate is stopped",
                bytes(LEAST_FREE)
            );
            Finding::bad("free space", detail, help)
        }
    }
}

/// A shared lock for a moment tells whether another process has the exclusive one.
fn lock(folder: &Path) -> Finding {
    let path = folder.join("lock");
    match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Finding::good("lock", "nobody works in the state folder"),
        Err(error) => {
            Finding::bad("lock", format!("`{}`: {error}", path.display()), "run doctor as the user who runs bedplate")
        }
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Finding::good("lock", "nobody works in the state folder"),
            Err(TryLockError::WouldBlock) => Finding::good("lock", "a bedplate works in the state folder"),
            Err(TryLockError::Error(error)) => Finding::bad(
                "lock",
                format!("`{}` cannot be locked: {error}", path.display()),
                "put the state folder on a file system with locks, such as a local disk",
            ),
        },
    }
}

/// The address of registry and status page: free, or whose it is.
pub(crate) fn listen(address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::good("address", format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match ask(address) {
            Some(answer) => Finding::good("address", format!("{address} is in use by {answer}")),
            None => Finding::bad(
                "address",
                format!("{address} is in use by another program"),
                "stop it, or choose another address with --listen or `listen` in the settings file",
            ),
        },
        Err(error) => Finding::bad(
            "address",
            format!("{address}: {error}"),
            "choose an address of this machine and a port from 1024 on, with --listen or `listen` in the settings file",
        ),
    }
}

/// The files that the settings of the registry name: users, key, certificate. Nothing where none is set.
pub(crate) fn registry_files(settings: &RegistrySettings) -> Option<Finding> {
    if *settings == RegistrySettings::default() {
        return None;
    }
    let listen = ListenSettings { access_log: None, ..settings.listen() };
    let used = Access::new(&settings.access).map_err(anyhow::Error::from);
    let used = used.and_then(|_| Listen::new(&listen).map_err(anyhow::Error::from));
    Some(match used {
        Ok(_) => Finding::good("registry settings", "the files that they name can be used"),
        Err(error) => Finding::bad("registry settings", format!("{error:#}"), "mend the file or the settings"),
    })
}

/// What a bedplate that listens there says of itself.
fn ask(address: SocketAddr) -> Option<String> {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(host, address.port()), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET /livez HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer).ok()?;
    let last = answer.lines().last()?;
    if last == registry::TLS_ONLY {
        return Some("a bedplate that speaks TLS".to_owned());
    }
    let line = last.strip_suffix(" is alive")?;
    line.starts_with("bedplate ").then(|| crate::shown::shown(line))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::finding::Health;

    #[test]
    fn sees_a_folder_that_can_be_made_and_one_that_somebody_works_in() {
        let folder = tempfile::tempdir().unwrap();
        let found = state(&folder.path().join("a/b"));
        assert!(
            found.iter().all(|one| one.health == Health::Good) && found[0].detail.contains("can be made"),
            "{found:?}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "doctor leaves nothing behind");
        let _state = worker::State::open(folder.path()).unwrap();
        assert_eq!(state(folder.path())[2].detail, "a bedplate works in the state folder");
    }

    #[test]
    fn sees_a_folder_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
        let found = writable(folder.path(), Path::new("/proc"));
        assert_eq!(found.health, Health::Bad);
        assert!(found.help.unwrap().contains("--state"));
    }

    #[test]
    fn tells_a_free_address_from_one_that_is_taken_and_by_whom() {
        let answers = |answer: &'static str| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let _ = stream.read(&mut request);
                write!(stream, "HTTP/1.0 200 OK\r\n\r\n{answer}").unwrap();
            });
            listen(address)
        };
        assert_eq!(answers("bedplate 0.1.0 is alive\n").health, Health::Good);
        assert_eq!(answers("hello\n").health, Health::Bad);
        assert!(listen(SocketAddr::from(([127, 0, 0, 1], 0))).detail.ends_with("is free"));
        assert_eq!(listen(SocketAddr::from(([192, 0, 2, 1], 80))).health, Health::Bad);
    }

    #[test]
    fn names_a_file_of_the_registry_that_cannot_be_used() {
        let mut settings = RegistrySettings::default();
        assert_eq!(registry_files(&settings), None);
        settings.limits.uploads = 1;
        assert_eq!(registry_files(&settings).unwrap().health, Health::Good);
        settings.access.htpasswd = Some("none".into());
        let found = registry_files(&settings).unwrap();
        assert!(found.health == Health::Bad && found.detail.contains("`none` cannot be read"), "{found:?}");
    }
}
