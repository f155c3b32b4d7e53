/*
 * event    each event once, in the order it was kept (`seq`). What follows is made from it when an event is settled.
 * tag      what each number stands for, and how many settled events have it.
 * tagged   one row per event and tag, in the order of answers, with type and number, so that pages and statistics of a
 *          tag, or of a type and a tag, never touch the events. A type is a tag too.
 * tag_set  which events of a block have a tag (tag-sets.ts): exact totals without a scan. Clustered by block, so that a
 *          small commit writes few pages.
 * field    declared fields, or else numbers inside objects (`leaves`), one row per value.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS store (id TEXT NOT NULL, settled INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS checkpoint (made INTEGER PRIMARY KEY, shard TEXT NOT NULL UNIQUE, seq TEXT NOT NULL);

  CREATE TABLE IF NOT EXISTS shelf (
    shelf_id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, declared TEXT NOT NULL, numeric_tag_id INTEGER NOT NULL,
    UNIQUE (namespace, declared)
  );
  CREATE TABLE IF NOT EXISTS tag (
    tag_id INTEGER PRIMARY KEY, shelf_id INTEGER NOT NULL, tag TEXT, size INTEGER NOT NULL DEFAULT 0,
    UNIQUE (shelf_id, tag)
  );
  CREATE TABLE IF NOT EXISTS type (
    tag_id INTEGER PRIMARY KEY, shelf_id INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (shelf_id, name)
  );
  CREATE TABLE IF NOT EXISTS path (
    field_id INTEGER PRIMARY KEY, shelf_id INTEGER NOT NULL, path TEXT NOT NULL, UNIQUE (shelf_id, path)
  );

  CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    namespace TEXT NOT NULL,
    type_tag_id INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    received INTEGER NOT NULL,
    block INTEGER NOT NULL,
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
  CREATE INDEX IF NOT EXISTS event_by_age ON event (type_tag_id, received);

  CREATE TABLE IF NOT EXISTS tagged (
    tag_id INTEGER NOT NULL, ts INTEGER NOT NULL, id BLOB NOT NULL, seq INTEGER NOT NULL,
    type_tag_id INTEGER NOT NULL, number REAL,
    PRIMARY KEY (tag_id, ts, id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS block (
    shelf_id INTEGER NOT NULL, block INTEGER NOT NULL, places INTEGER NOT NULL,
    oldest INTEGER NOT NULL, newest INTEGER NOT NULL,
    PRIMARY KEY (shelf_id, block)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tag_set (
    shelf_id INTEGER NOT NULL, block INTEGER NOT NULL, tag_id INTEGER NOT NULL,
    size INTEGER NOT NULL, start INTEGER, places BLOB NOT NULL,
    PRIMARY KEY (shelf_id, block, tag_id)
  ) WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS field (
    field_id INTEGER NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL, repeated INTEGER NOT NULL, held NOT NULL,
    PRIMARY KEY (field_id, seq, place)
  ) WITHOUT ROWID;
`;
