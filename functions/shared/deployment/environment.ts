import {
  type EventTypeDeclaration,
  FIELD_KINDS,
  isEventType,
  withDefaultTypes,
} from "#core/events/types/event-types.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import { isNamespace } from "#core/namespaces.ts";
import { once } from "#core/once.ts";
import * as z from "#core/zod.ts";
import { inflate } from "#functions/shared/streams/inflate.ts";

/*
 * All of it is made when it is asked for: a cold start needs the schema of one function, and
 * those of all would be a fifth of it (7 ms).
 */

const filled = once(() => z.string().check(z.minLength(1)));
const httpUrl = once(() => z.url({ protocol: /^https?$/ }));

/** Separated by commas. */
const list = () =>
  z.pipe(
    z._default(z.string(), ""),
    z.transform((text: string) => text.split(",").filter((item) => item !== "")),
  );

const namespaces = () =>
  z.pipe(list(), z.array(z.string().check(z.refine(isNamespace, "must be 1–40 lower-case letters, digits or -"))));

/** What every function is told. */
const common = () => ({
  /** Declared besides `default`, separated by commas. */
  PULSE_NAMESPACES: namespaces(),
});

/** Begins a JSON text that is compressed: gzip in Base64 follows. */
export const COMPRESSED = "gzip:";
const MAX_JSON_BYTES = 1_000_000;

/** The types that a deployment declares besides the default ones, or anew: a JSON array of declarations. */
export const eventTypes = () =>
  z.pipe(
    z.pipe(z._default(z.string(), "[]"), z.transform(fromJson)),
    z.pipe(
      z.array(
        z.strictObject({
          name: z.string().check(z.refine(isEventType, "must be the name of an event type")),
          period: z.enum(["day", "month"]),
          retentionDays: z.number().check(z.positive()),
          fields: z.optional(z.record(z.string(), z.enum(FIELD_KINDS))),
        }),
      ),
      z.transform((types) => withDefaultTypes(types as readonly EventTypeDeclaration[])),
    ),
  );

/** Text that is no JSON stays what it is, which the schema then refuses. */
function fromJson(text: string): unknown {
  try {
    if (!text.startsWith(COMPRESSED)) return JSON.parse(text);
    const gzip = Buffer.from(text.slice(COMPRESSED.length), "base64");
    return JSON.parse(inflate(gzip, MAX_JSON_BYTES).toString());
  } catch {
    return text;
  }
}

const openSearchStore = () => ({
  PULSE_OPENSEARCH_URL: httpUrl(),
  PULSE_OPENSEARCH_AUTH: z._default(z.enum(["sigv4", "none"]), "sigv4"),
  /** Lambda sets it. */
  AWS_REGION: z.optional(z.string()),
});

/** A function that reads or writes events. */
const withEvents = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  withStore({ PULSE_EVENT_TYPES: eventTypes(), ...shape });

/** A function that speaks to OpenSearch: it needs a region where it signs its requests. */
const withStore = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.object({ ...openSearchStore(), ...shape }).check(
    z.refine(isSignable, {
      path: ["AWS_REGION"],
      error: "is needed to sign requests",
      // Without this, zod looks only once all other variables are right.
      when: () => true,
    }),
  );

const isSignable = (variables: { readonly PULSE_OPENSEARCH_AUTH?: unknown; readonly AWS_REGION?: unknown }): boolean =>
  variables.PULSE_OPENSEARCH_AUTH === "none" || variables.AWS_REGION !== undefined;

/** What functions that read log lines know of the gateways that write them. */
const gateways = () => ({
  /**
   * The file beside the bundle that holds their log-formats, besides those that
   * HAProxy has by itself: see `deployedFormats`.
   */
  PULSE_HAPROXY_FORMATS_FILE: z.optional(filled()),
});

const kinesisJournal = () => ({
  PULSE_EVENTS_STREAM: filled(),
  /** The DynamoDB table of idempotency keys. */
  PULSE_KEYS_TABLE: filled(),
});

const artifactStore = () => ({
  /** The DynamoDB table of artifacts. */
  PULSE_ARTIFACTS_TABLE: filled(),
});

/** Where triggers may deliver to, besides receivers in the internet and the bus of the deployment. */
const allowedTargets = () => ({
  /** Networks that webhooks may reach though they are not of the internet, as CIDR, separated by commas. */
  PULSE_WEBHOOK_NETWORKS: list(),
  /** Names of further buses, separated by commas. */
  PULSE_TRIGGER_BUSES: list(),
  /** Names of functions, separated by commas. */
  PULSE_TRIGGER_FUNCTIONS: list(),
});

/** What runs triggers, and tells of them. */
const triggers = () => ({
  ...common(),
  ...artifactStore(),
  ...allowedTargets(),
  /** The DynamoDB table of triggers whose receivers are gone. */
  PULSE_PAUSED_TRIGGERS_TABLE: filled(),
  /** The stream to which it is published what became of them. */
  PULSE_EVENTS_STREAM: filled(),
});

