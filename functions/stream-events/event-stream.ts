import { Readable } from "node:stream";
import { type EventStreamSink, type FollowOptions, followEvents } from "#core/events/follow-events.ts";
import type { EventFeeds } from "#core/events/stream/event-feed.ts";

/** What may wait for a client that reads slower than events come; beyond it the client is cut, and resumes. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * The frames of one client as a readable stream. It follows nothing before it is read, since a client that has gone by
 * then leaves it neither read nor destroyed, and stops when nobody reads it any more.
 */
export function eventStream(feeds: EventFeeds, options: FollowOptions): Readable {
  let wake = () => {};
  let stop: (() => void) | undefined;
  const stream = new Readable({
    read: () => {
      stop ??= followEvents(feeds, options, sink);
      wake();
    },
    destroy: (error, done) => {
      stop?.();
      wake();
      done(error);
    },
  });
  const sink: EventStreamSink = {
    write: (frame) => {
      if (stream.destroyed) return false;
      if (stream.readableLength > MAX_WAITING_BYTES) {
        stream.destroy();
        return false;
      }
      return stream.push(frame);
    },
    drained: () =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve();
        else wake = resolve;
      }),
    end: () => stream.push(null),
  };
  return stream;
}
