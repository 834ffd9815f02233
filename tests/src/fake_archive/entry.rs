//! One entry of a tar archive, exactly as the test wants it: also what no honest package holds.
//!
//! It takes a path as raw bytes, a type and what belongs to it, and gives it to the tar writer beside it. Nothing is
//! checked here: `..`, absolute paths, device nodes and setuid bits are what it is for.
//!
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.

/// One tar entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an entry does nothing before it is given to a package"]
pub struct RawEntry {
    pub(crate) path: Vec<u8>,
    pub(crate) type_flag: u8,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) timestamp: Option<u64>,
    pub(crate) target: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) claimed_size: Option<u64>,
    pub(crate) real_size: Option<u64>,
    pub(crate) extensions: Vec<(String, Vec<u8>)>,
}

impl RawEntry {
    /// A regular file, mode 0644.
    pub fn file(path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> Self {
        Self { content: content.into(), mode: 0o644, ..Self::of_type(path, b'0') }
    }

    /// A directory, mode 0755.
    pub fn directory(path: impl AsRef<[u8]>) -> Self {
        Self::of_type(path, b'5')
    }

    /// A symbolic link.
    pub fn symlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { target: target.as_ref().to_vec(), mode: 0o777, ..Self::of_type(path, b'2') }
    }

    /// A hard link to an entry of the same archive.
    pub fn hardlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self { target: target.as_ref().to_vec(), mode: 0o644, ..Self::of_type(path, b'1') }
    }

    /// A character device.
    pub fn character_device(path: impl AsRef<[u8]>) -> Self {
        Self::of_type(path, b'3')
    }

    /// A block device.
    pub fn block_device(path: impl AsRef<[u8]>) -> Self {
        Self::of_type(path, b'4')
    }

    /// A named pipe.
    pub fn pipe(path: impl AsRef<[u8]>) -> Self {
        Self::of_type(path, b'6')
    }

    /// A GNU sparse member: it holds `content`, and claims to be `real_size` bytes of which the rest are holes.
    pub fn sparse(path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>, real_size: u64) -> Self {
        Self { content: content.into(), mode: 0o644, real_size: Some(real_size), ..Self::of_type(path, b'S') }
    }

    /// An entry with any type flag, known or not.
    pub fn of_type(path: impl AsRef<[u8]>, type_flag: u8) -> Self {
        Self {
            path: path.as_ref().to_vec(),
            type_flag,
            mode: 0o755,
            owner: (0, 0),
            timestamp: None,
            target: Vec::new(),
            content: Vec::new(),
            claimed_size: None,
            real_size: None,
            extensions: Vec::new(),
        }
    }

    /// Another mode, with setuid and sticky bits where wanted.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Another owner and group, by number.
    pub fn owner(mut self, user: u64, group: u64) -> Self {
        self.owner = (user, group);
        self
    }

    /// Another time than the package's, in seconds since 1970.
    pub fn timestamp(mut self, seconds: u64) -> Self {
        self.timestamp = Some(seconds);
        self
    }

    /// A size in the header that is not the content's: the archive is then cut short or out of step.
    pub fn claimed_size(mut self, size: u64) -> Self {
        self.claimed_size = Some(size);
        self
    }

    /// A PAX record before the entry, such as `SCHILY.xattr.security.capability`, `path` or `size`.
    pub fn extension(mut self, key: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        self.extensions.push((key.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn is_file(&self) -> bool {
        self.type_flag == b'0'
    }

    pub(crate) fn is_hardlink(&self) -> bool {
        self.type_flag == b'1'
    }
}
