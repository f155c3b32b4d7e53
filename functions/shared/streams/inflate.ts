import { PulseError } from "#core/errors.ts";

/** Loaded with the first gzip: 3 ms, that a cold start for plain text does without. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** Inflates gzip, member by member. Throws `too-large` beyond the limit, and `invalid-input` for what is no gzip. */
export function inflate(data: Uint8Array, maxBytes: number): Buffer {
  try {
    return zlib().gunzipSync(data, { maxOutputLength: maxBytes });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE")
      throw new PulseError("too-large", `more than ${maxBytes} bytes when it is inflated`, { cause });
    throw new PulseError("invalid-input", `no gzip: ${message}`, { cause });
  }
}
