import type { Clock } from "#core/clock.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { toPositionText } from "#core/events/stream/position.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import { once } from "#core/once.ts";
import { basePathOf } from "#functions/routes.ts";
import { jsonAnswer } from "#functions/shared/http/answer.ts";
import { type ApiHandler, api, dispatch } from "#functions/shared/http/api.ts";
import { VERSION } from "./version.ts";

export interface DescribeApiOptions {
  readonly namespaces: readonly string[];
  readonly store: Pick<EventStore, "position">;
  readonly clock: Clock;
  /** What events are kept in and journalled by, by name. */
  readonly engines: { readonly store: string; readonly journal: string };
}

/** `GET /openapi.json` and `GET /info`. */
export function describeApiHandler({ namespaces, store, clock, engines }: DescribeApiOptions): ApiHandler {
  // The description is half of the function's code: it is loaded for `/openapi.json` only.
  const description = once(async () => {
    const { openApiDescription, serversBehind } = await import("./openapi.ts");
    const described = openApiDescription();
    return (prefix: string) => JSON.stringify({ ...described, servers: serversBehind(prefix) });
  });
  return api(
    namespaces,
    dispatch({
      "GET /openapi.json": async ({ base, namespace }) => {
        const describeBehind = await description();
        return jsonAnswer(200, describeBehind(base.slice(0, -basePathOf(namespace).length)));
      },
      "GET /info": async ({ namespace }) => {
        const position = await store.position();
        const info = {
          name: "Pulse",
          version: VERSION,
          engines,
          namespaces: [DEFAULT_NAMESPACE, ...namespaces],
          position: toPositionText({ position, namespace, atMs: clock.now() }),
          shards: Object.fromEntries(position.shards),
        };
        return jsonAnswer(200, JSON.stringify(info));
      },
    }),
  );
}
