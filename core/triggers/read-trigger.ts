import { invalidInput } from "#core/errors.ts";
import { MAX_TAG_CHARACTERS, MAX_TAGS } from "#core/events/tags.ts";
import { HAPROXY_EVENT_TYPE, isEventType } from "#core/events/types/event-types.ts";
import { toFaults } from "#core/faults.ts";
import { isRecord } from "#core/json.ts";
import { once } from "#core/once.ts";
import { MAX_PERIOD_MS, MIN_PERIOD_MS, readPeriodMs, TICK_TYPE, tickTags } from "#core/triggers/period.ts";
import { webhookKey } from "#core/triggers/sign-webhook.ts";
import { DEFAULT_RATE_PER_SECOND, type Target, type Trigger, type TriggerKey } from "#core/triggers/trigger.ts";
import * as z from "#core/zod.ts";

/** An artifact of which a trigger is read: whose it is, and what it says. */
export interface DeclaredTrigger extends TriggerKey {
  readonly version: number;
  /** Its source as data. */
  readonly declared: unknown;
}

export interface ReadTriggerOptions {
  /** Why no webhook may go to that host, if so; `isSecure` is false for http. @default - any host, by https only */
  readonly refuseHost?: (hostname: string, isSecure: boolean) => string | undefined;
}

const MAX_RATE_PER_SECOND = 10_000;
const MAX_URL_CHARACTERS = 2048;
const MAX_SECRETS = 5;

const HTTPS_ONLY = (_: string, isSecure: boolean) => (isSecure ? undefined : "must begin with https://");

/** A message says what is expected, and never quotes the value: it may be a secret. */
const textSaid = (what: string) =>
  z.string({ error: ({ input }) => (input === undefined ? `is missing: ${what}` : `must be ${what}`) });

const tags = once(() =>
  z.pipe(
    z.transform((given) => (typeof given === "string" ? [given] : given)),
    z
      .array(
        textSaid("a tag").check(
          z.minLength(1, "must not be empty"),
          z.maxLength(MAX_TAG_CHARACTERS, `must not be longer than ${MAX_TAG_CHARACTERS} characters`),
        ),
        { error: "must be a tag or a list of tags" },
      )
      .check(z.maxLength(MAX_TAGS, `must be ${MAX_TAGS} at most`)),
  ),
);

const eventType = once(() =>
  textSaid("the name of an event type").check(
    z.refine(isEventType, 'must be 1–100 letters, digits, "_" or "-"'),
    z.refine((type) => type.toLowerCase() !== HAPROXY_EVENT_TYPE, {
      error: `cannot be ${HAPROXY_EVENT_TYPE}: log lines of gateways do not pass what starts triggers; publish events of what is measured of them`,
    }),
  ),
);

const secret = once(() =>
  textSaid("whsec_ and the base64 of 24 to 64 bytes").check(
    z.refine((text) => webhookKey(text) !== undefined, "must be whsec_ and the base64 of 24 to 64 bytes"),
  ),
);

const secrets = once(() =>
  z.pipe(
    z.transform((given) => (typeof given === "string" ? [given] : given)),
    z
      .array(secret(), {
        error: ({ input }) =>
          input === undefined
            ? "is missing: whsec_ and the base64 of 24 to 64 random bytes, by which the receiver knows who calls"
            : "must be a secret, or a list of them while one follows the other",
      })
      .check(z.minLength(1, "must hold at least one"), z.maxLength(MAX_SECRETS, `must be ${MAX_SECRETS} at most`)),
  ),
);

const webhookUrl = (refuseHost: NonNullable<ReadTriggerOptions["refuseHost"]>) =>
  textSaid("a URL that begins with https://").check(
    z.superRefine((text, context) => {
      const fault = faultOfUrl(text, refuseHost);
      if (fault !== undefined) context.addIssue({ code: "custom", message: fault, input: undefined });
    }),
  );

function faultOfUrl(text: string, refuseHost: NonNullable<ReadTriggerOptions["refuseHost"]>): string | undefined {
  if (text.length > MAX_URL_CHARACTERS) return `must not be longer than ${MAX_URL_CHARACTERS} characters`;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return "must be a URL that begins with https://";
  if (url.username !== "" || url.password !== "") return "must hold no credentials: the signature says who calls";
  if (url.hash !== "") return "must have no fragment: it is never sent";
  return refuseHost(url.hostname, url.protocol === "https:");
}

const KNOWN_TARGETS = "is not known: a target is a webhook, an eventBus or a lambda";

function targetSchema({ refuseHost = HTTPS_ONLY }: ReadTriggerOptions) {
  const webhook = z.strictObject({ url: webhookUrl(refuseHost), secret: secrets() });
  const eventBus = z.strictObject({
    name: z.optional(textSaid("the name of a bus").check(z.regex(/^[\w./-]{1,256}$/, "must be the name of a bus"))),
  });
  const lambda = z.strictObject({
    function: textSaid("the name of a function").check(z.regex(/^[\w-]{1,64}$/, "must be the name of a function")),
  });
  return z
    .strictObject(
      { webhook: z.optional(webhook), eventBus: z.optional(eventBus), lambda: z.optional(lambda) },
      {
        error: ({ code, input }) => {
          if (code !== "invalid_type") return undefined;
          return input === undefined ? "is missing: where matching events go" : "must be an object";
        },
      },
    )
    .check(
      z.refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, {
        error: "must be one of webhook, eventBus and lambda",
      }),
    );
}