/** Whom a function lets in that verifies callers itself. */
const knownCallers = () => ({
  PULSE_OIDC_ISSUER: z.url({ protocol: /^https$/ }),
  PULSE_OIDC_AUDIENCE: filled(),
  /** The scopes of an access token that give each right. */
  PULSE_OIDC_READ_SCOPE: z._default(filled(), "events:read"),
  PULSE_OIDC_WRITE_SCOPE: z._default(filled(), "events:write"),
  PULSE_OIDC_DECLARE_SCOPE: z._default(filled(), "events:declare"),
  /** The DynamoDB table of API keys. */
  PULSE_API_KEYS_TABLE: filled(),
});

/** A function with an address of its own is told how it is guarded, or does not start: `iam` is AWS's to verify. */
const guardedItself = () =>
  z.discriminatedUnion("PULSE_AUTH", [
    z.object({ PULSE_AUTH: z.literal("oidc"), ...knownCallers() }),
    z.object({ PULSE_AUTH: z.enum(["iam", "none"]) }),
  ]);

/** A function that writes metrics of its own, by its name. */
const measured = (name: string) => ({
  /** Lambda sets it. */
  AWS_LAMBDA_FUNCTION_NAME: z._default(z.string(), name),
});

/** A function that follows a stream. */
const follower = (name: string) => ({
  ...measured(name),
  /** The bucket for what it can never take. */
  PULSE_DEAD_LETTERS_BUCKET: filled(),
});

/** A function that publishes what it measures. */
const measuring = () => ({ ...common(), ...artifactStore(), PULSE_EVENTS_STREAM: filled() });

/**
 * The environment of each function, made when it is asked for, as a cold start asks for one of them. `lib/` builds the
 * same objects, so that a misspelt variable does not compile.
 */
export const environments = {
  "create-events": () => z.object({ ...common(), ...kinesisJournal() }),
  "receive-haproxy-logs": () =>
    z.object({
      ...common(),
      ...gateways(),
      PULSE_HAPROXY_LOGS_STREAM: filled(),
      /** Of gateways' clocks, where a line's sender does not say it. */
      PULSE_HAPROXY_ZONE: z._default(z.string().check(z.refine(isZone, "must be a time zone")), "UTC"),
    }),
  "query-events": () =>
    withEvents({
      ...common(),
      PULSE_VIEW_WINDOW_SECONDS: z._default(z.coerce.number().check(z.positive()), 30),
    }),
  "aggregate-events": () => withEvents(common()),
  "stream-events": () =>
    z.intersection(
      withEvents({
        ...common(),
        /** A stream ends by itself after so long; it must be below the function's timeout. */
        PULSE_STREAM_LEASE_SECONDS: z._default(z.coerce.number().check(z.minimum(1), z.maximum(60)), 55),
      }),
      guardedItself(),
    ),
  "put-artifact": () => withEvents({ ...common(), ...artifactStore(), ...allowedTargets() }),
  "read-artifacts": () => withEvents({ ...common(), ...artifactStore() }),
  "authorize-request": () => z.object(knownCallers()),
  "describe-api": () => withEvents(common()),
  "refuse-unmatched": () => z.object(common()),
  "index-events": () => withEvents(follower("index-events")),
  "index-haproxy-logs": () => withEvents({ ...follower("index-haproxy-logs"), ...gateways() }),
  "run-triggers": () =>
    z.object({
      ...triggers(),
      ...measured("run-triggers"),
      PULSE_DELIVERIES_URL: httpUrl(),
    }),
  "deliver-webhooks": () =>
    z.object({
      ...triggers(),
      PULSE_DELIVERIES_URL: httpUrl(),
      /** The queue of what was given up. */
      PULSE_DEAD_DELIVERIES_URL: httpUrl(),
      /** The bus for triggers that name none. */
      PULSE_TRIGGER_BUS: filled(),
    }),
  "publish-ticks": () => z.object(triggers()),
  "publish-archive": () => z.object({ PULSE_EVENTS_STREAM: filled(), ...follower("publish-archive") }),
  "forget-shards": () => withStore({ PULSE_EVENTS_STREAM: filled(), PULSE_HAPROXY_LOGS_STREAM: filled() }),
  "update-dashboards": () =>
    withEvents({
      ...common(),
      ...artifactStore(),
      /** OpenSearch Dashboards with its base path: in a domain of AWS, `/_dashboards` of it. */
      PULSE_DASHBOARDS_URL: httpUrl(),
    }),
  "measure-health": () => withEvents({ ...measuring(), ...measured("measure-health") }),
  "measure-metrics": () => withEvents({ ...measuring(), ...measured("measure-metrics") }),
  "measure-allocation": () => z.object(measuring()),
  "install-index-templates": () => withStore({}),
  "grant-index-access": () => withStore({}),
} as const;

export type FunctionName = keyof typeof environments;
export type Environment<Name extends FunctionName> = z.output<ReturnType<(typeof environments)[Name]>>;
export type EnvironmentInput<Name extends FunctionName> = z.input<ReturnType<(typeof environments)[Name]>>;

/** Reads a function's environment at cold start; throws an error that names all that is wrong with it. */
export function environmentOf<Name extends FunctionName>(
  name: Name,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment<Name> {
  const result = environments[name]().safeParse(variables);
  if (result.success) return result.data as Environment<Name>;
  const faults = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`the environment of ${name} is not usable: ${faults.join("; ")}`);
}
