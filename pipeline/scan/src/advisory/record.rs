//! Rows and groups as tables of words: what an [`super::Advisories`] holds in memory, and what its index stores.

/// A row of a table: so many words.
pub(super) trait Record<const WORDS: usize>: Sized {
    /// Its words.
    fn words(&self) -> [u32; WORDS];
    /// It, out of its words.
    fn of(words: [u32; WORDS]) -> Self;
}

/// A row; everything but `bug` and `next_point_update` is the number of a string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) source: u32,
    pub(super) release: u32,
    pub(super) id: u32,
    pub(super) status: u32,
    pub(super) urgency: u32,
    pub(super) fixed: u32,
    /// `nodsa`.
    pub(super) text: u32,
    /// `nodsa_reason`.
    pub(super) reason: u32,
    /// Suites and versions, in turn, with [`SEPARATOR`] between them.
    pub(super) suites: u32,
    pub(super) description: u32,
    pub(super) scope: u32,
    /// The number itself, or [`super::strings::NONE`].
    pub(super) bug: u32,
    /// 0 or 1.
    pub(super) next_point_update: u32,
}

/// Stands between suites and versions; in neither.
pub(super) const SEPARATOR: char = '\u{1f}';
/// Words of a row.
pub(super) const ROW_WORDS: usize = 13;
/// Words of a group.
pub(super) const GROUP_WORDS: usize = 5;

/// All rows of one source in one release.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) source: u32,
    pub(super) release: u32,
    /// Its first row; it goes on to the next group's.
    pub(super) first: u32,
    /// Of all its rows' contents.
    pub(super) fingerprint: [u32; 2],
}

impl Row {
    /// A row out of its numbers of strings, in the order of [`Row::strings`].
    pub(super) fn with(strings: [u32; 11], bug: u32, next_point_update: bool) -> Self {
        let mut words = strings.into_iter().chain([bug, u32::from(next_point_update)]);
        Self::of(std::array::from_fn(|_| words.next().unwrap_or(0)))
    }

    /// The numbers of strings in it.
    pub(super) fn strings(&self) -> [u32; 11] {
        let Self { source, release, id, status, urgency, fixed, text, reason, suites, description, scope, .. } = *self;
        [source, release, id, status, urgency, fixed, text, reason, suites, description, scope]
    }
}

impl Record<ROW_WORDS> for Row {
    fn words(&self) -> [u32; ROW_WORDS] {
        let mut words = self.strings().into_iter().chain([self.bug, self.next_point_update]);
        std::array::from_fn(|_| words.next().unwrap_or(0))
    }

    fn of(words: [u32; ROW_WORDS]) -> Self {
        let [source, release, id, status, urgency, fixed, text, reason, suites, description, scope, bug, next] = words;
        Self {
            source,
            release,
            id,
            status,
            urgency,
            fixed,
            text,
            reason,
            suites,
            description,
            scope,
            bug,
            next_point_update: next,
        }
    }
}

impl Record<GROUP_WORDS> for Group {
    fn words(&self) -> [u32; GROUP_WORDS] {
        let [low, high] = self.fingerprint;
        [self.source, self.release, self.first, low, high]
    }

    fn of([source, release, first, low, high]: [u32; GROUP_WORDS]) -> Self {
        Self { source, release, first, fingerprint: [low, high] }
    }
}

impl Record<1> for u32 {
    fn words(&self) -> [u32; 1] {
        [*self]
    }

    fn of([word]: [u32; 1]) -> Self {
        word
    }
}
