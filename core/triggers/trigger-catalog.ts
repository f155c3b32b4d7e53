import type { Artifact } from "#core/artifacts/artifact.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import { PulseError } from "#core/errors.ts";
import type { Event } from "#core/events/event.ts";
import { isSameVersion, type PausedTriggers } from "#core/triggers/paused-triggers.ts";
import { type ReadTriggerOptions, readTrigger } from "#core/triggers/read-trigger.ts";
import { TRIGGER_KINDS, type Trigger, type TriggerKey } from "#core/triggers/trigger.ts";
import { indexTriggers, type TriggerIndex } from "#core/triggers/trigger-index.ts";

export interface TriggerCatalogOptions extends ReadTriggerOptions {
  readonly artifacts: Pick<ArtifactStore, "find" | "list">;
  readonly paused: PausedTriggers;
  /** All of them, `default` too. */
  readonly namespaces: readonly string[];
  /** What the source of an artifact says. */
  readonly parse: (artifact: Artifact) => Promise<unknown>;
  /** How long the list is used before it is read again. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  /** Told of an artifact of a trigger's kind that cannot be read as a trigger. */
  readonly onUnreadable: (key: TriggerKey, reason: string) => void;
}

/** The triggers of a deployment, as they were read at one instant. */
export interface TriggerList {
  /** Those that events start: enabled, and not paused. */
  readonly active: TriggerIndex;
  /** Those of them that time starts. */
  readonly periodic: readonly Trigger[];
}

const PAGE = 1000;

/** Reads the triggers from the artifacts, once for many events. */
export class TriggerCatalog {
  readonly #options: TriggerCatalogOptions;
  #list: Promise<TriggerList> | undefined;
  #readAtMs = 0;

  constructor(options: TriggerCatalogOptions) {
    this.#options = options;
  }

  /**
   * The triggers, at most so old as the catalog is allowed to be. Throws `unavailable` where they cannot be read now.
   */
  list(): Promise<TriggerList> {
    const { now, maxAgeMs } = this.#options;
    const ageMs = now() - this.#readAtMs;
    // A clock that was put back must not keep what was read for ever.
    if (this.#list === undefined || ageMs >= maxAgeMs || ageMs < 0) {
      this.#readAtMs = now();
      const reading = this.#read();
      this.#list = reading;
      reading.catch(() => {
        if (this.#list === reading) this.#list = undefined;
      });
    }
    return this.#list;
  }

  /** The trigger as it is now, a paused or disabled one too. Throws `unavailable` where it cannot be read now. */
  async find({ namespace, kind, name }: TriggerKey): Promise<Trigger | undefined> {
    const artifact = await this.#options.artifacts.find({ namespace, kind, name });
    return artifact && this.#toTrigger(artifact, kind);
  }

  /** Forgets the list: whoever asks next gets the triggers as they are then. */
  forget(): void {
    this.#list = undefined;
  }

  async #read(): Promise<TriggerList> {
    const { paused, namespaces } = this.#options;
    const triggers: Trigger[] = [];
    for (const namespace of namespaces)
      for (const kind of TRIGGER_KINDS)
        for await (const artifact of this.#artifacts(namespace, kind)) {
          const trigger = await this.#toTrigger(artifact, kind);
          if (trigger !== undefined) triggers.push(trigger);
        }
    const pauses = triggers.length === 0 ? [] : await paused.list();
    const active = triggers.filter(
      (trigger) => trigger.enabled && !pauses.some((pause) => isSameVersion(pause, trigger)),
    );
    return { active: indexTriggers(active), periodic: active.filter(({ periodMs }) => periodMs !== undefined) };
  }

  async *#artifacts(namespace: string, kind: TriggerKey["kind"]): AsyncGenerator<Artifact> {
    let after: string | undefined;
    do {
      const page = { limit: PAGE, ...(after !== undefined && { after }) };
      const { artifacts, next } = await this.#options.artifacts.list(namespace, kind, page);
      yield* artifacts;
      after = next;
    } while (after !== undefined);
  }

  /** One that cannot be read costs no other: it may have been taken by an earlier version of Pulse. */
  async #toTrigger(artifact: Artifact, kind: TriggerKey["kind"]): Promise<Trigger | undefined> {
    const { namespace, name, version } = artifact;
    const key = { namespace, kind, name };
    try {
      return readTrigger({ ...key, version, declared: await this.#options.parse(artifact) }, this.#options);
    } catch (error) {
      if (!(error instanceof PulseError)) throw error;
      this.#options.onUnreadable(key, error.message);
      return undefined;
    }
  }
}

/** Whether the event tells of a change of triggers. */
export const changesTriggers = ({ type, tags }: Event): boolean =>
  type === "archive" && TRIGGER_KINDS.some((kind) => tags.includes(kind));
