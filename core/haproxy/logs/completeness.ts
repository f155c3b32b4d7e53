import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import {
  type DroppedRange,
  lineId,
  RECEIPT_BLOCK_LINES,
  type Receipt,
  type SequenceRange,
} from "#core/haproxy/logs/log-record.ts";
import {
  blocksOf,
  countOf,
  gapsBetween,
  isAmong,
  joined,
  linesIn,
  overlap,
} from "#core/haproxy/logs/sequence-ranges.ts";

/** A receipt as it was kept. */
export interface KeptReceipt {
  readonly gateway: string;
  readonly receipt: Receipt;
}

/** What is kept of gateways' lines and receipts. */
export interface LineRegister {
  /** Those that end after that instant, of one gateway or of all. */
  receipts(afterMs: number, gateway: string | undefined): Promise<readonly KeptReceipt[]>;
  /** How many lines are kept of a block (see `receiptBlockOf`). */
  count(block: string): Promise<number>;
  /** The ids of their events, of one kept twice both. */
  ids(block: string): Promise<readonly string[]>;
  /** How many lines there are of a time, by gateway, whoever sent them. */
  gateways(window: Window): Promise<ReadonlyMap<string, number>>;
}

/** Instants in milliseconds since 1970. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CompletenessQuestion extends Window {
  readonly gateway?: string | undefined;
  readonly nowMs: number;
  /** Reads all lines. Otherwise whole blocks are counted, where a doubled line can stand for a missing one. */
  readonly isExact?: boolean;
  readonly onProgress?: (lines: number) => void;
}

/** What became of the lines that were given numbers in a time, as whole receipts tell it. */
export interface SpoolReport {
  readonly incarnation: string;
  readonly since: string;
  readonly until: string;
  /** Their numbers; `to` is `from - 1` when there were none. */
  readonly from: number;
  readonly to: number;
  readonly kept: number;
  /** Events beyond one a line. */
  readonly doubled: number;
  /** Delivered, as the agent says, and not there. */
  readonly missing: readonly SequenceRange[];
  /** Lost with a cause: of these numbers, or of earlier ones and told in this time. */
  readonly dropped: readonly DroppedRange[];
  /** In the spool still, when the last receipt was made. */
  readonly waiting: readonly SequenceRange[];
  /** Numbers whose own receipt is not there: what was dropped of them has lost its cause. */
  readonly untold: readonly SequenceRange[];
  /** How often the agent was ended by force: what it held and had not spooled has no number. */
  readonly interruptions: number;
}

export interface GatewayReport {
  readonly gateway: string;
  readonly spools: readonly SpoolReport[];
  /** The end of its last receipt, when that is so long ago that nothing is known of the time since. */
  readonly silentSince?: string;
}

export interface Completeness {
  readonly gateways: readonly GatewayReport[];
  /** Those that have lines of this time and no receipt: no agent tells of them, or not yet. */
  readonly withoutReceipts: readonly { readonly gateway: string; readonly lines: number }[];
}

/** A receipt comes each minute: without three of them, something is not well. */
const SILENCE_MS = 3 * 60_000;

/** Compares what agents say that they delivered with what is kept. */
export async function examineCompleteness(
  register: LineRegister,
  question: CompletenessQuestion,
): Promise<Completeness> {
  const { gateway, isExact = false, onProgress = () => {} } = question;
  const kept = await register.receipts(question.fromMs, gateway);
  let lines = 0;
  const search: Search = {
    register,
    isExact,
    onLines(more) {
      lines += more;
      onProgress(lines);
    },
  };
  const gateways: GatewayReport[] = [];
  for (const [name, receipts] of [...Map.groupBy(kept, ({ gateway }) => gateway)].sort(byName)) {
    const told = receipts.map(({ receipt }) => receipt);
    gateways.push(await examineGateway(search, name, told, question));
  }
  const known = new Set(gateways.map(({ gateway }) => gateway));
  const seen = [...(await register.gateways(question))].sort(byName);
  const others = seen.filter(([name]) => !known.has(name) && (gateway === undefined || name === gateway));
  return { gateways, withoutReceipts: others.map(([gateway, lines]) => ({ gateway, lines })) };
}

/** Whether every numbered line of every gateway is there, once, or has a name for its loss, to the end of the time. */
export const isComplete = ({ gateways }: Completeness): boolean =>
  gateways.length > 0 &&
  gateways.every(
    ({ silentSince, spools }) =>
      silentSince === undefined && spools.every(({ missing, doubled }) => missing.length === 0 && doubled === 0),
  );

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);

/** How lines are looked for. */
interface Search {
  readonly register: LineRegister;
  readonly isExact: boolean;
  onLines(lines: number): void;
}

