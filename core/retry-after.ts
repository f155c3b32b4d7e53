/**
 * How long a `Retry-After` asks to wait, in milliseconds. It says seconds, or an instant as HTTP writes it (RFC 9110,
 * section 10.2.3); undefined where it says neither.
 */
export function readRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) || !/^[A-Z][a-z]{2}, /.test(text) ? undefined : Math.max(0, atMs - nowMs);
}
