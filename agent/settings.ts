import { hostname } from "node:os";
import { FULL_POLICIES } from "#agent/spooler.ts";
import type { Fault } from "#core/errors.ts";
import { quote, toFaults } from "#core/faults.ts";
import { isZone } from "#core/haproxy/parser/local-time.ts";
import { DEFAULT_NAMESPACE, isNamespace } from "#core/namespaces.ts";
import * as z from "#core/zod.ts";

/** An address to listen on. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A Pulse API, by its address as it was given (see `underApi`), or a stream of Kinesis. */
export type Destination = { readonly url: URL } | { readonly streamName: string };

const text = z
  .string({ error: ({ input }) => `must be a string, not ${quote(input)}` })
  .check(z.minLength(1, "must not be empty"));
const texts = z.array(text, { error: ({ input }) => `must be a list, not ${quote(input)}` });
const whole = (min: number, max: number) =>
  z
    .int({ error: ({ input }) => `must be a whole number, not ${quote(input)}` })
    .check(z.minimum(min, `must be ${min} or more`), z.maximum(max, `must be ${max} or less`));
const hostPort = text.check(
  z.refine((address) => toHostPort(address) !== undefined, {
    error: ({ input }) => `must be an address like 127.0.0.1:5514 or [::1]:5514, not ${quote(input)}`,
  }),
);

/** The settings of an agent as its file has them; the options of its command have the same names. */
const forwardSchema = z
  .strictObject(
    {
      source: z.optional(text),
      namespace: z.optional(
        text.check(
          z.refine(isNamespace, {
            error: ({ input }) => `must be 1–40 lower-case letters, digits and hyphens, not ${quote(input)}`,
          }),
        ),
      ),
      zone: z.optional(
        text.check(
          z.refine(isZone, {
            error: ({ input }) => `must be a time zone like Europe/Berlin, +02:00 or UTC, not ${quote(input)}`,
          }),
        ),
      ),
      udp: z.optional(z.array(hostPort)),
      tcp: z.optional(z.array(hostPort)),
      unix: z.optional(texts),
      unixDatagram: z.optional(texts),
      file: z.optional(texts),
      filesFrom: z.optional(z.enum(["start", "end"], { error: 'must be "start" or "end"' })),
      receiveBufferMib: z.optional(whole(1, 1024)),
      to: z
        .string({
          error: ({ input }) =>
            input === undefined
              ? "is missing: where lines go, a URL or kinesis:<stream>"
              : `must be a string, not ${quote(input)}`,
        })
        .check(
          z.refine((to) => toDestination(to) !== undefined, {
            error: ({ input }) => `must be the URL of a Pulse API or kinesis:<stream>, not ${quote(input)}`,
          }),
        ),
      authorizationFile: z.optional(text),
      spool: z
        .string({
          error: ({ input }) =>
            input === undefined ? "is missing: a folder of its own" : `must be a string, not ${quote(input)}`,
        })
        .check(z.minLength(1, "must not be empty")),
      spoolMib: z.optional(whole(1, 1024 * 1024)),
      whenFull: z.optional(z.enum(FULL_POLICIES, { error: `must be one of ${FULL_POLICIES.join(", ")}` })),
      sync: z.optional(z.enum(["block", "never"], { error: 'must be "block" or "never"' })),
      status: z.optional(z.union([hostPort, z.literal("off")])),
      drainSeconds: z.optional(whole(0, 3600)),
    },
    { error: ({ code, input }) => (code === "invalid_type" ? `must be an object, not ${quote(input)}` : undefined) },
  )
  .check(
    z.refine(
      (given) => [given.udp, given.tcp, given.unix, given.unixDatagram, given.file].some((inputs) => inputs?.length),
      {
        error: "has no input: one of udp, tcp, unix, unixDatagram and file is needed",
      },
    ),
    z.refine(
      ({ to, authorizationFile }) => authorizationFile === undefined || isSafe(toDestination(to) as Destination),
      {
        path: ["authorizationFile"],
        error: "goes over https only, or to this machine",
      },
    ),
  );

