import { setTimeout as sleep } from "node:timers/promises";
import { isReadTo, type LineReader, openReader } from "#agent/inputs/line-reader.ts";
import type { Input, LineSink } from "#agent/inputs/line-sink.ts";
import { filesByAge, successorOf } from "#agent/inputs/rotated-files.ts";
import type { AgentLog } from "#agent/log.ts";
import type { FilePosition } from "#agent/spool/ledger.ts";

export interface FollowedFileOptions {
  readonly path: string;
  /** How far the file was spooled when the agent ended; without, it is read from `from` on. */
  readonly position: FilePosition | undefined;
  /** Where a file begins that was never read. */
  readonly from: "start" | "end";
  readonly sink: LineSink;
  readonly log: AgentLog;
  /** How often is looked for more. @default 250 */
  readonly pollMs?: number;
}

const POLL_MS = 250;
/** A renamed file is still written to until its writer is told: it has ended after so many looks that found nothing. */
const QUIET_POLLS = 8;

/**
 * Follows a log file through rotations, by rename and by truncation. Where a line ends in it is spooled with the line:
 * after a kill, reading goes on exactly there, also in a file that was renamed meanwhile.
 */
export function followFile(options: FollowedFileOptions): Input {
  const followed = new FollowedFile(options);
  followed.start();
  return followed;
}

class FollowedFile implements Input {
  readonly name: string;
  readonly #path: string;
  readonly #sink: LineSink;
  readonly #log: AgentLog;
  readonly #pollMs: number;
  readonly #stop = new AbortController();
  #from: "start" | "end";
  #position: FilePosition | undefined;
  #receivedLines = 0;
  #trouble = "";
  #running: Promise<void> | undefined;

  constructor({ path, position, from, sink, log, pollMs = POLL_MS }: FollowedFileOptions) {
    this.name = `file ${path}`;
    this.#path = path;
    this.#position = position;
    this.#from = from;
    this.#sink = sink;
    this.#log = log;
    this.#pollMs = pollMs;
  }

  get receivedLines(): number {
    return this.#receivedLines;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#sink.roomy.ring();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#readToEnd(await this.#nextReader());
      } catch (error) {
        if (!("syscall" in (error as Error))) throw error;
        this.#tellTrouble((error as Error).message);
        await this.#pause();
      }
    }
  }

  /** Opens what is to be read next: where reading ended, in whichever file that is now, or the file that is there. */
  async #nextReader(): Promise<LineReader> {
    const position = this.#position;
    if (position === undefined) return openReader(this.#path, this.#from);
    for (const { path } of (await filesByAge(this.#path)).toReversed())
      if (await isReadTo(path, position)) return openReader(path, position.offset);
    this.#log.warn("a followed file is not the one that was read before: lines may be missing", { input: this.name });
    return openReader(this.#path, 0);
  }

  /** Reads until another file has taken the place of this one, and nothing comes any more. */
  async #readToEnd(first: LineReader): Promise<void> {
    let reader = first;
    this.#trouble = "";
    try {
      for (let quiet = 0; !this.#stop.signal.aborted; ) {
        const lines = await reader.read();
        this.#take(lines);
        if (lines.length > 0) {
          quiet = 0;
          if (this.#sink.isFull) await this.#sink.roomy.rung();
          continue;
        }
        if (await reader.isTruncated()) {
          this.#log.info("a followed file was truncated, and is read from its start", { input: this.name });
          reader.rewind();
          continue;
        }
        const next = await successorOf(this.#path, reader.inode);
        quiet = next === undefined ? 0 : quiet + 1;
        if (next !== undefined && quiet > QUIET_POLLS) {
          this.#take(await reader.readRest());
          await reader.close();
          reader = await openReader(next, 0);
          quiet = 0;
        } else await this.#pause();
      }
    } finally {
      await reader.close();
    }
  }

  #take(lines: Awaited<ReturnType<LineReader["read"]>>): void {
    const receivedAtMs = Date.now();
    this.#receivedLines += lines.length;
    this.#position = lines.at(-1)?.position ?? this.#position;
    this.#sink.take(
      lines.map(({ bytes, cut, position }) => ({ bytes, cut, receivedAtMs, followed: { path: this.#path, position } })),
    );
  }

  /** Once: a file that is to be followed may not be there for long. */
  #tellTrouble(trouble: string): void {
    if (trouble !== this.#trouble) this.#log.warn("a followed file cannot be read", { input: this.name, trouble });
    this.#trouble = trouble;
  }

  #pause(): Promise<void> {
    return sleep(this.#pollMs, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}
