import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { refuseUnmatchedHandler } from "./refuse-unmatched.ts";

export const handler = refuseUnmatchedHandler(environmentOf("refuse-unmatched").PULSE_NAMESPACES);
