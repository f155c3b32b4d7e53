import { type IdempotencyKeys, KEY_LIFETIME_MS, type KeyClaim } from "#core/events/idempotency-keys.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS idempotency_key (
    namespace TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, id TEXT NOT NULL, received INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS idempotency_key_by_age ON idempotency_key (received);
`;

const FORGET = "DELETE FROM idempotency_key WHERE received <= ?";
const CLAIM = `
  INSERT INTO idempotency_key (namespace, key, digest, id, received) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const HOLDER = `
  SELECT namespace, key, digest, id, received AS receivedAtMs FROM idempotency_key WHERE namespace = ? AND key = ?`;

/** Idempotency keys in the SQLite file of this process. The time is that of the claims. */
export class EmbeddedIdempotencyKeys implements IdempotencyKeys {
  readonly #database: EmbeddedDatabase;

  constructor(database: EmbeddedDatabase) {
    database.define(SCHEMA);
    this.#database = database;
  }

  async claim(claims: readonly KeyClaim[]): Promise<readonly KeyClaim[]> {
    return this.#database.transaction(() => claims.map((claim) => this.#claim(claim)));
  }

  #claim({ namespace, key, digest, id, receivedAtMs }: KeyClaim): KeyClaim {
    this.#database.run(FORGET, receivedAtMs - KEY_LIFETIME_MS);
    this.#database.run(CLAIM, namespace, key, digest, id, receivedAtMs);
    return { ...(this.#database.get<KeyClaim>(HOLDER, namespace, key) as KeyClaim) };
  }
}
