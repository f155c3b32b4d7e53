import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";

import { parseInstant, toBounds } from "#core/events/time/timestamps.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
import { aTimeText } from "#test/support/samples/time-texts.ts";

const OPERATORS = ["gte", "gt", "lt", "lte"] as const;
type Operator = (typeof OPERATORS)[number];

/** The least and the greatest instant that a range lets in; undefined when the text is none of a bound. */
type Reading = readonly [least: number, greatest: number] | undefined;

interface Comparison {
  readonly operator: Operator;
  readonly theirs: Reading;
  readonly ours: Reading;
}

const BEYOND_MS = 8.64e15;
const clamp = (ms: number): number => Math.max(-BEYOND_MS, Math.min(BEYOND_MS, ms));

function read(operator: Operator, text: string, nowMs: number): Reading {
  const bounds = toBounds({ [operator]: text }, nowMs);
  if ("faults" in bounds) return undefined;
  return [clamp(bounds.fromMs ?? -BEYOND_MS), clamp(bounds.toMs ?? BEYOND_MS)];
}

/** What OpenSearch takes, and we do not. */
const ACCIDENTS: readonly { readonly what: string; readonly form: RegExp; readonly examples: readonly string[] }[] = [
  {
    what: "a day that a month has not, when it rounds up",
    form: /^-?\d{4,9}-\d\d-(?:29|30|31)/,
    examples: ["2020-06-31", "2019-02-29", "2020-02-30T10:00:00.000Z"],
  },
  {
    what: "24 o'clock to the millisecond, when it rounds up",
    form: /T24:00:00[.,]0+/,
    examples: ["2020-01-01T24:00:00.000Z"],
  },
  { what: "a time of a bare year, as one in 1970", form: /^-?\d{4,9}T\d/, examples: ["2020T10", "2020T10:30Z"] },
  {
    what: "a second zone, which it ignores",
    form: /(?:Z|[+-]\d\d:\d\d(?::\d\d)?)(?:Z|[+-]\d\d(?:\d\d)?)(?:\|\||$)/,
    examples: ["2020-01-01T10:30ZZ", "2020-01-01T10:30Z+0200", "2020-01-01T10:30+02:00+0300"],
  },
  { what: "the same fraction twice", form: /\.\d+,\d+/, examples: ["2020-01-01T10:30:00.1,1"] },
  {
    what: "a zone by its name",
    form: /T\d\d.*[A-Za-z]{2}/,
    examples: ["2020-01-01T10:30UTC", "2020-01-01T10:30Europe/Paris"],
  },
  { what: "digits of other scripts", form: /[^ -~]/, examples: ["2020-01-15||+१d", "2020-01-15||+１d"] },
];

