import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { lineId, newIncarnation } from "#core/haproxy/logs/log-record.ts";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { describeOpenSearch } from "#test/support/opensearch/opensearch.ts";
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

  /** Answers where events are; log lines have a path beside. */
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

  test("loses no log line that was answered when it is killed while it writes, and doubles none that is sent again", async () => {
    const sender = newLogSender();
    for (let round = 0; round < ROUNDS; round++) {
      const events = await serve();
      const enough = sender.acknowledged.size + WRITTEN_PER_ROUND;
      const writers = Array.from({ length: WRITERS }, async () => {
        while (await sender.send(logsBeside(events))) if (sender.acknowledged.size >= enough) await pulse.kill();
      });
      await Promise.all(writers);
    }

    const events = await serve();
    const receipt = await sender.sendUnanswered(logsBeside(events));
    const kept = new Set<string>();
    for await (const { id } of everyEvent(`${events}?type=haproxy&cursor=*&per_page=1000&after=${receipt}`)) {
      expect(kept.has(id)).toBe(false);
      kept.add(id);
    }

    expect([...sender.acknowledged].filter((id) => !kept.has(eventIdOf(id)))).toEqual([]);
    expect(kept.size).toBe(sender.sent);
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

const LINES_AT_ONCE = 25;

const logsBeside = (events: string): string => events.replace(/\/events$/, "/haproxy/logs");

/** Sends numbered lines, as an agent does; what was not answered it sends again in the end. */
function newLogSender() {
  const incarnation = newIncarnation();
  const acknowledged = new Set<string>();
  const unanswered: string[] = [];
  let sent = 0;

  async function post(logs: string, ids: readonly string[]): Promise<string | undefined> {
    const records = ids.map((id) => `{"id":"${id}","at":"${AT}","line":"<134>line ${id}"}\n`);
    try {
      const headers = { "content-type": "application/x-ndjson" };
      const response = await fetch(logs, { method: "POST", headers, body: records.join("") });
      const { accepted } = (await response.json()) as { accepted: number };
      if (accepted !== ids.length) return undefined;
      for (const id of ids) acknowledged.add(id);
      return response.headers.get("pulse-receipt") as string;
    } catch {
      return undefined;
    }
  }

  return {
    acknowledged,
    get sent() {
      return sent;
    },
    async send(logs: string): Promise<boolean> {
      const ids = Array.from({ length: LINES_AT_ONCE }, () => lineId(incarnation, ++sent));
      const isTaken = (await post(logs, ids)) !== undefined;
      if (!isTaken) unanswered.push(...ids);
      return isTaken;
    },
    /** Answers the receipt. */
    sendUnanswered: async (logs: string) => post(logs, [lineId(incarnation, 1), ...unanswered]),
  };
}

/** An agent's time does not change when it sends a line again. */
const AT = new Date().toISOString();
