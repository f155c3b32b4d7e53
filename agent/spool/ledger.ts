import { type DropCause, newIncarnation, type Receipt, type SequenceRange } from "#core/haproxy/logs/log-record.ts";
import { countOf, linesIn } from "#core/haproxy/logs/sequence-ranges.ts";

/** Numbers of a spool, which may be a former one in the same folder. */
export interface NamedDrop extends SequenceRange {
  readonly incarnation: string;
  readonly cause: DropCause;
}

/** How far a followed file has been spooled. */
export interface FilePosition {
  readonly inode: number;
  readonly offset: number;
  /** Of the file's first bytes, as many as `headBytes`: tells another file that was given the same inode. */
  readonly headChecksum: number;
  readonly headBytes: number;
}

/**
 * What an agent knows of its numbers: every block of the spool carries it, so that a restarted agent goes on behind the
 * last block with no number given twice and no loss forgotten.
 */
export interface LedgerState {
  readonly incarnation: string;
  /** Of all lines in the spool: a receiver of one namespace refuses those of another. */
  readonly namespace: string;
  /** Which start of the machine the incarnation belongs to. */
  readonly boot: string;
  /** The next number. */
  readonly next: number;
  /** How many receipts were made. */
  readonly receipts: number;
  /** What the next receipt begins with. */
  readonly window: Window;
  /** Known as lost, and told in no receipt yet. */
  readonly dropped: readonly NamedDrop[];
  /** How many lines were lost since there is a spool, by their causes. */
  readonly lost: Readonly<Partial<Record<DropCause, number>>>;
  readonly files: Readonly<Record<string, FilePosition>>;
  /** Whether the agent ended in good order behind this block. */
  readonly closed: boolean;
}

interface Window {
  readonly sinceMs: number;
  readonly from: number;
  /** Lines that were given numbers since and not lost before they were spooled. */
  readonly spooled: number;
  /** Lines that were delivered before it. */
  readonly delivered: number;
  readonly interruptions: number;
}

/** What is known of the deliveries when a receipt is made. */
export interface Delivered {
  /** How many lines there were, in all. */
  readonly delivered: number;
  /** All numbers of this incarnation up to this one are delivered or dropped. */
  readonly sentTo: number;
}

/** What an incarnation begins with; counts and files go from a former one to the next. */
interface Beginning {
  readonly namespace: string;
  readonly boot: string;
  readonly nowMs: number;
  readonly former?: { readonly ledger: LedgerState; readonly delivered: number };
}

export const beginLedger = ({ namespace, boot, nowMs, former }: Beginning): LedgerState => ({
  incarnation: newIncarnation(),
  namespace,
  boot,
  next: 1,
  receipts: 0,
  window: { sinceMs: nowMs, from: 1, spooled: 0, delivered: former?.delivered ?? 0, interruptions: 0 },
  dropped: [],
  lost: former?.ledger.lost ?? {},
  files: former?.ledger.files ?? {},
  closed: false,
});

/** Gives lines that are being spooled their numbers, from `ledger.next` on. */
export const numberSpooled = (ledger: LedgerState, count: number): LedgerState => ({
  ...ledger,
  next: ledger.next + count,
  window: { ...ledger.window, spooled: ledger.window.spooled + count },
});

/** Gives lines that are lost their numbers. */
export function numberLost(ledger: LedgerState, count: number, cause: DropCause): LedgerState {
  if (count === 0) return ledger;
  const { incarnation, next } = ledger;
  return dropNumbers({ ...ledger, next: next + count }, [{ incarnation, from: next, to: next + count - 1, cause }]);
}

/** Notes what is lost of the lines that have numbers. */
export function dropNumbers(ledger: LedgerState, drops: readonly NamedDrop[]): LedgerState {
  const dropped = [...ledger.dropped];
  const lost = { ...ledger.lost };
  for (const drop of drops) {
    lost[drop.cause] = (lost[drop.cause] ?? 0) + linesIn(drop);
    const last = dropped.at(-1);
    const goesOn = last?.incarnation === drop.incarnation && last.cause === drop.cause && last.to + 1 === drop.from;
    if (goesOn) dropped[dropped.length - 1] = { ...last, to: drop.to };
    else dropped.push(drop);
  }
  return { ...ledger, dropped, lost };
}

/** As an agent finds it that goes on where another has ended. */
export const reopened = ({ closed, window, ...rest }: LedgerState): LedgerState => ({
  ...rest,
  window: closed ? window : { ...window, interruptions: window.interruptions + 1 },
  closed: false,
});

/**
 * The receipts of the time since the last ones, and the ledger behind them: one of this incarnation, and one of each
 * former one that has lost lines meanwhile.
 */
export function makeReceipts(
  ledger: LedgerState,
  { delivered, sentTo }: Delivered,
  nowMs: number,
): { readonly receipts: readonly Receipt[]; readonly ledger: LedgerState } {
  const { incarnation, next, window } = ledger;
  const times = { since: new Date(window.sinceMs).toISOString(), until: new Date(nowMs).toISOString() };
  const dropsOf = (name: string) =>
    ledger.dropped.filter((drop) => drop.incarnation === name).map(({ from, to, cause }) => ({ from, to, cause }));

  const dropped = dropsOf(incarnation);
  const own: Receipt = {
    incarnation,
    ...times,
    from: window.from,
    to: next - 1,
    received: next - window.from,
    spooled: window.spooled,
    sent: delivered - window.delivered,
    lost: countOf(dropped),
    interruptions: window.interruptions,
    sentTo,
    dropped,
  };
  const former = new Set(ledger.dropped.map((drop) => drop.incarnation).filter((name) => name !== incarnation));
  const receipts = [own, ...[...former].map((name) => formerReceipt(name, times, dropsOf(name)))];
  return {
    receipts,
    ledger: {
      ...ledger,
      receipts: ledger.receipts + receipts.length,
      window: { sinceMs: nowMs, from: next, spooled: 0, delivered, interruptions: 0 },
      dropped: [],
    },
  };
}

/** A former incarnation gives no numbers any more; it can only lose what of it still waits. */
function formerReceipt(
  incarnation: string,
  times: Pick<Receipt, "since" | "until">,
  dropped: Receipt["dropped"],
): Receipt {
  const sentTo = Math.max(...dropped.map(({ to }) => to));
  const none = { received: 0, spooled: 0, sent: 0, interruptions: 0 };
  return { incarnation, ...times, from: sentTo + 1, to: sentTo, ...none, lost: countOf(dropped), sentTo, dropped };
}
