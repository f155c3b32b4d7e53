import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { allTogether } from "#core/events/types/type-changes.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS declared_type (name TEXT PRIMARY KEY, version INTEGER NOT NULL, declaration TEXT NOT NULL);
`;

/**
 * What is in force of event types: what this process was started with, and what was declared while it, or another, ran.
 */
export class DeclaredTypes {
  readonly #database: EmbeddedDatabase;
  readonly deployed: readonly EventTypeDeclaration[];
  #inForce: readonly EventTypeDeclaration[] | undefined;

  constructor(database: EmbeddedDatabase, deployed: readonly EventTypeDeclaration[]) {
    database.define(SCHEMA);
    database.onRollback(() => {
      this.#inForce = undefined;
    });
    this.#database = database;
    this.deployed = deployed;
  }

  /** Answers the same list as long as nothing changes: what is derived from its fields is cached by their identity. */
  inForce(): readonly EventTypeDeclaration[] {
    this.#inForce ??= allTogether(
      this.deployed,
      this.#database
        .all<{ declaration: string }>("SELECT declaration FROM declared_type ORDER BY name")
        .map(({ declaration }) => JSON.parse(declaration) as EventTypeDeclaration),
    );
    return this.#inForce;
  }

  /** Unless a later version is there. Must run in a transaction. */
  put(declaration: EventTypeDeclaration, version: number): void {
    const sql = `INSERT INTO declared_type (name, version, declaration) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET version = excluded.version, declaration = excluded.declaration
      WHERE excluded.version > version`;
    this.#database.run(sql, declaration.name, version, JSON.stringify(declaration));
    this.#inForce = undefined;
  }
}
