import type { Event } from "#core/events/event.ts";
import type { JournalEntry } from "#core/events/event-journal.ts";
import type { EventStore } from "#core/events/event-store.ts";
import type { ArchivedLine } from "#core/events/records/line-splitter.ts";

/**
 * Which archived events are kept again; instants in milliseconds since 1970,
 * both inclusive, of when they were received.
 */
export interface ReplayedEvents {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Without any, those of all types. */
  readonly types: ReadonlySet<string>;
}

/** What became of the lines so far. */
export interface ReplayCounts {
  readonly kept: number;
  readonly refused: number;
  readonly unreadable: number;
  /** Received before or after, or of another type. */
  readonly leftOut: number;
}

/** A line that came to nothing, and why. */
export interface ReplayFault {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** An event without its place in the journal, and what is known of its value. */
export type ArchivedEvent = Omit<JournalEntry, "point">;

export interface ReplayOptions {
  /** The event of a line. Throws a SyntaxError for a line that has none. */
  readonly read: (line: string) => ArchivedEvent;
  readonly wanted: ReplayedEvents;
  readonly keep: EventStore["keep"];
  readonly onFault: (fault: ReplayFault) => void;
  /** What an interrupted run had come to. @default - nothing */
  readonly counts?: ReplayCounts;
}

const MAX_EVENTS = 5000;
const MAX_CHARACTERS = 10_000_000;

interface WaitingEvent {
  readonly entry: ArchivedEvent;
  readonly file: string;
  readonly line: number;
}

/**
 * Keeps archived events again, in batches. They get no place in the journal, so that no stream shows what was there
 * before it began; an event that is kept already stays as it is.
 */
export class EventReplay {
  readonly #options: ReplayOptions;
  readonly #counts: { -readonly [Key in keyof ReplayCounts]: ReplayCounts[Key] };
  #batch: WaitingEvent[] = [];
  #characters = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#counts = { kept: 0, refused: 0, unreadable: 0, leftOut: 0, ...options.counts };
  }

  get counts(): ReplayCounts {
    return { ...this.#counts };
  }

  get isEmpty(): boolean {
    return this.#batch.length === 0;
  }

  /** Whether what was added should be kept before more is. */
  get isFull(): boolean {
    return this.#batch.length >= MAX_EVENTS || this.#characters >= MAX_CHARACTERS;
  }

  /** Answers whether the line could be read. */
  add(file: string, archived: ArchivedLine): boolean {
    const { line } = archived;
    const read = "text" in archived ? this.#read(archived.text) : archived;
    if ("unreadable" in read) {
      this.#counts.unreadable++;
      this.#options.onFault({ file, line, reason: read.unreadable });
      return false;
    }
    if (isWanted(read.entry.event, this.#options.wanted)) {
      this.#batch.push({ entry: read.entry, file, line });
      this.#characters += read.characters;
    } else this.#counts.leftOut++;
    return true;
  }

  #read(text: string): ReadEvent {
    try {
      return { entry: this.#options.read(text), characters: text.length };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { unreadable: error.message };
    }
  }

  /** Keeps what was added. Throws where a retry of the whole replay may help; nothing is lost or doubled by it. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0) return;
    const outcomes = await this.#options.keep(batch.map(({ entry }) => entry));
    this.#batch = [];
    this.#characters = 0;
    batch.forEach(({ entry, file, line }, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error("the store answered fewer events than it was given");
      if ("kept" in outcome) {
        this.#counts.kept++;
        return;
      }
      this.#counts.refused++;
      this.#options.onFault({ file, line, reason: `event ${entry.event.id} is refused: ${outcome.refused}` });
    });
  }
}

type ReadEvent = { readonly entry: ArchivedEvent; readonly characters: number } | { readonly unreadable: string };

const isWanted = (
  { receivedAtMs, type }: Event,
  { fromMs = -Infinity, toMs = Infinity, types }: ReplayedEvents,
): boolean => receivedAtMs >= fromMs && receivedAtMs <= toMs && (types.size === 0 || types.has(type));
