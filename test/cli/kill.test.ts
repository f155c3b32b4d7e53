import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { describeOpenSearch } from "#test/support/opensearch.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

describe("pulse serve, embedded", () => survivesKills(() => []));
describeOpenSearch("pulse serve, on OpenSearch", (url) => survivesKills(() => ["--opensearch", url()]));

const ROUNDS = 3;
const WRITERS = 8;
const WRITTEN_PER_ROUND = 200;

function survivesKills(options: () => readonly string[]): void {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pulse: ServedPulse;
  /** A namespace of its own: the node may be shared. */
  let namespace: string;

  const serve = async (): Promise<string> => {
    pulse = await servePulse([
      ...["--port", "0", "--syslog", "0", "--data", folder.path, "--namespaces", namespace],
      ...options(),
    ]);
    return `${pulse.url}/${namespace}/api/v1/events`;
  };

  beforeEach(async () => {
    folder = await temporaryFolder();
    namespace = `kill-${Date.now().toString(36)}`;
  });
  afterEach(async () => {
    await pulse.kill();
    await folder.remove();
  });

  test("loses no event that was answered 201 when it is killed while it writes, and doubles none", async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) await writeUntilKilled(await serve(), round, acknowledged);

    const events = await serve();
    const receipt = (await create(events, { tags: ["last"] }))?.receipt;
    const kept = new Set<string>();
    for await (const { id } of everyEvent(`${events}?tag=killed&cursor=*&per_page=1000&after=${receipt}`)) {
      expect(kept.has(id)).toBe(false);
      kept.add(id);
    }

    expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
  }, 120_000);

  async function writeUntilKilled(events: string, round: number, acknowledged: Set<string>): Promise<void> {
    const enough = acknowledged.size + WRITTEN_PER_ROUND;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; ; n++) {
        const created = await create(events, { tags: ["killed"], value: `${round}.${writer}.${n}` });
        if (created === undefined) return;
        acknowledged.add(created.id);
        if (acknowledged.size === enough) await pulse.kill();
      }
    });
    await Promise.all(writers);
  }
}

/** Undefined when the answer did not arrive whole. */
async function create(events: string, event: object): Promise<{ id: string; receipt: string } | undefined> {
  try {
    const response = await fetch(events, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    if (response.status !== 201) return undefined;
    const { id } = (await response.json()) as { id: string };
    return { id, receipt: response.headers.get("pulse-receipt") as string };
  } catch {
    return undefined;
  }
}

async function* everyEvent(first: string): AsyncGenerator<{ id: string }> {
  for (let url: string | undefined = first; url !== undefined; ) {
    const response: Response = await fetch(url);
    expect(response.status).toBe(200);
    const events = (await response.json()) as { id: string }[];
    yield* events;
    url = events.length === 0 ? undefined : /<([^>]*)>; rel=next/.exec(response.headers.get("link") ?? "")?.[1];
  }
}
