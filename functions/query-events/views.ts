import type { Clock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { everyEvent } from "#core/events/query/event-filter.ts";
import { newestNumber } from "#core/events/search-events.ts";
import { jsonAnswer } from "#functions/shared/http/answer.ts";
import type { Answer } from "#functions/shared/http/api.ts";

type Parameters = Readonly<Record<string, string>>;

/** The tags that each view asks for, all of them, as Vamp did. */
export const VIEWS: Readonly<Record<string, (of: Parameters) => readonly string[]>> = {
  "/health/gateways/{gateway}": (of) => [`gateways:${of.gateway}`, "health"],
  "/health/gateways/{gateway}/routes/{route}": (of) => [`gateways:${of.gateway}`, `routes:${of.route}`, "health"],
  "/health/deployments/{deployment}": (of) => [`deployments:${of.deployment}`, "health"],
  "/health/deployments/{deployment}/clusters/{cluster}": (of) => [
    `deployments:${of.deployment}`,
    `clusters:${of.cluster}`,
    "health",
  ],
  "/health/deployments/{deployment}/clusters/{cluster}/services/{service}": (of) => [
    `deployments:${of.deployment}`,
    `clusters:${of.cluster}`,
    `services:${of.service}`,
    "health",
  ],
  "/metrics/gateways/{gateway}/{metric}": (of) => [`gateways:${of.gateway}`, `metrics:${of.metric}`],
  "/metrics/gateways/{gateway}/routes/{route}/{metric}": (of) => [
    `gateways:${of.gateway}`,
    `routes:${of.route}`,
    `metrics:${of.metric}`,
  ],
  "/metrics/deployments/{deployment}/clusters/{cluster}/ports/{port}/{metric}": (of) => [
    `gateways:${of.deployment}/${of.cluster}/${of.port}`,
    `metrics:${of.metric}`,
  ],
  "/metrics/deployments/{deployment}/clusters/{cluster}/services/{service}/ports/{port}/{metric}": (of) => [
    `gateways:${of.deployment}/${of.cluster}/${of.port}`,
    `routes:${of.deployment}/${of.cluster}/${of.service}`,
    `metrics:${of.metric}`,
  ],
};

/** The newest number among the view's events of the window, as a bare JSON number; `not-found` if there is none. */
export const answerView =
  (
    path: string,
    options: { readonly store: EventStore; readonly clock: Clock; readonly viewWindowMs: number },
  ): Answer =>
  async (request) => {
    const tags = VIEWS[path]?.(request.parameters) ?? [];
    const fromMs = options.clock.now() - options.viewWindowMs;
    const event = await newestNumber(options.store, { ...everyEvent(request.namespace), tags, fromMs });
    if (event?.value === undefined)
      throw new PulseError(
        "not-found",
        `no event with the tags ${tags.join(", ")} and a number in the last ${options.viewWindowMs / 1000} s`,
      );
    return jsonAnswer(200, event.value);
  };
