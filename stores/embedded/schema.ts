/*
 * event    each event once, in the order it was kept (`seq`).
 * tagged   one row per event and tag, in the order of answers, with the number, so that pages and statistics of a tag
 *          never touch the events. A tag is interned per namespace and type.
 * tag_set  which events of a slice of time have a tag, as bits (tag-sets.ts): exact totals without a scan.
 * field    declared fields, or else numbers inside objects (`leaves`), one row per value.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS checkpoint (shard TEXT PRIMARY KEY, seq TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS type (
    type_id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (namespace, name)
  );
  CREATE TABLE IF NOT EXISTS tag (
    tag_id INTEGER PRIMARY KEY, type_id INTEGER NOT NULL, tag NOT NULL, UNIQUE (type_id, tag)
  );
  CREATE TABLE IF NOT EXISTS path (
    field_id INTEGER PRIMARY KEY, type_id INTEGER NOT NULL, path TEXT NOT NULL, UNIQUE (type_id, path)
  );

  CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    namespace TEXT NOT NULL,
    type_id INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    received INTEGER NOT NULL,
    place INTEGER NOT NULL,
    shard TEXT,
    point TEXT,
    timestamp TEXT NOT NULL,
    tags TEXT NOT NULL,
    key TEXT,
    value TEXT,
    UNIQUE (id, namespace)
  );
  CREATE INDEX IF NOT EXISTS event_by_point ON event (shard, point) WHERE shard IS NOT NULL;
  CREATE INDEX IF NOT EXISTS event_by_age ON event (type_id, received);

  CREATE TABLE IF NOT EXISTS tagged (
    tag_id INTEGER NOT NULL, ts INTEGER NOT NULL, id BLOB NOT NULL, seq INTEGER NOT NULL, number REAL,
    PRIMARY KEY (tag_id, ts, id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS slice (
    type_id INTEGER NOT NULL, slice INTEGER NOT NULL, places INTEGER NOT NULL,
    oldest INTEGER NOT NULL, newest INTEGER NOT NULL,
    PRIMARY KEY (type_id, slice)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tag_set (
    tag_id INTEGER NOT NULL, block INTEGER NOT NULL, size INTEGER NOT NULL, start INTEGER NOT NULL, bits BLOB NOT NULL,
    PRIMARY KEY (tag_id, block)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS field (
    field_id INTEGER NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL, repeated INTEGER NOT NULL, held NOT NULL,
    PRIMARY KEY (field_id, seq, place)
  ) WITHOUT ROWID;
`;
