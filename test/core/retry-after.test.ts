import { expect, test } from "@jest/globals";
import { readRetryAfter } from "#core/retry-after.ts";

test.each([
  [undefined, undefined],
  ["0", 0],
  ["120", 120_000],
  ["-5", undefined],
  ["1e9", undefined],
  ["soon", undefined],
  ["2026", 2_026_000],
  ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
  ["Wed, 31 Dec 2025 23:59:00 GMT", 0],
])("a Retry-After of %s is %p ms", (text, ms) => {
  expect(readRetryAfter(text, Date.UTC(2026, 0, 1))).toBe(ms);
});
