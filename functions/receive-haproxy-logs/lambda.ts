import { systemClock } from "#core/clock.ts";
import { haproxyParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { deployedFormats } from "#functions/shared/deployment/deployed-formats.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { KinesisLogJournal } from "#journals/kinesis/kinesis-log-journal.ts";
import { receiveHaproxyLogsHandler } from "./receive-haproxy-logs.ts";

const environment = environmentOf("receive-haproxy-logs");

export const handler = receiveHaproxyLogsHandler({
  namespaces: environment.PULSE_NAMESPACES,
  journal: new KinesisLogJournal({ streamName: environment.PULSE_HAPROXY_LOGS_STREAM, clock: systemClock }),
  parse: haproxyParser({ formats: deployedFormats(environment.PULSE_HAPROXY_FORMATS_FILE) }),
  now: systemClock.now,
  zone: environment.PULSE_HAPROXY_ZONE,
});
