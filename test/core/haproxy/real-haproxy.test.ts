import { expect, test } from "@jest/globals";
import { checkFormats } from "#test/real-haproxy/check-formats.ts";
import { FRONTEND_KINDS } from "#test/real-haproxy/frontend-kinds.ts";
import { hasHaproxy } from "#test/real-haproxy/haproxy.ts";

const SEED = 20;

/** Two log-formats in a frontend of each kind. */
const FORMATS = 2 * Object.keys(FRONTEND_KINDS).length;

const title = "what a real HAProxy prints of random log-formats under hostile requests is read as what it says it is";

if (!hasHaproxy()) test.skip(`${title} (SKIPPED: there is no haproxy here)`, () => {});
else
  test(title, async () => {
    const { wrong, disagreed, lines, formats, ambiguous } = await checkFormats(FORMATS, SEED);

    expect(disagreed).toEqual([]);
    expect(wrong).toEqual([]);
    expect(formats - ambiguous).toBeGreaterThan(FORMATS / 4);
    expect(lines).toBeGreaterThan(5 * (formats - ambiguous));
  }, 30_000);
