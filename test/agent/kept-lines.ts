import { Bell } from "#agent/bell.ts";
import type { LineSink, ReceivedLine } from "#agent/inputs/line-sink.ts";
import type { DropCause } from "#core/haproxy/logs/log-record.ts";

/** A sink that a test reads, and fills as it likes. */
export class KeptLines implements LineSink {
  readonly roomy = new Bell();
  readonly lines: ReceivedLine[] = [];
  readonly lost: { readonly count: number; readonly cause: DropCause }[] = [];
  isFull = false;

  take(lines: readonly ReceivedLine[]): void {
    this.lines.push(...lines);
  }

  takeOrLose(line: ReceivedLine): void {
    this.lines.push(line);
  }

  lose(count: number, cause: DropCause): void {
    this.lost.push({ count, cause });
  }

  get texts(): string[] {
    return this.lines.map(({ bytes }) => Buffer.from(bytes).toString());
  }

  /** There is room again. */
  empty(): void {
    this.isFull = false;
    this.roomy.ring();
  }
}
