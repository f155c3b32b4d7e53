import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";

/** Told what is being done. */
export type Progress = (text: string) => void;

/** Has Pulse's templates. Its process is known if it was started for this run. */
export interface OpenSearchUnderTest {
  readonly url: string;
  readonly pid?: number;
}

/** The OpenSearch that all suites of a run share, started when the first one asks. */
export interface BenchedOpenSearch {
  /** Undefined where this machine cannot run one. */
  get(): Promise<OpenSearchUnderTest | undefined>;
  close(): Promise<void>;
}

export const NO_OPENSEARCH: BenchedOpenSearch = { get: async () => undefined, close: async () => {} };

/** What `dev/opensearch-node.ts` starts for tests is too small for a million events. */
const HEAP = "2g";

export function benchedOpenSearch(givenUrl: string | undefined, progress: Progress): BenchedOpenSearch {
  let started: Promise<OpenSearchNode | undefined> | undefined;
  let found: Promise<OpenSearchUnderTest | undefined> | undefined;

  const find = async (): Promise<OpenSearchUnderTest | undefined> => {
    if (givenUrl === undefined) started = start(progress);
    const node = givenUrl === undefined ? await started : { url: givenUrl };
    if (node === undefined) return undefined;
    const client = await openClient({ url: node.url, auth: "none" });
    await installTemplates(client, indexTemplates()).finally(() => client.close());
    return node;
  };
  return {
    get: () => {
      found ??= find();
      return found;
    },
    close: async () => {
      await (await started)?.stop();
    },
  };
}

async function start(progress: Progress): Promise<OpenSearchNode | undefined> {
  try {
    return await startOpenSearch({ heap: HEAP, report: (text) => progress(`OpenSearch: ${text}`) });
  } catch (failure) {
    if (!(failure instanceof OpenSearchUnavailable)) throw failure;
    console.error(failure.message);
    return undefined;
  }
}
