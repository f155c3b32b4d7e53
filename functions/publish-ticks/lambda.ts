import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openTriggers } from "#functions/shared/deployment/triggers-of-deployment.ts";
import { publishTicksHandler } from "./publish-ticks.ts";

export const handler = publishTicksHandler({ ...openTriggers(environmentOf("publish-ticks")), clock: systemClock });
