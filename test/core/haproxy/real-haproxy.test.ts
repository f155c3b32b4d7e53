import { expect, test } from "@jest/globals";
import { checkFormats } from "#test/real-haproxy/check-formats.ts";
import { checkOptions } from "#test/real-haproxy/check-options.ts";
import { FRONTEND_KINDS } from "#test/real-haproxy/frontend-kinds.ts";
import { hasHaproxy } from "#test/real-haproxy/haproxy.ts";

const SEED = 20;

/** Two log-formats in a frontend of each kind. */
const FORMATS = 2 * Object.keys(FRONTEND_KINDS).length;

/** Says in its title when there is none to test with. */
const testWithHaproxy = (title: string, run: () => Promise<void>): void =>
  hasHaproxy() ? test(title, run, 30_000) : test.skip(`SKIPPED, there is no haproxy here: ${title}`, run);

testWithHaproxy(
  "random log-formats under hostile requests are read as what a real HAProxy says it prints",
  async () => {
    const { wrong, disagreed, lines, formats, ambiguous } = await checkFormats(FORMATS, SEED);

    expect(disagreed).toEqual([]);
    expect(wrong).toEqual([]);
    expect(formats - ambiguous).toBeGreaterThan(FORMATS / 4);
    expect(lines).toBeGreaterThan(5 * (formats - ambiguous));
  },
);

testWithHaproxy(
  "its own formats are read with a configuration and without, in every syslog format, whole and cut",
  async () => {
    const { wrong, lines, others, compared, cut } = await checkOptions();

    expect(wrong).toEqual([]);
    expect(lines).toBeGreaterThan(100);
    expect(others).toBeGreaterThan(0);
    expect(compared).toBeGreaterThan(8 * lines);
    expect(cut).toBeGreaterThan(5);
  },
);