/** What an agent is to do, complete. */
export interface ForwardSettings {
  readonly source: string;
  readonly namespace: string;
  readonly zone: string;
  /** What was not said and is taken from the machine, for people to read. */
  readonly assumed: readonly string[];
  readonly udp: readonly HostPort[];
  readonly tcp: readonly HostPort[];
  readonly unix: readonly string[];
  readonly unixDatagram: readonly string[];
  readonly file: readonly string[];
  readonly filesFrom: "start" | "end";
  readonly receiveBufferBytes: number;
  readonly destination: Destination;
  readonly authorizationFile: string | undefined;
  readonly spool: string;
  readonly spoolBytes: number;
  readonly whenFull: (typeof FULL_POLICIES)[number];
  readonly sync: boolean;
  readonly status: HostPort | undefined;
  readonly drainMs: number;
}

const MIB = 1024 * 1024;
const STATUS_ADDRESS = "127.0.0.1:9470";

/** Settings as they were given, or all that is wrong with them. */
export function readSettings(
  given: unknown,
): { readonly settings: ForwardSettings } | { readonly faults: readonly Fault[] } {
  const read = forwardSchema.safeParse(given);
  if (!read.success) return { faults: toFaults(read.error, "is no setting of an agent") };
  const {
    source = hostname(),
    namespace = DEFAULT_NAMESPACE,
    zone = Intl.DateTimeFormat().resolvedOptions().timeZone,
    status = STATUS_ADDRESS,
    ...rest
  } = read.data;
  return {
    settings: {
      source,
      namespace,
      zone,
      assumed: [
        ...(read.data.source === undefined ? [`source ${source}, this machine's name`] : []),
        ...(read.data.zone === undefined ? [`zone ${zone}, that of this machine's clock`] : []),
      ],
      udp: addressesOf(rest.udp),
      tcp: addressesOf(rest.tcp),
      unix: rest.unix ?? [],
      unixDatagram: rest.unixDatagram ?? [],
      file: rest.file ?? [],
      filesFrom: rest.filesFrom ?? "start",
      receiveBufferBytes: (rest.receiveBufferMib ?? 8) * MIB,
      destination: toDestination(rest.to) as Destination,
      authorizationFile: rest.authorizationFile,
      spool: rest.spool,
      spoolBytes: (rest.spoolMib ?? 1024) * MIB,
      whenFull: rest.whenFull ?? "drop-newest",
      sync: rest.sync !== "never",
      status: status === "off" ? undefined : toHostPort(status),
      drainMs: (rest.drainSeconds ?? 10) * 1000,
    },
  };
}

const addressesOf = (given: readonly string[] = []): HostPort[] =>
  given.map(toHostPort).filter((address) => address !== undefined);

const HOST_PORT = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i;

function toHostPort(address: string): HostPort | undefined {
  const [, ipv6, host = ipv6, port] = HOST_PORT.exec(address) ?? [];
  return host !== undefined && Number(port) <= 65_535 ? { host, port: Number(port) } : undefined;
}

const BASE_PATH = "/api/v1";
const STREAM = /^kinesis:([\w.-]{1,128})$/;

/** `https://pulse.example.com`, or the address of an API as a deployment names it, with `/api/v1` at its end. */
function toDestination(to: string): Destination | undefined {
  const streamName = STREAM.exec(to)?.[1];
  if (streamName !== undefined) return { streamName };
  const url = URL.parse(to);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") return undefined;
  return { url };
}

/** A path of an API, whose address may end with its base path. */
export function underApi(url: URL, namespace: string, path: string): URL {
  const root = url.pathname.replace(/\/+$/, "").replace(new RegExp(`${BASE_PATH}$`), "");
  const tree = namespace === DEFAULT_NAMESPACE ? "" : `/${namespace}`;
  return new URL(`${root}${tree}${BASE_PATH}${path}`, url);
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** Whether credentials may go there. */
export const isSafe = (destination: Destination): boolean =>
  "streamName" in destination || destination.url.protocol === "https:" || LOOPBACK.test(destination.url.hostname);
