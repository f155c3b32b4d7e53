import assert from "node:assert/strict";
import { checkpointIndex, DEFAULT_PREFIX } from "#stores/opensearch/index-names.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import type { Report } from "./report.ts";

const CHECKPOINTS = checkpointIndex(DEFAULT_PREFIX);

/** What runs once a day is called at once. */
export async function checkTidying(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.check(
    "once a day the checkpoint of a shard that the stream no longer has goes, and no other",
    async () => {
      const others = await shardsIn(pulse);
      assert.ok(others.length > 0, "no shard has a checkpoint");
      const shard = await leaveCheckpoint(pulse);
      assert.deepEqual(await shardsIn(pulse), [...others, shard].sort());

      await pulse.call("forget-shards");

      assert.deepEqual(await shardsIn(pulse), others);
    },
  );
}

/** Of a shard that the stream forgot long ago; answers its name. */
export async function leaveCheckpoint(pulse: DeployedPulse): Promise<string> {
  const shard = `${pulse.output("Journal", "EventsStream")}/shardId-000000000099`;
  const path = `/${CHECKPOINTS}/_doc/${encodeURIComponent(shard)}?refresh=true`;
  await pulse.inOpenSearch(path, { shard, seq: "0", arrivedAtMs: 0 });
  return shard;
}

async function shardsIn(pulse: DeployedPulse): Promise<string[]> {
  await pulse.inOpenSearch(`/${CHECKPOINTS}/_refresh`);
  const { hits } = await pulse.inOpenSearch<{ hits: { hits: readonly { _id: string }[] } }>(`/${CHECKPOINTS}/_search`);
  return hits.hits.map(({ _id }) => _id).sort();
}
