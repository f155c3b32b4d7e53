import type { DynamoDBRecord, KinesisStreamRecord } from "aws-lambda";
import { beginsGzip } from "#cli/replay/gzip-members.ts";
import { toArchiveEvent } from "#core/artifacts/archive-event.ts";
import { type DeadLetter, toDeadLetterLines } from "#core/events/index-entries.ts";
import { MAX_INFLATED_BYTES, splitRecord, toJournalLine } from "#core/events/records/journal-record.ts";
import { type JournalItem, readJournalItem } from "#core/haproxy/logs/journal-item.ts";
import { inflate } from "#functions/shared/streams/inflate.ts";
import { fromItem } from "#stores/dynamodb/artifact-item.ts";

/**
 * What a dead letter is of: an event, or a gateway's log record, and why it was put aside; or why it cannot be read.
 */
type Content = (JournalItem & { readonly reason: string }) | { readonly unreadable: string };

/** A dead letter of a file. */
export type Letter = {
  /** The letter as a line of NDJSON, its newline included. */
  readonly text: string;
} & Content;

/** What Lambda calls the files in which an event source mapping leaves the batches it has given up. */
const LAMBDA_FILE = /(?:^|\/)\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/;

/** Whether a file holds dead letters, by its name. */
export const holdsLetters = (path: string): boolean => path.endsWith(".ndjson") || LAMBDA_FILE.test(path);

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The letters of a file: NDJSON as every place of them holds it, or a batch that Lambda has given up. */
export function readLetters(path: string, content: Uint8Array): Letter[] {
  let text: string;
  try {
    text = utf8.decode(content);
  } catch {
    return [{ text: "", unreadable: "not UTF-8, none of it is looked at" }];
  }
  return LAMBDA_FILE.test(path) ? readInvocation(text) : splitRecord(text).map(readLine);
}

function readLine(line: string): Letter {
  const text = `${line}\n`;
  const letter = letterOf(line);
  return letter === undefined ? { text, unreadable: "no dead letter" } : { text, ...contentOf(letter) };
}

function letterOf(line: string): DeadLetter | undefined {
  const parsed = parseJson<DeadLetter>(line);
  return typeof parsed?.line === "string" && typeof parsed.reason === "string" ? parsed : undefined;
}

function parseJson<Content>(text: string): Content | null | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function contentOf({ line, reason }: DeadLetter): Content {
  try {
    return { ...readJournalItem(line), reason };
  } catch (error) {
    return { unreadable: `put aside with "${reason}", but ${(error as Error).message}` };
  }
}

/**
 * What an event source mapping writes to an on-failure bucket; `payload` is the batch as the function got it, as text.
 */
interface Invocation {
  readonly requestContext?: { readonly condition?: string };
  readonly KinesisBatchInfo?: object;
  readonly DDBStreamBatchInfo?: object;
  readonly payload?: string;
}

function readInvocation(content: string): Letter[] {
  const whole = { text: `${content}\n` };
  const invocation = parseJson<Invocation>(content);
  const batch = parseJson<{ readonly Records?: readonly GivenUp[] }>(invocation?.payload ?? "");
  if (!Array.isArray(batch?.Records)) {
    const where = JSON.stringify(invocation?.KinesisBatchInfo ?? invocation?.DDBStreamBatchInfo ?? {});
    return [{ ...whole, unreadable: `no batch of a stream; what is archived of it can be replayed: ${where}` }];
  }
  const reason = invocation?.requestContext?.condition ?? "given up by Lambda";
  return batch.Records.flatMap(({ kinesis, dynamodb }) =>
    kinesis === undefined ? readChange(dynamodb, reason) : readRecord(Buffer.from(kinesis.data, "base64"), reason),
  );
}

/** A record of a stream of the journal, or of a table. */
type GivenUp = Partial<Pick<KinesisStreamRecord, "kinesis"> & Pick<DynamoDBRecord, "dynamodb">>;

/** The event of an artifact's change, which follows from its item. */
function readChange({ NewImage: item = {} }: DynamoDBRecord["dynamodb"] = {}, reason: string): Letter {
  let line = JSON.stringify(item);
  try {
    line = toJournalLine(toArchiveEvent(fromItem(item))).trimEnd();
  } catch {
    // It is none of ours: told as it is.
  }
  const letter = { reason, line };
  return { text: toDeadLetterLines([letter]), ...contentOf(letter) };
}

function readRecord(data: Buffer, reason: string): Letter[] {
  let lines: string[];
  try {
    lines = splitRecord(utf8.decode(beginsGzip(data) ? inflate(data, MAX_INFLATED_BYTES) : data));
  } catch {
    lines = [data.toString("base64")];
  }
  return lines.map((line) => {
    const letter = { reason, line };
    return { text: toDeadLetterLines([letter]), ...contentOf(letter) };
  });
}