/** What a table says better than chance: the edges of forms, units, offsets, counts, calendars. */
const EDGES = [
  "2020",
  "2020T",
  "2020-01",
  "2020-01T",
  "2020-01T10",
  "2020-01-01",
  "2020-01-01T",
  "2020-01-01T10",
  "2020-01-01T10Z",
  "2020-01-01T10:30",
  "2020-01-01T10:30:00",
  "2020-01-01T10:30:00.1",
  "2020-01-01T10:30:00,1",
  "2020-02-29",
  "2020-01-01T10:30:00.123456789Z",
  "2020-01-01T10:30:00.1234567891",
  "2020-01-01T10:30:00.",
  "2020-01-01T10:30:00,",
  "2020-01-01T10:30.5",
  "2020-01-01T10.5",
  "1969-12-31T23:59:59.9999Z",
  "1969-12-31T23:59:59.9991Z||/s",
  "2020-01-01TZ",
  "2020-01-01T+02:00",
  "2020-01-01Z",
  "2020Z",
  "2020-01-01T10:30+02",
  "2020-01-01T10:30+2",
  "2020-01-01T10:30+0200",
  "2020-01-01T10:30+02:00",
  "2020-01-01T10:30+02:00:30",
  "2020-01-01T10:30+020030",
  "2020-01-01T10:30+02:60",
  "2020-01-01T10:30+0260",
  "2020-01-01T10:30+02:00:60",
  "2020-01-01T10:30-00:00",
  "2020-01-01T10:30+18:00",
  "2020-01-01T10:30-1800",
  "2020-01-01T10:30+18:00:00",
  "2020-01-01T10:30+18:00:01",
  "2020-01-01T10:30+18:01",
  "2020-01-01T10:30+19:00",
  "2020-01-01T10:30z",
  "2020-01-01t10:30Z",
  "2020-01-01T10:30[UTC]",
  "2020-01-01T10:30GMT+2",
  "2020-01-01T24:00",
  "2020-01-01T10:60",
  "2020-01-01T10:30:60Z",
  "2016-12-31T23:59:60Z",
  "-2020",
  "-2020-01-01",
  "-12020-01-01",
  "-00001",
  "-0001||+1y",
  "-0000",
  "-000000",
  "+2020",
  "0000",
  "0000-01-01",
  "10000",
  "12020-01-01",
  "-1000000000",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59-18:00",
  "9999||+1y",
  "0000-01-01||-1d/M",
  "-2020-01-01||/w",
  "2020-00",
  "2020-13",
  "2020-01-00",
  "2020-01-32",
  "2020-1",
  "2020-01-",
  "2020-",
  "20",
  "202",
  "",
  "now",
  "now-1h",
  "now/d",
  "now-2h/h",
  "now-1M/M+1d",
  "now+1h+",
  "now+",
  "now/",
  "now*1h",
  "now||",
  "now||/d",
  " now",
  "now ",
  "Now",
  "NOW",
  "nowZ",
  "now() - 10m",
  "now-1h||/d",
  "metrics",
  "null",
  "||",
  "||+1d",
  "2020-01-01||",
  "2020-01-01T||/d",
  "2020-01-31||+1M",
  "2020-03-31||-1M",
  "2020-02-29||+1y",
  "2020-02-29||-1y",
  "2020-01-15||/w",
  "2020-01-13||/w",
  "2020-01-12||/w",
  "1969-12-31||/w",
  "2020-01-15T10:30:45.678Z||/h",
  "2020-01-15T10:30:45.678Z||/H",
  "2020-01-15T10:30:45.678Z||/m",
  "2020-01-15T10:30:45.678Z||/s",
  "2020-01-15T22:30:45.678-05:00||/d",
  "2020-01-15||/M",
  "2020-01-15||/y",
  "2020-01-15||/1d",
  "2020-01-15||/01d",
  "2020-01-15||/2d",
  "2020-01-15||/0d",
  "2020-01-15||+0d",
  "2020-01-15||+d",
  "2020-01-15||-d",
  "2020-01-15||+1D",
  "2020-01-15||+1Y",
  "2020-01-15||+1S",
  "2020-01-15||/q",
  "2020-01-15||+-1d",
  "2020-01-15||+1",
  "2020-01-15||1d",
  "2020-01-15||/",
  "2020-01-15||/dd",
  "2020-01-15|/d",
  "2020-01-15|||/d",
  "2020-01-15||+1d||+1d",
  "2020-01-15||+1d -1d",
  "2020-01-15||+1 d",
  "2020-01-15||/d+1d/d",
  "2020-01-15||/M/d",
  "2020-01-31||/M+1M",
  "2020-01-10||/M+1d",
  "2020-01-15||+2147483647s",
  "2020-01-15||+2147483648s",
  "2020-01-15||+2147483647h",
  "2020-01-15||+2147483647y",
  "2020-01-15||+999997980y",
  "2020-01-15||+293000000y-293000000y",
  "2020-01-15||+0000000000000000000000000001d",
  "1577836800000",
  "20200101",
  "2020-01-01 10:00",
  "2020-W01",
  "2020-001",
  "2020-01-01T1",
  "2020-01-01T10:3",
  "2020-01-01T10:30:4",
  "2020-01-01T10:",
  "2020-01-01T:30",
  "2020-01-01T10:30\n",
  "2020-01-01T10:30−02:00",
];

/** Hundreds of requests, to a node that others may be using. */
const SIDE_BY_SIDE_MS = 180_000;
const INDEX = `time-texts-${process.pid}`;

