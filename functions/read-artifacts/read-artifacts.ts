import { type ArchivedVersion, listVersions, versionAt } from "#core/artifacts/artifact-history.ts";
import { isAmong, isNoneOf } from "#core/artifacts/artifact-state.ts";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import { artifactsOfPage } from "#core/artifacts/artifacts-of-page.ts";
import type { Clock } from "#core/clock.ts";
import { invalidInput, PulseError } from "#core/errors.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { parsePage } from "#core/events/query/asked-page.ts";
import { parseInstant } from "#core/events/time/timestamps.ts";
import { quote } from "#core/faults.ts";
import { COMMON_HEADERS, jsonAnswer, listText, requireAcceptable } from "#functions/shared/http/answer.ts";
import { type Answer, type ApiHandler, apiOfAnyType, dispatch } from "#functions/shared/http/api.ts";
import {
  describeArtifact,
  described,
  formatOfSource,
  preconditionFailed,
  sourceAnswer,
  sourceAsJson,
  versionHeaders,
} from "#functions/shared/http/artifact-answer.ts";
import { artifactKeyOf, isVampPath, kindOf, preconditionOf } from "#functions/shared/http/asked-artifact.ts";
import { askedPage } from "#functions/shared/http/asked-query.ts";
import { beforeQuery } from "#functions/shared/http/before-query.ts";
import { pageLinks } from "#functions/shared/http/page-links.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

export interface ReadArtifactsOptions {
  readonly namespaces: readonly string[];
  readonly artifacts: ArtifactStore;
  /** Has the archive events, by which what was is told. */
  readonly store: Pick<EventStore, "search" | "position">;
  readonly clock: Clock;
}

/** Reads artifacts: lists, single ones, as they are from their store, as they were from the event store. */
export function readArtifactsHandler(options: ReadArtifactsOptions): ApiHandler {
  const list = listArtifacts(options);
  const find = findArtifact(options);
  return apiOfAnyType(
    options.namespaces,
    dispatch({
      "GET /artifacts/{kind}": list,
      "GET /{kind}": list,
      "GET /artifacts/{kind}/{name}": find,
      "GET /{kind}/{name}": find,
      "GET /artifacts/{kind}/{name}/history": listHistory(options),
    }),
  );
}

/**
 * Vamp's paths have the artifacts themselves, ours what is known of them, and
 * their sources where `source=true` asks so.
 */
const listArtifacts =
  ({ artifacts }: ReadArtifactsOptions): Answer =>
  async (request) => {
    const { query, namespace } = request;
    const kind = kindOf(request);
    requireAcceptable(request.header("accept"), "application/json");
    const page = parsePage({ page: query.get("page") ?? undefined, perPage: query.get("per_page") ?? undefined });
    const withSource = query.get("source") === "true";
    const { items, total } = await artifactsOfPage(artifacts, { namespace, kind }, page, async (artifact) => {
      if (isVampPath(request)) return sourceAsJson(artifact);
      return JSON.stringify({ ...describeArtifact(artifact), ...(withSource && { source: artifact.source }) });
    });
    return jsonAnswer(200, listText(items, "artifacts"), {
      "x-total-count": String(total),
      link: pageLinks(request, page, { total, events: [] }, Number.POSITIVE_INFINITY),
    });
  };

function findArtifact(options: ReadArtifactsOptions): Answer {
  const { artifacts } = options;
  const findAsItWas = findArtifactAt(options);
  return async (request) => {
    const key = artifactKeyOf(request);
    const at = request.query.get("at");
    if (at !== null) return findAsItWas(request, at);
    const when = preconditionOf(request);
    const artifact = await artifacts.find(key);
    if (artifact === undefined) throw new PulseError("not-found", `there is no ${described(key)}`);
    if (!isAmong(when, artifact)) throw preconditionFailed(artifact, key);
    const answer = await sourceAnswer(artifact, request.header("accept"));
    if (isNoneOf(when, artifact)) return answer;
    return { statusCode: 304, headers: { ...COMMON_HEADERS, ...versionHeaders(artifact), vary: "Accept" }, body: "" };
  };
}

function findArtifactAt({ store, clock }: ReadArtifactsOptions) {
  const begin = beforeQuery(store, clock);
  return async (request: ApiRequest, at: string) => {
    const key = artifactKeyOf(request);
    const atMs = instantOf(at, clock.now());
    const headers = await begin(request);
    const found = await versionAt(store, key, atMs);
    if (found?.source === undefined)
      throw new PulseError(
        "not-found",
        `at ${new Date(atMs).toISOString()} there was no ${described(key)}${asFarAs(found)}`,
      );
    const { version, changedAtMs, source } = found;
    const artifact = { version, changedAtMs, source, format: formatOfSource(source) };
    return sourceAnswer(artifact, request.header("accept"), headers);
  };
}

const asFarAs = (deleted: ArchivedVersion | undefined): string =>
  deleted === undefined
    ? ", as far as its archive events tell"
    : `: it was deleted at ${new Date(deleted.changedAtMs).toISOString()}`;

/** Completed to its end, as the bound `lte` of a query: what was there on that day is there at its end. */
function instantOf(at: string, nowMs: number): number {
  const instant = parseInstant(at, "up", nowMs);
  if (instant !== undefined) return instant;
  const detail = `must be a time (2020-01-31T10:00:00Z), the beginning of one (2020-01) or date math (now-1h), not ${quote(at)}`;
  throw invalidInput([{ pointer: "at", detail }]);
}

function listHistory({ artifacts, store, clock }: ReadArtifactsOptions): Answer {
  const begin = beforeQuery(store, clock);
  return async (request) => {
    requireAcceptable(request.header("accept"), "application/json");
    const key = artifactKeyOf(request);
    const page = askedPage(request);
    const headers = await begin(request);
    const { versions, ...found } = await listVersions(store, key, page);
    if (found.total === 0 && (await artifacts.find(key)) === undefined)
      throw new PulseError("not-found", `there is no ${described(key)}, and no archive event of it`);
    const items = versions.map(({ version, change, changedAtMs, eventId }) =>
      JSON.stringify({ version, change, timestamp: new Date(changedAtMs).toISOString(), eventId }),
    );
    return jsonAnswer(200, listText(items, "versions"), {
      ...headers,
      "x-total-count": String(found.total),
      link: pageLinks(request, page, found),
    });
  };
}