const triggerShape = (options: ReadTriggerOptions) => ({
  target: targetSchema(options),
  ratePerSecond: z.optional(
    z
      .number("must be a number of events a second")
      .check(
        z.positive("must be more than 0"),
        z.maximum(MAX_RATE_PER_SECOND, `must be ${MAX_RATE_PER_SECOND} at most`),
      ),
  ),
  enabled: z.optional(z.boolean("must be true or false")),
});

const KNOWN_KEYS = "is not known: a trigger has tags, type, target, ratePerSecond and enabled";

const triggerSchema = (options: ReadTriggerOptions) =>
  z
    .strictObject(
      {
        tags: z.optional(tags()),
        type: z.optional(eventType()),
        ...triggerShape(options),
        // Allowed as in any artifact, and compared with the path before a trigger is read.
        name: z.optional(z.unknown()),
        kind: z.optional(z.unknown()),
      },
      { error: ({ code }) => (code === "invalid_type" ? "must be an object" : undefined) },
    )
    .check(
      z.refine(namesSomething, {
        path: ["tags"],
        error: "must hold at least one tag where no type is given: a trigger for everything is none",
        when: ({ value }) => isRecord(value),
      }),
    );

/** Checked even where other members are wrong, so it cannot rely on their types. */
const namesSomething = ({ tags, type }: { readonly tags?: unknown; readonly type?: unknown }): boolean =>
  type !== undefined || (tags !== undefined && !(Array.isArray(tags) && tags.length === 0));

const periodText = once(() =>
  z.string("must be a period like 10s, 5m or 1h").check(
    z.refine((text) => readPeriodMs(text) !== undefined, {
      error: `must be a period like 10s, 5m or 1h, from ${MIN_PERIOD_MS / 1000}s to ${MAX_PERIOD_MS / 86_400_000}d`,
    }),
  ),
);

/** Vamp's words: `schedule: {event: [tags]}`, also with the tags in an object; or `{period: "10s"}`. */
const scheduleSchema = once(() =>
  z
    .strictObject(
      {
        event: z.optional(
          z.pipe(
            z.transform((given) => (isRecord(given) && Object.hasOwn(given, "tags") ? given.tags : given)),
            tags().check(z.refine((some) => some.length > 0, "must hold at least one tag")),
          ),
        ),
        period: z.optional(periodText()),
      },
      { error: ({ code }) => (code === "invalid_type" ? "must be {event: [tags]} or {period: 10s}" : undefined) },
    )
    .check(
      z.refine(({ event, period }) => (event === undefined) !== (period === undefined), {
        error: "must have either event or period",
      }),
    ),
);

/** Whatever else Vamp's workflows have (breed, scale, environment …) is theirs. */
const workflowSchema = (options: ReadTriggerOptions) =>
  z.object({ schedule: scheduleSchema(), ...triggerShape(options) });

/**
 * The trigger that an artifact declares; undefined for a workflow without a target, which something else runs. Throws
 * `invalid-input` with every fault, quoting nothing of what may be a secret.
 */
export function readTrigger(artifact: DeclaredTrigger, options: ReadTriggerOptions = {}): Trigger | undefined {
  const { namespace, kind, name, version, declared } = artifact;
  const key = { namespace, kind, name, version };
  if (kind === "triggers") {
    const { tags = [], type, ...settings } = checked(triggerSchema(options), declared);
    return { ...key, tags, ...(type !== undefined && { type }), ...toSettings(settings) };
  }
  if (!isRecord(declared) || declared.target === undefined) return undefined;
  const { schedule, ...settings } = checked(workflowSchema(options), declared);
  if (schedule.event !== undefined) return { ...key, tags: schedule.event, ...toSettings(settings) };
  const periodMs = readPeriodMs(schedule.period as string) as number;
  return { ...key, tags: tickTags(name), type: TICK_TYPE, periodMs, ...toSettings(settings) };
}

function checked<Schema extends z.core.$ZodType>(schema: Schema, declared: unknown): z.core.output<Schema> {
  const result = z.safeParse(schema, declared);
  if (result.success) return result.data;
  throw invalidInput(
    toFaults(result.error, KNOWN_KEYS).map(({ pointer, detail }) => ({
      pointer: placeAsSent(pointer, declared),
      detail: detail === KNOWN_KEYS && pointer.startsWith("/target") ? KNOWN_TARGETS : detail,
    })),
  );
}

/** A single text is read as a list of one; a fault in it must not point to a place `/0` that nobody sent. */
function placeAsSent(pointer: string, declared: unknown): string {
  if (!pointer.endsWith("/0")) return pointer;
  const place = pointer.slice(0, -"/0".length);
  const [, ...keys] = place.split("/");
  const sent = keys.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), declared);
  return typeof sent === "string" ? place : pointer;
}

interface ReadSettings {
  readonly target: z.output<ReturnType<typeof targetSchema>>;
  readonly ratePerSecond?: number | undefined;
  readonly enabled?: boolean | undefined;
}

const toSettings = ({ target, ratePerSecond = DEFAULT_RATE_PER_SECOND, enabled = true }: ReadSettings) => ({
  target: toTarget(target),
  ratePerSecond,
  enabled,
});

function toTarget({ webhook, eventBus, lambda }: ReadSettings["target"]): Target {
  if (webhook !== undefined) return { webhook: { url: webhook.url, secrets: webhook.secret } };
  if (eventBus !== undefined) return { eventBus: eventBus.name === undefined ? {} : { name: eventBus.name } };
  return { lambda: lambda as { function: string } };
}
