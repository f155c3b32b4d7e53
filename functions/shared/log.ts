import { Logger } from "@aws-lambda-powertools/logger";

/** One logger for a process. Bodies, values and credentials are never logged. */
export const log = new Logger({ serviceName: "pulse" });
