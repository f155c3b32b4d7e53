import { setTimeout as sleep } from "node:timers/promises";
import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import { DEFAULT_PREFIX } from "#stores/opensearch/index-names.ts";
import type { Ground } from "./ground.ts";

const HEAP = "1g";
const LOOK_AGAIN_MS = 100;

const WATERMARKS = ["low", "high", "flood_stage"] as const;
/** Bytes that must be free: more than any disk has, and less than any lacks. */
const FREE_BYTES = { flooded: "900tb", lifted: "1b" };

interface NodeOptions {
  readonly dataFolder: string;
  readonly heap: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** An OpenSearch of the suite's own, which can be stopped and come back with the same data on the same port. */
export class TroubledNode {
  readonly #options: NodeOptions;
  #node: OpenSearchNode;

  static async start(ground: Ground, settings: Readonly<Record<string, unknown>>): Promise<TroubledNode> {
    const options = { dataFolder: await ground.folder(), heap: HEAP, settings };
    const started = new TroubledNode(options, await startOpenSearch(options));
    ground.onClose(() => started.#node.stop());
    return started;
  }

  private constructor(options: NodeOptions, node: OpenSearchNode) {
    this.#options = options;
    this.#node = node;
  }

  get url(): string {
    return this.#node.url;
  }

  stop(): Promise<void> {
    return this.#node.stop();
  }

  kill(): Promise<void> {
    return this.#node.kill();
  }

  /** Resolves when it answers again. */
  async startAgain(): Promise<void> {
    this.#node = await startOpenSearch({ ...this.#options, port: Number(new URL(this.url).port) });
  }

  /** Resolves when OpenSearch has found its disk too full, and takes no more documents. */
  async flood(): Promise<void> {
    await this.#setFreeBytes(FREE_BYTES.flooded);
    await this.#untilBlocked(true);
  }

  /** Resolves when OpenSearch has lifted the last block itself. */
  async endFlood(): Promise<void> {
    await this.#setFreeBytes(FREE_BYTES.lifted);
    await this.#untilBlocked(false);
  }

  async #setFreeBytes(bytes: string): Promise<void> {
    const disk = "cluster.routing.allocation.disk";
    const watermarks = WATERMARKS.map((name): [string, string] => [`${disk}.watermark.${name}`, bytes]);
    const persistent = {
      [`${disk}.threshold_enabled`]: true,
      // The shortest that it allows.
      "cluster.info.update.interval": "10s",
      ...Object.fromEntries(watermarks),
    };
    await this.#ask("/_cluster/settings", { method: "PUT", body: JSON.stringify({ persistent }) });
  }

  async #untilBlocked(wanted: boolean): Promise<void> {
    const setting = "index.blocks.read_only_allow_delete";
    for (;;) {
      const blocked = (await this.#ask(`/${DEFAULT_PREFIX}*/_settings/${setting}?expand_wildcards=all`)) as object;
      if (Object.keys(blocked).length > 0 === wanted) return;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** How many writes its full queue has refused since it was started. */
  async refusedWrites(): Promise<number> {
    const { nodes } = (await this.#ask("/_nodes/stats/thread_pool")) as ThreadPoolStats;
    return Object.values(nodes).reduce((sum, { thread_pool: { write } }) => sum + write.rejected, 0);
  }

  /** The answer to a request of somebody who uses the same node. */
  async #ask(path: string, request: { readonly method?: string; readonly body?: string } = {}): Promise<unknown> {
    const answer = await fetch(`${this.url}${path}`, { headers: { "content-type": "application/json" }, ...request });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

interface ThreadPoolStats {
  readonly nodes: Readonly<Record<string, { readonly thread_pool: { readonly write: { readonly rejected: number } } }>>;
}
