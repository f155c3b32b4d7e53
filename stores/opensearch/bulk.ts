import type { Client } from "@opensearch-project/opensearch";
import { allAnswers } from "#core/all-answers.ts";
import { PulseError } from "#core/errors.ts";
import type { Kept } from "#core/events/event-store.ts";
import { pauseBefore, type RetryPolicy } from "./backoff.ts";
import { request } from "./client.ts";
import { Documents } from "./documents.ts";
import { describeFault, failure, mayPass, type OpenSearchFault } from "./failure.ts";

const MAX_DOCUMENTS = 2500;
const MAX_BYTES = 1_666_000;
const IN_FLIGHT = 2;

/** Writes the two lines that create the document of an item. */
export type DocumentWriter<Item> = (into: Documents, item: Item) => void;

/**
 * Sends the documents of items to be created until each is kept or refused for good. Throws when some are neither after
 * the last try, or when OpenSearch refuses them for a reason that is not theirs. Items may be made as they are asked for:
 * then they are, while others are under way.
 */
export async function createAll<Item>(
  client: Client,
  items: Iterable<Item>,
  write: DocumentWriter<Item>,
  retry: RetryPolicy,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  const bulks = bulksOf(items, write);
  const sendNext = async (): Promise<void> => {
    for (const { from, documents } of bulks) {
      const outcomes = await createWithRetries(client, documents, retry);
      documents.release();
      outcomes.forEach((outcome, index) => {
        kept[from + index] = outcome;
      });
    }
  };
  await allAnswers(Array.from({ length: IN_FLIGHT }, sendNext));
  return kept;
}

/** Documents that are sent together: `from` is the place of the first. */
export interface Bulk {
  readonly from: number;
  readonly documents: Documents;
}

/** How long a document is shows when it is written: one too many is the first of the next bulk. */
export function* bulksOf<Item>(items: Iterable<Item>, write: DocumentWriter<Item>): Generator<Bulk, undefined> {
  let from = 0;
  let some = new Documents();
  for (const item of items) {
    write(some, item);
    some.end();
    const isTooMany = some.length > MAX_DOCUMENTS || some.bytes > MAX_BYTES;
    if (!isTooMany || some.length === 1) continue;
    const next = some.takeLast();
    const full = { from, documents: some };
    from += some.length;
    some = next;
    yield full;
  }
  if (some.length > 0) yield { from, documents: some };
}

/** What became of one document: settled, or why it must be sent again. */
type Outcome = Kept | { readonly retry: PulseError };

/** Sends only what is unsettled again. */
async function createWithRetries(client: Client, documents: Documents, retry: RetryPolicy): Promise<readonly Kept[]> {
  const settled = new Array<Kept>(documents.length);
  let pending = Array.from({ length: documents.length }, (_, index) => index);
  for (let next = 2; ; next++) {
    const outcomes = await create(client, documents, pending);
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
async function create(client: Client, documents: Documents, indices: readonly number[]): Promise<Outcome[]> {
  try {
    const { body } = await request<BulkReply>(client, {
      method: "POST",
      path: "/_bulk",
      query: { filter_path: "items.*.status,items.*.error" },
      ndjson: documents.bodyOf(indices),
    });
    return body.items.map((item) => outcomeOf(item.create));
  } catch (error) {
    // Only of a bulk that is answered item by item is it certain that it was read to its end.
    documents.leave();
    if (error instanceof PulseError && error.kind === "too-large")
      return createHalves(client, documents, indices, error);
    if (mayPass(error)) return indices.map(() => ({ retry: error }));
    throw error;
  }
}

async function createHalves(
  client: Client,
  documents: Documents,
  indices: readonly number[],
  tooLarge: PulseError,
): Promise<Outcome[]> {
  if (indices.length === 1) return [{ refused: tooLarge.message }];
  const half = Math.ceil(indices.length / 2);
  const first = await create(client, documents, indices.slice(0, half));
  return [...first, ...(await create(client, documents, indices.slice(half)))];
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
