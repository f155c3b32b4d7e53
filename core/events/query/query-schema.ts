import { MAX_GROUPS } from "#core/events/query/aggregation.ts";
import { isEventType } from "#core/events/types/event-types.ts";
import { quote } from "#core/faults.ts";
import { once } from "#core/once.ts";
import * as z from "#core/zod.ts";

const text = once(() => z.string({ error: (issue) => `must be a string, not ${quote(issue.input)}` }));
const filled = once(() => text().check(z.minLength(1, "must not be empty")));
const oneOrMore = <Item extends z.ZodMiniType>(item: Item) =>
  z.pipe(
    z.transform((input) => (input === undefined || Array.isArray(input) ? input : [input])),
    z.optional(z.array(item).check(z.maxLength(64, "must not be more than 64"))),
  );

const typeName = () =>
  text().check(
    z.refine(isEventType, {
      error: (issue) => `must be 1–100 letters, digits, "_" or "-", not ${quote(issue.input)}`,
    }),
  );

function integer(least: number, most: number) {
  const error = (issue: { readonly input?: unknown }) =>
    `must be a whole number from ${least} to ${most}, not ${quote(issue.input)}`;
  return z.int({ error }).check(z.minimum(least, { error }), z.maximum(most, { error }));
}

function percent() {
  const error = (issue: { readonly input?: unknown }) => `must be a number from 0 to 100, not ${quote(issue.input)}`;
  return z.number({ error }).check(z.minimum(0, { error }), z.maximum(100, { error }));
}

export const AGGREGATORS = [
  "average",
  "min",
  "max",
  "count",
  "sum",
  "percentiles",
  "cardinality",
  "stats",
  "rate",
] as const;

const aggregatorName = () =>
  z.pipe(
    z
      .string({
        error: ({ input }) =>
          input === undefined
            ? `is missing: one of ${AGGREGATORS.join(", ")}`
            : `must be one of ${AGGREGATORS.join(", ")}, not ${quote(input)}`,
      })
      .check(z.toLowerCase()),
    z.enum(AGGREGATORS, {
      error: (issue) => `must be one of ${AGGREGATORS.join(", ")}, not ${quote(issue.input)}`,
    }),
  );

/** The interval of a series: a count and a unit, like `5m`. */
export const INTERVAL = /^([1-9]\d{0,5})(s|m|h|d)$/;

/** How the numbers are grouped: beside the aggregator or inside it, callers write both. */
const grouping = () => ({
  /** A generic tag becomes a regular expression in OpenSearch, which takes 2,048 characters, escapes included. */
  groupBy: z.optional(filled().check(z.maxLength(1000, "must not be longer than 1000 characters"))),
  size: z.optional(integer(1, MAX_GROUPS)),
  interval: z.optional(
    text().check(z.regex(INTERVAL, { error: (issue) => `must be like 30s, 1m, 1h or 1d, not ${quote(issue.input)}` })),
  ),
});

const scalar = once(() =>
  z.union([z.string(), z.number(), z.boolean()], {
    error: (issue) => `must be a string, a number or a truth value, not ${quote(issue.input)}`,
  }),
);
const bound = once(() => z.optional(z.number({ error: (issue) => `must be a number, not ${quote(issue.input)}` })));
const condition = () =>
  z.union(
    [
      scalar(),
      z
        .array(scalar())
        .check(z.minLength(1, "must hold 1 to 1000 values"), z.maxLength(1000, "must hold 1 to 1000 values")),
      z
        .strictObject({ gte: bound(), gt: bound(), lt: bound(), lte: bound() })
        .check(z.refine((range) => Object.keys(range).length > 0, "must have a bound")),
    ],
    { error: "must be a value, a list of 1 to 1000 values, or an object of gte, gt, lt, lte with numbers" },
  );

const instant = once(() => z.optional(text()));

/** A query as it is asked, as JSON. */
/** Made with the first query: who asks for a single event, a view or an artifact needs none. */
export const eventQuerySchema = once(() =>
  z
    .strictObject(
      {
        tags: oneOrMore(filled()),
        any: oneOrMore(filled()),
        none: oneOrMore(filled()),
        type: oneOrMore(typeName()),
        timestamp: z.optional(
          z.union([z.string(), z.strictObject({ gte: instant(), gt: instant(), lt: instant(), lte: instant() })], {
            error: (issue) => `must be a time, or an object of gte, gt, lt, lte with times, not ${quote(issue.input)}`,
          }),
        ),
        value: z.optional(
          z.record(z.string(), condition(), {
            error: (issue) => `must be an object of fields and their conditions, not ${quote(issue.input)}`,
          }),
        ),
        aggregator: z.optional(
          z.strictObject(
            {
              type: aggregatorName(),
              field: z.optional(filled()),
              percents: z.optional(
                z
                  .array(percent(), {
                    error: (issue) => `must be a list of 1 to 20 numbers, not ${quote(issue.input)}`,
                  })
                  .check(z.minLength(1, "must hold 1 to 20 numbers"), z.maxLength(20, "must hold 1 to 20 numbers")),
              ),
              ...grouping(),
            },
            {
              error: (issue) =>
                issue.code === "invalid_type"
                  ? `must be an object like {"type":"sum","field":"value"}, not ${quote(issue.input)}`
                  : undefined,
            },
          ),
        ),
        ...grouping(),
      },
      {
        error: (issue) => (issue.code === "invalid_type" ? `must be an object, not ${quote(issue.input)}` : undefined),
      },
    )
    .register(z.globalRegistry, { description: "Which events, and, with an aggregator, what is made of them" }),
);

export type AskedJson = z.output<ReturnType<typeof eventQuerySchema>>;
