import { expect, test } from "@jest/globals";
import { checkFormats } from "#test/real-haproxy/check-formats.ts";
import { checkOptions } from "#test/real-haproxy/check-options.ts";
import { describeHaproxy } from "#test/real-haproxy/describe-haproxy.ts";
import { FRONTEND_KINDS } from "#test/real-haproxy/frontend-kinds.ts";

const SEED = 20;

/** Two log-formats in a frontend of each kind. */
const FORMATS = 2 * Object.keys(FRONTEND_KINDS).length;

describeHaproxy("a real HAProxy's lines", () => {
  test("of random log-formats, under hostile requests, are read as what it says it prints", async () => {
    const { wrong, disagreed, lines, formats, ambiguous } = await checkFormats(FORMATS, SEED);

    expect(disagreed).toEqual([]);
    expect(wrong).toEqual([]);
    expect(formats - ambiguous).toBeGreaterThan(FORMATS / 4);
    expect(lines).toBeGreaterThan(5 * (formats - ambiguous));
  }, 60_000);

  test("of its own formats are read with a configuration and without, in every syslog format, whole and cut", async () => {
    const { wrong, lines, others, compared, cut } = await checkOptions();

    expect(wrong).toEqual([]);
    expect(lines).toBeGreaterThan(100);
    expect(others).toBeGreaterThan(0);
    expect(compared).toBeGreaterThan(8 * lines);
    expect(cut).toBeGreaterThan(5);
  }, 60_000);
});
