import type { Client } from "@opensearch-project/opensearch";
import { PulseError } from "#core/errors.ts";
import type { Kept } from "#core/events/event-store.ts";
import { pauseBefore, type RetryPolicy } from "./backoff.ts";
import { request } from "./client.ts";
import { describeFault, failure, mayPass, type OpenSearchFault } from "./failure.ts";

const MAX_DOCUMENTS = 2500;
/** In UTF-8 at most 5 MB. A count of bytes would cost each document as much as making it. */
const MAX_CHARACTERS = 1_666_000;
const IN_FLIGHT = 2;

/**
 * Sends documents to be created, each given as its two lines, until each is kept or refused for good. Throws when some
 * are neither after the last try, or when OpenSearch refuses them for a reason that is not theirs. Documents may be made
 * as they are asked for: then they are, while others are under way.
 */
export async function createAll(client: Client, documents: Iterable<string>, retry: RetryPolicy): Promise<Kept[]> {
  const kept: Kept[] = [];
  const bulks = bulksOf(documents);
  const sendNext = async (): Promise<void> => {
    for (const { from, lines } of bulks) {
      const outcomes = await createWithRetries(client, lines, retry);
      outcomes.forEach((outcome, index) => {
        kept[from + index] = outcome;
      });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
  return kept;
}

interface Bulk {
  readonly from: number;
  readonly lines: readonly string[];
}

function* bulksOf(documents: Iterable<string>): Generator<Bulk, undefined> {
  let from = 0;
  let lines: string[] = [];
  let characters = 0;
  for (const document of documents) {
    if (lines.length === MAX_DOCUMENTS || (characters + document.length > MAX_CHARACTERS && lines.length > 0)) {
      yield { from, lines };
      from += lines.length;
      lines = [];
      characters = 0;
    }
    lines.push(document);
    characters += document.length;
  }
  if (lines.length > 0) yield { from, lines };
}

/** What became of one document: settled, or why it must be sent again. */
type Outcome = Kept | { readonly retry: PulseError };

/** Sends only what is unsettled again. */
async function createWithRetries(
  client: Client,
  lines: readonly string[],
  retry: RetryPolicy,
): Promise<readonly Kept[]> {
  const settled = new Array<Kept>(lines.length);
  let pending = lines.map((_, index) => index);
  for (let next = 2; ; next++) {
    const outcomes = await create(
      client,
      pending.map((index) => lines[index] as string),
    );
    let lastFailure: PulseError | undefined;
    pending = pending.filter((index, place) => {
      const outcome = outcomes[place] as Outcome;
      if ("retry" in outcome) lastFailure = outcome.retry;
      else settled[index] = outcome;
      return "retry" in outcome;
    });
    if (lastFailure === undefined) return settled;
    if (next > retry.tries) throw lastFailure;
    await pauseBefore(next, retry);
  }
}

interface BulkReply {
  readonly items: readonly { readonly create: BulkItem }[];
}

interface BulkItem {
  readonly status: number;
  readonly error?: OpenSearchFault;
}

/** One bulk, once. The status of each item decides, never that of the whole: a bulk of refusals is answered with 200. */
async function create(client: Client, lines: readonly string[]): Promise<Outcome[]> {
  try {
    const { body } = await request<BulkReply>(client, {
      method: "POST",
      path: "/_bulk",
      query: { filter_path: "items.*.status,items.*.error" },
      ndjson: lines.join(""),
    });
    return body.items.map((item) => outcomeOf(item.create));
  } catch (error) {
    if (error instanceof PulseError && error.kind === "too-large") return createHalves(client, lines, error);
    if (mayPass(error)) return lines.map(() => ({ retry: error }));
    throw error;
  }
}

async function createHalves(client: Client, lines: readonly string[], tooLarge: PulseError): Promise<Outcome[]> {
  if (lines.length === 1) return [{ refused: tooLarge.message }];
  const half = Math.ceil(lines.length / 2);
  return [...(await create(client, lines.slice(0, half))), ...(await create(client, lines.slice(half)))];
}

/** The document's own fault: it would be refused for ever. */
const REFUSALS = new Set(["mapper_parsing_exception", "illegal_argument_exception"]);

function outcomeOf({ status, error }: BulkItem): Outcome {
  // 409: it was created before, by this very try or an earlier one. Its id and its index say it is the same event.
  if (status === 201 || status === 409) return { kept: true };
  const reason = describeFault(error);
  if (status === 429) return { retry: failure("overloaded", `refused a document: ${reason}`) };
  if (status === 503) return { retry: failure("unavailable", `refused a document: ${reason}`) };
  if (status === 400 && error !== undefined && REFUSALS.has(error.type)) return { refused: reason };
  // Missing rights, a blocked index, the limit of shards (a 400 too): nothing is wrong with the event, so none is given up.
  throw failure("unavailable", `does not take documents (${status}): ${reason}`);
}
