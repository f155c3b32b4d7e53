import { Readable } from "node:stream";
import { PulseError } from "#core/errors.ts";
import { startOfStream } from "#core/events/follow-events.ts";
import type { EventFeeds } from "#core/events/stream/event-feed.ts";
import { comeBackFrame } from "#core/events/stream/stream-frames.ts";
import type { Admit } from "#functions/shared/auth/admit.ts";
import { askedQuery } from "#functions/shared/http/asked-query.ts";
import { toProblem } from "#functions/shared/http/problem.ts";
import { type StreamedAnswer, type StreamingHandler, streamingApi } from "#functions/shared/http/streaming-api.ts";
import { eventStream } from "./event-stream.ts";

export interface StreamEventsOptions {
  readonly namespaces: readonly string[];
  readonly feeds: EventFeeds;
  /** Who may read. */
  readonly admit: Admit;
  /** A stream ends cleanly after so long, and the client comes back; without, it goes on. */
  readonly leaseMs?: number;
}

/**
 * `GET /events/stream`: server-sent events of everything accepted from now on, or from a position on, that matches.
 * What the caller accepts is not looked at: Vamp's client says `application/json` on every call. A stream ends with the
 * credentials that it was opened with.
 */
export const streamEventsHandler = ({ namespaces, feeds, admit, leaseMs }: StreamEventsOptions): StreamingHandler =>
  streamingApi(
    namespaces,
    (request) => admit(request, "read"),
    async (request, { expiresAtMs }) => {
      const { query } = askedQuery(request, feeds.clock.now(), await feeds.store.types());
      const lastEventId = request.header("last-event-id") ?? request.query.get("last-event-id") ?? undefined;
      const start = await startOfStream(lastEventId, request.namespace, feeds, (detail) =>
        JSON.stringify(toProblem(new PulseError("invalid-input", detail), request.id)),
      ).catch((error) => laterOrThrow(error, lastEventId));
      if (start === "later") return streamed(Readable.from([comeBackFrame()]));
      return streamed(
        eventStream(feeds, {
          filter: query,
          start,
          named: request.query.get("named") !== "false",
          ...shorterLease(leaseMs, expiresAtMs === undefined ? undefined : expiresAtMs - feeds.clock.now()),
        }),
      );
    },
  );

const streamed = (body: Readable): StreamedAnswer => ({
  statusCode: 200,
  headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" },
  body,
});

/**
 * Whoever goes on from a position is told to come back when the store cannot be read: an EventSource gives up for good
 * on any status but 200. Whoever begins has no position to come back with, and is told the truth by a 503.
 */
function laterOrThrow(error: unknown, lastEventId: string | undefined): "later" {
  if (lastEventId && error instanceof PulseError && error.kind === "unavailable") return "later";
  throw error;
}

function shorterLease(...limitsMs: readonly (number | undefined)[]): { readonly leaseMs?: number } {
  const given = limitsMs.filter((limitMs) => limitMs !== undefined);
  return given.length === 0 ? {} : { leaseMs: Math.max(0, Math.min(...given)) };
}
