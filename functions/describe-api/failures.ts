import type { ErrorKind } from "#core/errors.ts";
import type { Route } from "#functions/routes.ts";
import { INTERNAL_TITLE, STATUS, TITLE } from "#functions/shared/http/problem.ts";
import { header, integer, type Json, reference as schema } from "./description-words.ts";

const always = () => true;
const isOf =
  (...operations: readonly string[]) =>
  ({ method, path }: Route): boolean =>
    operations.includes(`${method} ${path}`);

/** Which routes answer so, whether their function does or API Gateway before it. */
const ROUTES: Readonly<Record<ErrorKind, (route: Route) => boolean>> = {
  "invalid-input": always,
  unauthenticated: always,
  forbidden: always,
  "not-found": always,
  // That is the answer to an operation which is not described.
  "method-not-allowed": () => false,
  "not-acceptable": ({ streams }) => !streams,
  // A type is declared otherwise than its events, or other declarations, allow.
  conflict: isOf("PUT /artifacts/{kind}/{name}"),
  "precondition-failed": ({ path }) => path.endsWith("/{kind}/{name}"),
  "too-large": always,
  "unsupported-media-type": always,
  "key-reused": isOf("POST /events"),
  overloaded: always,
  unavailable: always,
};

const HEADERS: Partial<Readonly<Record<ErrorKind, Json>>> = {
  unauthenticated: { "WWW-Authenticate": header("What would help") },
  overloaded: { "Retry-After": header("Seconds", integer) },
  unavailable: { "Retry-After": header("Seconds", integer) },
};

const KINDS = (Object.keys(ROUTES) as ErrorKind[]).filter((kind) => kind !== "method-not-allowed");
const INTERNAL = "Internal";

/** `invalid-input` → `InvalidInput`. */
const nameOf = (kind: ErrorKind): string => kind.replaceAll(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase());

const response = (description: string, headers?: Json): Json => ({
  description,
  ...(headers === undefined ? {} : { headers }),
  content: { "application/problem+json": { schema: schema("Problem") } },
});

/** What the operations refer to, one for each kind of failure. */
export const failureResponses: Readonly<Record<string, Json>> = {
  ...Object.fromEntries(KINDS.map((kind) => [nameOf(kind), response(TITLE[kind], HEADERS[kind])])),
  [INTERNAL]: response(INTERNAL_TITLE),
};

const reference = (name: string): Json => ({ $ref: `#/components/responses/${name}` });

/** What a route answers when not all is well, by status. */
export const failuresOf = (route: Route): Readonly<Record<string, Json>> => ({
  ...Object.fromEntries(
    KINDS.filter((kind) => ROUTES[kind](route)).map((kind) => [String(STATUS[kind]), reference(nameOf(kind))]),
  ),
  500: reference(INTERNAL),
});
