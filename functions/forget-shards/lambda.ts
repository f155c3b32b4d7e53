import { KinesisClient } from "@aws-sdk/client-kinesis";
import { systemClock } from "#core/clock.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openSearchSettings } from "#functions/shared/deployment/open-event-store.ts";
import { listShards, shardName } from "#journals/kinesis/list-shards.ts";
import { openOpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";
import { forgetShardsHandler } from "./forget-shards.ts";

const environment = environmentOf("forget-shards");
const kinesis = new KinesisClient({});

export const handler = forgetShardsHandler({
  store: await openOpenSearchEventStore(openSearchSettings(environment)),
  shardsOf: async (streamName) => {
    const shards = await listShards(kinesis, streamName);
    return new Set(shards.map((shard) => shardName(streamName, shard)));
  },
  streamNames: [environment.PULSE_EVENTS_STREAM, environment.PULSE_HAPROXY_LOGS_STREAM],
  clock: systemClock,
});