async function examineGateway(
  search: Search,
  gateway: string,
  receipts: readonly Receipt[],
  { toMs, nowMs }: CompletenessQuestion,
): Promise<GatewayReport> {
  const lastMs = Math.max(...receipts.map(untilMs));
  const spools: SpoolReport[] = [];
  for (const told of Map.groupBy(receipts, ({ incarnation }) => incarnation).values()) {
    const isOver = Math.max(...told.map(untilMs)) < lastMs - SILENCE_MS;
    const spool = spoolOf(told, toMs, isOver);
    if (spool !== undefined) spools.push(await examineSpool(search, spool));
  }
  spools.sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  const isSilent = lastMs < Math.min(toMs, nowMs) - SILENCE_MS;
  return { gateway, spools, ...(isSilent && { silentSince: new Date(lastMs).toISOString() }) };
}

const untilMs = ({ until }: Receipt): number => Date.parse(until);

/** What receipts say of a spool's lines. */
type ToldSpool = Pick<
  SpoolReport,
  "incarnation" | "since" | "until" | "from" | "to" | "dropped" | "untold" | "interruptions"
> & {
  /** Numbers beyond may be waiting. */
  readonly sentTo: number;
};

/**
 * Undefined when all its receipts are of a later time. An incarnation that is over, because another has taken its
 * place, tells no more of what it sends: the receipts of the other one come behind all of its lines.
 */
function spoolOf(receipts: readonly Receipt[], toMs: number, isOver: boolean): ToldSpool | undefined {
  const own = receipts.filter(({ since }) => Date.parse(since) < toMs);
  const [first] = own;
  if (first === undefined) return undefined;
  const giving = own.filter(({ received }) => received > 0);
  const to = Math.max(...(giving.length > 0 ? giving : own).map((receipt) => receipt.to));
  const numbers = { from: Math.min(to + 1, ...giving.map(({ from }) => from)), to };
  const later = receipts.filter((receipt) => !own.includes(receipt));
  const laterDrops = later.flatMap(({ dropped }) => dropped).flatMap((drop) => overlap(drop, numbers) ?? []);
  return {
    incarnation: first.incarnation,
    since: own.map(({ since }) => since).sort()[0] as string,
    until: own
      .map(({ until }) => until)
      .sort()
      .at(-1) as string,
    ...numbers,
    dropped: [...own.flatMap(({ dropped }) => dropped), ...laterDrops].sort((one, other) => one.from - other.from),
    untold: gapsBetween(giving),
    interruptions: own.reduce((sum, { interruptions }) => sum + interruptions, 0),
    sentTo: isOver ? numbers.to : Math.max(...receipts.map(({ sentTo }) => sentTo)),
  };
}

const BLOCKS_AT_ONCE = 8;

async function examineSpool(search: Search, { sentTo, ...told }: ToldSpool): Promise<SpoolReport> {
  const blocks = [...blocksOf(told)];
  const found: FoundLines[] = [];
  for (let next = 0; next < blocks.length; next += BLOCKS_AT_ONCE) {
    const some = blocks.slice(next, next + BLOCKS_AT_ONCE);
    const dropped = (block: SequenceRange) => told.dropped.flatMap((drop) => overlap(drop, block) ?? []);
    found.push(...(await Promise.all(some.map((block) => lookFor(search, told.incarnation, block, dropped(block))))));
    search.onLines(countOf(some));
  }
  const absent = joined(found.flatMap(({ absent }) => absent));
  const sum = (of: (lines: FoundLines) => number): number => found.reduce((total, lines) => total + of(lines), 0);
  return {
    ...told,
    kept: sum(({ kept }) => kept),
    doubled: sum(({ doubled }) => doubled),
    missing: absent.flatMap((range) => overlap(range, { from: 0, to: sentTo }) ?? []),
    waiting: absent.flatMap((range) => overlap(range, { from: sentTo + 1, to: told.to }) ?? []),
  };
}

/** What there is of the lines of a block, and which are not there, though nobody said that they were dropped. */
interface FoundLines {
  readonly kept: number;
  readonly doubled: number;
  readonly absent: readonly SequenceRange[];
}

/** A whole block of which no line was dropped needs to be counted only. */
async function lookFor(
  { register, isExact }: Search,
  incarnation: string,
  { block, from, to }: { readonly block: number } & SequenceRange,
  dropped: readonly SequenceRange[],
): Promise<FoundLines> {
  const name = `${incarnation}-${block}`;
  const lines = linesIn({ from, to });
  const mayCount = !isExact && lines === RECEIPT_BLOCK_LINES && dropped.length === 0;
  if (mayCount && (await register.count(name)) === lines) return { kept: lines, doubled: 0, absent: [] };
  const ids = await register.ids(name);
  const kept = new Set(ids);
  const absent: number[] = [];
  for (let number = from; number <= to; number++)
    if (!kept.has(eventIdOf(lineId(incarnation, number)))) absent.push(number);
  const unnamed = absent.filter((number) => !isAmong(dropped, number));
  return {
    kept: lines - absent.length,
    doubled: ids.length - kept.size,
    absent: joined(unnamed.map((number) => ({ from: number, to: number }))),
  };
}
