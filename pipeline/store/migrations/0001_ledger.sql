-- What the factory remembers.
-- Times are milliseconds since 1970-01-01 UTC; digests are texts such as `sha256:…`; what ends in `_json` is JSON. A value that is not known is NULL.
-- Only what SQLite and PostgreSQL both take; numbers that name rows are given by the program, which alone writes.

-- Every InRelease that was accepted.
CREATE TABLE in_releases (
    suite TEXT NOT NULL,
    digest TEXT NOT NULL,
    -- Its field Date.
    made_at BIGINT NOT NULL,
    -- When we first saw it.
    received_at BIGINT NOT NULL,
    -- How many sources its suite had. NULL: only the file is known, not what it vouches for.
    sources BIGINT,
    PRIMARY KEY (suite, digest)
);
CREATE INDEX in_releases_by_time ON in_releases (suite, made_at);

-- Every version of a source that a suite ever had.
CREATE TABLE source_versions (
    suite TEXT NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Date of the first InRelease that had it. NULL: it was there before anybody watched.
    first_at BIGINT,
    -- Date of the last InRelease before that one: the version came after it.
    after_at BIGINT,
    -- Digest of the first InRelease that had it.
    first_digest TEXT NOT NULL,
    -- When we received that file.
    observed_at BIGINT NOT NULL,
    -- Date of the last InRelease that had it. NULL: the newest has it.
    last_at BIGINT,
    PRIMARY KEY (suite, source, version)
);

-- Manifests of single images, by a short number.
CREATE TABLE manifests (
    id BIGINT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
);

-- Binary packages that any image ever had.
CREATE TABLE packages (
    id BIGINT NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    source_version TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    architecture TEXT NOT NULL,
    UNIQUE (source, source_version, name, version, architecture)
);

-- What is installed in an image.
CREATE TABLE inventories (
    manifest BIGINT NOT NULL REFERENCES manifests (id),
    package BIGINT NOT NULL REFERENCES packages (id),
    PRIMARY KEY (manifest, package)
);

-- Every image index that ever was under an image's tags, once for each time that the tags moved to it.
CREATE TABLE publications (
    id BIGINT NOT NULL PRIMARY KEY,
    image TEXT NOT NULL,
    index_digest TEXT NOT NULL,
    -- Codename of Debian's release.
    codename TEXT NOT NULL,
    tags_json TEXT NOT NULL,
    -- Why it was built: lines for people with the values that they stand for.
    reasons_json TEXT NOT NULL,
    decided_at BIGINT,
    built_at BIGINT,
    scanned_at BIGINT,
    signed_at BIGINT,
    tagged_at BIGINT NOT NULL,
    UNIQUE (image, tagged_at, index_digest)
);

-- The images of a publication.
CREATE TABLE publication_images (
    publication BIGINT NOT NULL REFERENCES publications (id),
    platform TEXT NOT NULL,
    manifest BIGINT NOT NULL REFERENCES manifests (id),
    PRIMARY KEY (publication, platform)
);

-- What is under tags.
CREATE TABLE tagged_images (
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    publication BIGINT NOT NULL REFERENCES publications (id),
    manifest BIGINT NOT NULL REFERENCES manifests (id),
    PRIMARY KEY (image, platform)
);
CREATE INDEX tagged_images_by_manifest ON tagged_images (manifest);

-- The sources of what is under tags: joined with changed rows to find what is to be scanned again.
CREATE TABLE tagged_sources (
    source TEXT NOT NULL,
    codename TEXT NOT NULL,
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    PRIMARY KEY (source, codename, image, platform)
);
CREATE INDEX tagged_sources_by_image ON tagged_sources (image);

-- The newest scan of each manifest.
CREATE TABLE scans (
    manifest BIGINT NOT NULL PRIMARY KEY REFERENCES manifests (id),
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    scanned_at BIGINT NOT NULL,
    -- `current`, `stale` or `absent`.
    standing TEXT NOT NULL,
    feeds_json TEXT NOT NULL,
    verdict_json TEXT,
    -- NULL once the tags have moved on.
    report_json TEXT
);
CREATE INDEX scans_by_image ON scans (image, platform);

-- Each vulnerability of what was under an image's tags, from when to when. One that comes back has a row more.
CREATE TABLE findings (
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    source TEXT NOT NULL,
    vulnerability TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    status TEXT NOT NULL,
    source_version TEXT NOT NULL,
    fixed_version TEXT,
    last_seen BIGINT NOT NULL,
    gone_at BIGINT,
    PRIMARY KEY (image, platform, source, vulnerability, first_seen)
);
CREATE INDEX findings_by_vulnerability ON findings (vulnerability);

-- What happened.
CREATE TABLE events (
    id BIGINT NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    image TEXT,
    platform TEXT,
    kind TEXT NOT NULL,
    line TEXT NOT NULL,
    detail_json TEXT
);
CREATE INDEX events_by_time ON events (happened_at);

-- The ledger: how long each fix took. All of `record_json` comes from the other tables and from what Debian says; the columns are for asking.
CREATE TABLE fixes (
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    source TEXT NOT NULL,
    vulnerability TEXT NOT NULL,
    -- 1 for the first time; one more each time that the tags went back to an affected version.
    occurrence BIGINT NOT NULL,
    -- `open`, `fixed` or `removed`.
    state TEXT NOT NULL,
    archive_at BIGINT,
    tagged_at BIGINT,
    lag_seconds BIGINT,
    record_json TEXT NOT NULL,
    PRIMARY KEY (image, platform, source, vulnerability, occurrence)
);
CREATE INDEX fixes_by_tag_move ON fixes (tagged_at);
CREATE INDEX fixes_by_state ON fixes (state);
CREATE INDEX fixes_by_vulnerability ON fixes (vulnerability);

-- What keeps an image from being published.
CREATE TABLE hindrances (
    image TEXT NOT NULL PRIMARY KEY,
    -- `blocked` or `upstream`.
    whose TEXT NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL
);
