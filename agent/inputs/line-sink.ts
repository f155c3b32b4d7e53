import type { Bell } from "#agent/bell.ts";
import type { FilePosition } from "#agent/spool/ledger.ts";
import type { DropCause } from "#core/haproxy/logs/log-record.ts";

/** A line as an input has it, without the LF at its end. */
export interface ReceivedLine {
  readonly bytes: Uint8Array;
  readonly receivedAtMs: number;
  /** It is only the beginning of a line. */
  readonly cut: boolean;
  /** How far its file is read with it. */
  readonly followed?: { readonly path: string; readonly position: FilePosition };
}

/** Where inputs put their lines. */
export interface LineSink {
  /** Inputs that can wait take no more from their senders while it is. */
  readonly isFull: boolean;
  /** Rings when it is full no longer. */
  readonly roomy: Bell;
  /** Takes lines of an input that waits while it is full. */
  take(lines: readonly ReceivedLine[]): void;
  /** Takes a line of an input that cannot wait, or counts it as lost. */
  takeOrLose(line: ReceivedLine): void;
  /** So many lines were lost before they came here. */
  lose(count: number, cause: DropCause): void;
}

/** A way in that is open. */
export interface Input {
  readonly name: string;
  /** Lines since it was opened. */
  readonly receivedLines: number;
  readonly connections?: number;
  /** Takes nothing from its senders any more; what it has is in the sink when it is done. */
  close(): Promise<void>;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A datagram without the end of line that senders put there. */
export function withoutEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  if (bytes[end - 1] === LINE_FEED) end--;
  if (end < bytes.length && bytes[end - 1] === CARRIAGE_RETURN) end--;
  return bytes.subarray(0, end);
}
