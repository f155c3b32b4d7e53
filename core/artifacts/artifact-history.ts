import { ARCHIVE_EVENT_TYPE, tagOf, versionOf } from "#core/artifacts/archive-event.ts";
import type { ArtifactKey } from "#core/artifacts/artifact.ts";
import { CHANGES } from "#core/artifacts/artifact-state.ts";
import type { Event } from "#core/events/event.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import type { AskedPage } from "#core/events/query/asked-page.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { searchEvents } from "#core/events/search-events.ts";

/** A version that there was, as its archive event tells it. */
export interface ArchivedVersion {
  readonly version: number;
  readonly change: (typeof CHANGES)[number];
  readonly changedAtMs: number;
  readonly eventId: string;
  /** Undefined where the change was a deletion. */
  readonly source: string | undefined;
}

const changesOf = (key: ArtifactKey): EventQuery => ({
  ...everyEvent(key.namespace),
  types: [ARCHIVE_EVENT_TYPE],
  tags: [tagOf(key)],
});

/** The version that an archive event tells of; undefined for one that somebody posted. */
export function toArchivedVersion(event: Event, key: ArtifactKey): ArchivedVersion | undefined {
  const version = versionOf(event, key);
  const change = CHANGES.find((one) => event.tags.includes(`archive:${one}`));
  if (version === undefined || change === undefined) return undefined;
  return {
    version,
    change,
    changedAtMs: event.timestampMs,
    eventId: event.id,
    source: event.value === undefined ? undefined : (JSON.parse(event.value) as string),
  };
}

/** The versions of a page, newest first, and how many events there are in all, posted ones counted. */
export async function listVersions(
  store: Pick<EventStore, "search">,
  key: ArtifactKey,
  page: AskedPage,
): Promise<{
  readonly versions: readonly ArchivedVersion[];
  readonly events: readonly Event[];
  readonly total: number;
}> {
  const { events, total } = await searchEvents(store, changesOf(key), page);
  const versions = events.flatMap((event) => toArchivedVersion(event, key) ?? []);
  return { versions, events, total };
}

const EVENTS_AT_ONCE = 10;

/**
 * The version that there was at that instant, in milliseconds since 1970, a
 * deletion too; undefined where there was none.
 */
export async function versionAt(
  store: Pick<EventStore, "search">,
  key: ArtifactKey,
  atMs: number,
): Promise<ArchivedVersion | undefined> {
  const query = { ...changesOf(key), toMs: atMs };
  for (let after: Event | "start" = "start"; ; ) {
    const { events } = await store.search(query, { after, limit: EVENTS_AT_ONCE });
    for (const event of events) {
      const version = toArchivedVersion(event, key);
      if (version !== undefined) return version;
    }
    const last = events.at(-1);
    if (last === undefined) return undefined;
    after = last;
  }
}
