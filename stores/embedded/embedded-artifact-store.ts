import { toArchiveEvent } from "#core/artifacts/archive-event.ts";
import type { Artifact, ArtifactKey, ArtifactKind, SourceFormat } from "#core/artifacts/artifact.ts";
import { type ArtifactState, decideChange, toArtifact } from "#core/artifacts/artifact-state.ts";
import type { ArtifactChange, ArtifactPage, ArtifactStore, Changed } from "#core/artifacts/artifact-store.ts";
import type { Event } from "#core/events/event.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

/** The journal of the same file, as far as an artifact's change needs it. */
export interface TransactingJournal {
  /** Does the work and appends what it hands over in one transaction of the file. */
  transact<Result>(work: (append: (events: readonly Event[]) => void) => Result): Result;
}

/** The primary key sorts names by their UTF-8, as DynamoDB does. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS artifact (
    namespace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, changed INTEGER NOT NULL,
    change TEXT NOT NULL, source TEXT, format TEXT, PRIMARY KEY (namespace, kind, name)
  );
`;

const KEEP = `
  INSERT INTO artifact (namespace, kind, name, version, changed, change, source, format) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET version = excluded.version, changed = excluded.changed, change = excluded.change,
    source = excluded.source, format = excluded.format`;

const FIND = "SELECT * FROM artifact WHERE namespace = ? AND kind = ? AND name = ?";

const LIST = `
  SELECT * FROM artifact WHERE namespace = ? AND kind = ? AND name > ? AND source IS NOT NULL ORDER BY name LIMIT ?`;

interface ArtifactRow {
  readonly namespace: string;
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly version: number;
  readonly changed: number;
  readonly change: ArtifactState["change"];
  readonly source: string | null;
  readonly format: SourceFormat | null;
}

/** Artifacts in the SQLite file of this process: a change and its event are one transaction. */
export class EmbeddedArtifactStore implements ArtifactStore {
  readonly #database: EmbeddedDatabase;
  readonly #journal: TransactingJournal;

  constructor({ database, journal }: { readonly database: EmbeddedDatabase; readonly journal: TransactingJournal }) {
    database.define(SCHEMA);
    this.#database = database;
    this.#journal = journal;
  }

  async find(key: ArtifactKey): Promise<Artifact | undefined> {
    return toArtifact(this.#stateOf(key));
  }

  async list(
    namespace: string,
    kind: ArtifactKind,
    { after = "", limit }: { readonly after?: string; readonly limit: number },
  ): Promise<ArtifactPage> {
    const rows = this.#database.all<ArtifactRow>(LIST, namespace, kind, after, limit + 1);
    const artifacts = rows.slice(0, limit).map((row) => toArtifact(toState(row)) as Artifact);
    const last = artifacts.at(-1);
    return { artifacts, ...(rows.length > limit && last !== undefined && { next: last.name }) };
  }

  async change(change: ArtifactChange): Promise<Changed> {
    return this.#journal.transact((append) => {
      const { answer, next } = decideChange(change, this.#stateOf(change));
      if (next !== undefined) {
        this.#keep(next);
        append([toArchiveEvent(next)]);
      }
      return answer;
    });
  }

  #stateOf({ namespace, kind, name }: ArtifactKey): ArtifactState | undefined {
    const row = this.#database.get<ArtifactRow>(FIND, namespace, kind, name);
    return row && toState(row);
  }

  #keep({ namespace, kind, name, version, changedAtMs, change, content }: ArtifactState): void {
    const { source = null, format = null } = content ?? {};
    this.#database.run(KEEP, namespace, kind, name, version, changedAtMs, change, source, format);
  }
}

const toState = ({ namespace, kind, name, version, changed, change, source, format }: ArtifactRow): ArtifactState => ({
  namespace,
  kind,
  name,
  version,
  changedAtMs: changed,
  change,
  ...(source !== null && format !== null && { content: { source, format } }),
});
