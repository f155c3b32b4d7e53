import { Readable } from "node:stream";
import type { EventFeeds } from "#core/events/event-feed.ts";
import { type FollowOptions, followEvents } from "#core/events/follow-events.ts";

/** What may wait for a client that reads slower than events come; beyond it the client is cut, and resumes. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** The frames of one client as a readable stream. It stops when nobody reads it any more. */
export function eventStream(feeds: EventFeeds, options: FollowOptions): Readable {
  let wake = () => {};
  const stream = new Readable({
    read: () => wake(),
    destroy: (error, done) => {
      stop();
      wake();
      done(error);
    },
  });
  const stop = followEvents(feeds, options, {
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
  });
  return stream;
}