describeOpenSearch("a bound of a time range, beside a real OpenSearch", (url) => {
  const send = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const isText = typeof body === "string";
    const response = await fetch(`${url()}/${INDEX}${path}`, {
      method,
      headers: { "content-type": isText ? "application/x-ndjson" : "application/json" },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };

  /**
   * OpenSearch's readings at some operators, from how it explains the query, and ours at the `now` it had (one query
   * has one); undefined when it refuses them. Fields are named for the operators.
   */
  async function compare(operators: readonly Operator[], text: string): Promise<readonly Comparison[] | undefined> {
    const filter = operators.map((operator) => ({ range: { [operator]: { [operator]: text } } }));
    const query = { bool: { filter: [{ range: { now: { gte: "now" } } }, ...filter] } };
    const answer = await send("POST", "/_validate/query?explain=true", { query });
    if (answer.valid === false) return undefined;
    const [{ explanation }] = answer.explanations as [{ explanation: string }];
    const rangeOf = (field: string): readonly [number, number] => {
      const range = new RegExp(`indexQuery=${field}:\\[(-?\\d+) TO (-?\\d+)\\]`).exec(explanation);
      if (range === null) throw new Error(`no range of ${field} in the explanation ${explanation}`);
      return [Number(range[1]), Number(range[2])];
    };
    const [nowMs] = rangeOf("now");
    return operators.map((operator) => {
      const [least, greatest] = rangeOf(operator);
      return { operator, theirs: [clamp(least), clamp(greatest)], ours: read(operator, text, nowMs) };
    });
  }

  /**
   * Where the two differ over the texts. Whether a text is refused may depend on
   * the rounding, as two operators share it.
   */
  async function differences(texts: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    const compareAll = async (remaining: Iterable<string>): Promise<void> => {
      for (const text of remaining) {
        const comparisons = (await compare(OPERATORS, text)) ?? [
          ...((await compare(["gte", "lt"], text)) ?? refusals(["gte", "lt"], text)),
          ...((await compare(["gt", "lte"], text)) ?? refusals(["gt", "lte"], text)),
        ];
        for (const { operator, theirs, ours } of comparisons)
          if (String(ours) !== String(theirs))
            found.push(`${operator} ${JSON.stringify(text)}: ${ours}, there ${theirs}`);
      }
    };
    const queue = texts.values();
    await Promise.all(Array.from({ length: 4 }, () => compareAll(queue)));
    return found;
  }

  const refusals = (operators: readonly Operator[], text: string): readonly Comparison[] =>
    operators.map((operator) => ({ operator, theirs: undefined, ours: read(operator, text, 0) }));

  beforeAll(async () => {
    const date = { type: "date", format: "strict_date_optional_time" };
    await send("PUT", "", { mappings: { properties: { gte: date, gt: date, lt: date, lte: date, now: date } } });
  });
  afterAll(() => send("DELETE", ""));

  test(
    "is read alike at the edges of every form",
    async () => {
      expect(await differences(EDGES)).toEqual([]);
    },
    SIDE_BY_SIDE_MS,
  );

  test(
    "is read alike in hundreds of forms, well formed and damaged",
    async () => {
      const texts = fc
        .sample(aTimeText, { numRuns: 500, seed: 1 })
        .filter((text) => !ACCIDENTS.some(({ form }) => form.test(text)));

      expect(texts.length).toBeGreaterThan(400);
      expect(await differences(texts)).toEqual([]);
    },
    SIDE_BY_SIDE_MS,
  );

  test.each(ACCIDENTS)("is refused, though taken there, when it is $what", async ({ form, examples }) => {
    for (const text of examples) {
      expect(text).toMatch(form);
      expect(await compare(["lte"], text)).toBeDefined();
      expect([parseInstant(text, "down", 0), parseInstant(text, "up", 0)]).toEqual([undefined, undefined]);
    }
  });

  test("finds the same documents", async () => {
    const texts = [
      "2020",
      "2020-02",
      "2020-03-01T10",
      "2020-03-01T10:30:00Z",
      "2020-03-01T10:30:00.123Z",
      "2020-04||/M",
    ];
    const instants = texts.flatMap((text) =>
      (["down", "up"] as const).flatMap((rounding) => {
        const instant = parseInstant(text, rounding, 0) as number;
        return [instant - 1, instant, instant + 1];
      }),
    );
    const documents = instants.map((ms) => `{"create":{}}\n{"now":"${new Date(ms).toISOString()}"}\n`);
    const { errors } = await send("POST", "/_bulk?refresh=true", documents.join(""));
    expect(errors).toBe(false);

    for (const text of texts)
      for (const operator of OPERATORS) {
        const [least, greatest] = read(operator, text, 0) as readonly [number, number];

        const { count } = await send("POST", "/_count", { query: { range: { now: { [operator]: text } } } });

        expect({ text, operator, count }).toEqual({
          text,
          operator,
          count: instants.filter((ms) => ms >= least && ms <= greatest).length,
        });
      }
  });
});
