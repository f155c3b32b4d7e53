import { invalidInput } from "#core/errors.ts";

/** The event after which a page starts: its timestamp in milliseconds and its id, the two that events are sorted by. */
export interface Cursor {
  readonly timestampMs: number;
  readonly id: string;
}

/** A cursor as callers carry it: opaque, safe in a URL. */
export const toCursorText = (cursor: Cursor): string => btoa(`${cursor.timestampMs} ${cursor.id}`).replace(/=+$/, "");

const CURSOR = /^(-?\d{1,15}) ([0-9a-f-]{36})$/;

/** Throws `invalid-input` unless the text is a cursor that `toCursorText` could have made. */
export function fromCursorText(text: string): Cursor {
  const match = /^[A-Za-z0-9+/]+$/.test(text) && text.length % 4 !== 1 ? CURSOR.exec(atob(text)) : null;
  const cursor = match === null ? undefined : { timestampMs: Number(match[1]), id: match[2] as string };
  if (cursor === undefined || toCursorText(cursor) !== text)
    throw invalidInput([{ pointer: "cursor", detail: "is not a cursor; take it from a `next` link, or `*` to begin" }]);
  return cursor;
}
