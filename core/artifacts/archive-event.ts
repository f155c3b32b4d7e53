import { hash } from "node:crypto";
import type { ArtifactKey } from "#core/artifacts/artifact.ts";
import type { ArtifactState } from "#core/artifacts/artifact-state.ts";
import { withoutSecrets } from "#core/artifacts/hidden-secrets.ts";
import { PulseError } from "#core/errors.ts";
import { MAX_EVENT_BYTES } from "#core/events/draft-event.ts";
import { type Event, toEventJson } from "#core/events/event.ts";
import { uuidV8 } from "#core/uuid.ts";

export const ARCHIVE_EVENT_TYPE = "archive";

/**
 * The event of a change, in which secrets of webhooks are hidden. All of it follows from the state that the change
 * made: told any number of times, it is one event. Its key keeps an artifact's changes in their order.
 */
export function toArchiveEvent(state: ArtifactState): Event {
  const { namespace, kind, name, version, changedAtMs, change, content } = state;
  return {
    id: archiveEventId(state, version),
    namespace,
    type: ARCHIVE_EVENT_TYPE,
    tags: [kind, tagOf(state), "archive", `archive:${change}`, "archiving", `archiving:${change}`],
    ...(content !== undefined && { value: JSON.stringify(withoutSecrets(content.source)) }),
    timestamp: new Date(changedAtMs).toISOString(),
    timestampMs: changedAtMs,
    receivedAtMs: changedAtMs,
    key: `${kind}/${name}`,
  };
}

/** On every archive event of the artifact. */
export const tagOf = ({ kind, name }: Pick<ArtifactKey, "kind" | "name">): string => `${kind}:${name}`;

const HASHED_BITS = 90n;
const VERSION_BITS = 32n;
const VERSION_DIGITS = 8;

/**
 * A UUIDv8 (RFC 9562, section 5.8): 90 bits of the artifact's hash, then 32 of the version. So the ids of an artifact
 * sort as its versions, a version can be read from its id, and no event that was posted passes for one.
 */
export function archiveEventId({ namespace, kind, name }: ArtifactKey, version: number): string {
  const digest = BigInt(`0x${hash("sha256", JSON.stringify([namespace, kind, name]))}`);
  return uuidV8(((digest >> (256n - HASHED_BITS)) << VERSION_BITS) | BigInt(version));
}

/**
 * The artifact's version that the event tells of; undefined for an event of another artifact, or one that was posted.
 */
export function versionOf(event: Pick<Event, "id">, key: ArtifactKey): number | undefined {
  const version = Number.parseInt(event.id.slice(-VERSION_DIGITS), 16);
  return event.id === archiveEventId(key, version) ? version : undefined;
}

const utf8 = new TextEncoder();

/**
 * Throws `too-large` for a source whose archive event would have more than 256 KiB as JSON. A secret that is hidden in
 * the event counts at its full length, since the artifact itself keeps it.
 */
export function requireArchivable(key: ArtifactKey, source: string): void {
  const state = { ...key, version: 1, changedAtMs: 0, change: "create", content: { source, format: "json" } } as const;
  const sourceBytes = utf8.encode(source).length;
  const bytes = Math.max(sourceBytes, utf8.encode(toEventJson(toArchiveEvent(state))).length);
  if (bytes <= MAX_EVENT_BYTES) return;
  throw new PulseError(
    "too-large",
    `the source has ${sourceBytes} bytes and its archive event ${bytes}, of which at most ${MAX_EVENT_BYTES} are taken`,
  );
}
