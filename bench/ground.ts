import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { DEFAULT_PREFIX, namespacePattern } from "#stores/opensearch/index-names.ts";
import type { BenchedOpenSearch, OpenSearchUnderTest, Progress } from "./benched-opensearch.ts";
import { sendOnce } from "./http-connection.ts";

export type Engine = "embedded" | "OpenSearch";

export interface GroundOptions {
  readonly openSearch: BenchedOpenSearch;
  /** Where servers leave their CPU profiles, if they shall. */
  readonly profileFolder: string | undefined;
  readonly progress: Progress;
}

/** What one suite stands on: servers, namespaces, folders. It takes all of them away again. */
export class Ground {
  readonly progress: Progress;
  readonly #options: GroundOptions;
  readonly #closing: (() => Promise<unknown>)[] = [];

  constructor(options: GroundOptions) {
    this.#options = options;
    this.progress = options.progress;
  }

  openSearch(): Promise<OpenSearchUnderTest | undefined> {
    return this.#options.openSearch.get();
  }

  /** The engines this machine can run. */
  async engines(): Promise<readonly Engine[]> {
    return (await this.openSearch()) === undefined ? ["embedded"] : ["embedded", "OpenSearch"];
  }

  /** `pulse serve` in a process of its own, on fresh data. */
  async serve(engine: Engine, namespaces: readonly string[]): Promise<ServedPulse> {
    const options = [...quietOptions(await this.folder()), "--namespaces", namespaces.join(",")];
    if (engine === "OpenSearch") options.push("--opensearch", ((await this.openSearch()) as OpenSearchUnderTest).url);
    const { profileFolder } = this.#options;
    const served = await servePulse(options, {
      nodeOptions: profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`],
    });
    this.#closing.push(served.stop);
    return served;
  }

  /** A namespace that no other run has, whose indices go when the run ends. */
  async namespace(): Promise<string> {
    const name = `bench-${randomBytes(4).toString("hex")}`;
    const url = (await this.openSearch())?.url;
    if (url !== undefined)
      this.#closing.push(() =>
        sendOnce(url, "DELETE", `/${namespacePattern(DEFAULT_PREFIX, name)}?expand_wildcards=all`),
      );
    return name;
  }

  /** An empty folder. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "pulse-bench-"));
    this.#closing.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** Something else to end with the suite. */
  onClose(close: () => Promise<unknown>): void {
    this.#closing.push(close);
  }

  /** Stops and removes what was made since, the last first; what fails keeps nothing else from going. */
  async close(): Promise<void> {
    for (let close = this.#closing.pop(); close !== undefined; close = this.#closing.pop())
      await close().catch((failure: unknown) => console.error(failure));
  }
}

/** Fresh data, any free port, no syslog. */
export const quietOptions = (data: string): string[] => ["--port", "0", "--syslog", "0", "--data", data];
