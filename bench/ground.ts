import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { DEFAULT_PREFIX, namespacePattern } from "#stores/opensearch/index-names.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { sendOnce } from "./http-connection.ts";

/** Told what is being done. */
export type Progress = (text: string) => void;

export type Engine = "embedded" | "OpenSearch";

/** The node that all suites of a run share. */
export interface BenchedOpenSearch {
  /** Of one that has Pulse's templates, started when first asked for; undefined where this machine cannot run one. */
  url(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What `dev/opensearch-node.ts` starts for tests is too small for a million events. */
const HEAP = "2g";

export function benchedOpenSearch(given: string | undefined, progress: Progress): BenchedOpenSearch {
  let starting: Promise<OpenSearchNode | undefined> | undefined;
  let found: Promise<string | undefined> | undefined;

  const start = () =>
    startOpenSearch({ heap: HEAP, report: (text) => progress(`OpenSearch: ${text}`) }).catch((failure: unknown) => {
      if (!(failure instanceof OpenSearchUnavailable)) throw failure;
      console.error(failure.message);
      return undefined;
    });
  const find = async (): Promise<string | undefined> => {
    if (given === undefined) starting = start();
    const url = given ?? (await starting)?.url;
    if (url === undefined) return undefined;
    const client = await openClient({ url, auth: "none" });
    await installTemplates(client, indexTemplates()).finally(() => client.close());
    return url;
  };
  return {
    url: () => {
      found ??= find();
      return found;
    },
    close: async () => {
      await (await starting)?.stop();
    },
  };
}

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

  openSearch(): Promise<string | undefined> {
    return this.#options.openSearch.url();
  }

  /** The engines this machine can run. */
  async engines(): Promise<readonly Engine[]> {
    return (await this.openSearch()) === undefined ? ["embedded"] : ["embedded", "OpenSearch"];
  }

  /** `pulse serve` in a process of its own, on fresh data. */
  async serve(engine: Engine, namespaces: readonly string[]): Promise<ServedPulse> {
    const options = [...quietOptions(await this.folder()), "--namespaces", namespaces.join(",")];
    if (engine === "OpenSearch") options.push("--opensearch", (await this.openSearch()) as string);
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
    const url = await this.openSearch();
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
