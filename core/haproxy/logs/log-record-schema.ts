import { parseTimestamp } from "#core/events/time/timestamps.ts";
import { quote } from "#core/faults.ts";
import { DROP_CAUSES } from "#core/haproxy/logs/log-record.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { isNamespace } from "#core/namespaces.ts";
import { once } from "#core/once.ts";
import * as z from "#core/zod.ts";

const MAX_SOURCE_CHARACTERS = 200;
const ID = /^[\w.:+-]{1,100}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const CONTROL = /\p{Cc}/u;

const SHORT_ENOUGH = `must not be longer than ${MAX_FRAME_BYTES} bytes`;

export const isId = (text: string): boolean => ID.test(text);
export const isInstant = (text: string): boolean => parseTimestamp(text) !== undefined;
export const isShortEnough = (line: string): boolean => Buffer.byteLength(line) <= MAX_FRAME_BYTES;

const isBoundedBase64 = (text: string): boolean =>
  BASE64.test(text) && Buffer.byteLength(text, "base64") <= MAX_FRAME_BYTES;

export const isSource = (text: string): boolean =>
  text !== "" && text.length <= MAX_SOURCE_CHARACTERS && text.isWellFormed() && !CONTROL.test(text);

/** A member that must be a string of some form; its message says which. */
const textThat = (isRight: (text: string) => boolean, must: string) =>
  z
    .string({ error: ({ input }) => (input === undefined ? "is missing" : `must be a string, not ${quote(input)}`) })
    .check(z.refine(isRight, { error: ({ input }) => `${must}, not ${quote(input)}` }));

const instant = () => textThat(isInstant, "must be an RFC 3339 date and time with Z or an offset");

function receipt() {
  const count = z.int({ error: ({ input }) => `must be a whole number, not ${quote(input)}` }).check(z.minimum(0));
  return z.strictObject({
    incarnation: textThat((text) => /^[0-9a-f]{16}$/.test(text), "must be 16 hexadecimal digits"),
    since: instant(),
    until: instant(),
    from: count,
    to: count,
    received: count,
    spooled: count,
    sent: count,
    lost: count,
    interruptions: count,
    sentTo: count,
    dropped: z.array(z.strictObject({ from: count, to: count, cause: z.enum(DROP_CAUSES) })),
  });
}

/** A record of any kind. Made with the first that is not plain: it takes milliseconds. */
export const logRecordSchema = once(() =>
  z
    .strictObject(
      {
        id: textThat(isId, "must be 1–100 letters, digits or any of _.:+-"),
        at: instant(),
        namespace: textThat(isNamespace, "must be 1–40 lower-case letters, digits and hyphens"),
        source: textThat(isSource, `must be 1–${MAX_SOURCE_CHARACTERS} characters without control characters`),
        zone: z.optional(textThat(isZone, "must be a time zone like Europe/Berlin, +02:00 or UTC")),
        cut: z.optional(z.literal(true)),
        line: z.optional(textThat(isShortEnough, SHORT_ENOUGH)),
        b64: z.optional(textThat(isBoundedBase64, `must be Base64, and ${SHORT_ENOUGH}`)),
        receipt: z.optional(receipt()),
      },
      { error: ({ code, input }) => (code === "invalid_type" ? `must be an object, not ${quote(input)}` : undefined) },
    )
    .check(
      z.refine(({ line, b64, receipt }) => [line, b64, receipt].filter((body) => body !== undefined).length === 1, {
        error: "must have exactly one of line, b64 and receipt",
      }),
      z.refine(({ zone, receipt }) => (zone === undefined) === (receipt !== undefined), {
        error: "must have a zone where it has a line, and none where it has a receipt",
      }),
      z.refine(({ cut, receipt }) => cut === undefined || receipt === undefined, { error: "no receipt is cut" }),
    ),
);
