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
      const shard = `${pulse.output("Journal", "EventsStream")}/shardId-000000000099`;
      const others = await shardsIn(pulse);
      assert.ok(others.length > 0, "no shard has a checkpoint");
      await pulse.inOpenSearch(`/${CHECKPOINTS}/_doc/${encodeURIComponent(shard)}?refresh=true`, {
        shard,
        seq: "0",
        arrivedAtMs: 0,
      });
      assert.deepEqual(await shardsIn(pulse), [...others, shard].sort());

      await call(pulse, "forget-shards");

      assert.deepEqual(await shardsIn(pulse), others);
    },
  );
}

async function shardsIn(pulse: DeployedPulse): Promise<string[]> {
  await pulse.inOpenSearch(`/${CHECKPOINTS}/_refresh`);
  const { hits } = await pulse.inOpenSearch<{ hits: { hits: readonly { _id: string }[] } }>(`/${CHECKPOINTS}/_search`);
  return hits.hits.map(({ _id }) => _id).sort();
}

async function call(pulse: DeployedPulse, folder: string): Promise<void> {
  const { FunctionName } = await pulse.functionOf(folder);
  const path = `/2015-03-31/functions/${FunctionName}/invocations`;
  const answer = await pulse.account.send("lambda", path, { method: "POST", body: "{}" });
  assert.equal(answer.headers.get("x-amz-function-error"), null, await answer.text());
}
