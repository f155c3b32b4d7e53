import { existsSync } from "node:fs";
import { join } from "node:path";
import { toAwsFailure } from "#cli/aws-failure.ts";
import { openPlace } from "#cli/places/place.ts";
import { type RedriveCall, readRedriveCall } from "#cli/redrive/redrive-call.ts";
import { type RedriveCounts, redriveLetters } from "#cli/redrive/redrive-letters.ts";
import { counted, openReporter } from "#cli/reporter.ts";
import { UsageError } from "#cli/usage-error.ts";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { EventJournal } from "#core/events/event-journal.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

const HELP = `Appends dead letters to the journal anew, as the events they were, so that they are indexed once more.

  pulse redrive <folder | file | s3://bucket/prefix> --stream <name> [options]
  pulse redrive [<folder | file>] --data <folder> [options]

  --stream <name>   the Kinesis stream of events; region and credentials are those of the environment
  --data <folder>   the journal of a local server, which must be stopped (its own dead letters, unless others are named)
  --type <a,b>      only events of these types
  --reason <text>   only letters whose reason contains it
  --dry-run         count what would be appended, and write nothing
  --help

Taken are files that end in .ndjson, and the batches that Lambda leaves in the on-failure bucket. What was appended moves
to redriven/ beside them; what was not stays. An event that is appended twice is kept once: its id and time are its own.
It ends with 0 when all that was asked for was appended, with 1 when something could not be.

Example: what a mapping refused, once the mapping is put right

  pulse redrive s3://my-dead-letters/index-events --stream my-events --reason mapper_parsing_exception
`;

/** `pulse redrive`. */
export async function redrive(args: string[]): Promise<void> {
  const call = readRedriveCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const place = await openPlace(call.place);
  const journal = call.dryRun ? undefined : await openJournal(call);
  const reporter = openReporter();
  try {
    const redriving = redriveLetters({
      place,
      journal,
      clock: systemClock,
      types: new Set(call.types),
      reason: call.reason,
      onFault: ({ file, reason }) => reporter.fault(`${file}: ${reason}`),
      onProgress: ({ redriven, files }, path) =>
        reporter.progress(() => `${counted(redriven, "event")}, ${counted(files, "file")}, ${path}`),
    });
    const counts = await redriving.finally(() => reporter.end());
    process.stdout.write(summaryOf(call, place.name, counts));
    if (counts.unreadable > 0) process.exitCode = 1;
  } finally {
    journal?.close();
    place.close();
  }
}

type OpenJournal = EventJournal & { close(): void };

// Loaded when it is needed: each brings a client or a database along.
const openJournal = ({ stream, data }: RedriveCall): Promise<OpenJournal> =>
  stream === undefined ? openLocal(data as string) : openStream(stream);

async function openStream(streamName: string): Promise<OpenJournal> {
  const { KinesisEventJournal } = await import("#journals/kinesis/kinesis-event-journal.ts");
  const journal = new KinesisEventJournal({ streamName, clock: systemClock });
  return {
    append: (events) =>
      journal.append(events).catch((error) => {
        throw toAwsFailure(`the stream ${streamName}`, error);
      }),
    close: () => journal.close(),
  };
}

async function openLocal(folder: string): Promise<OpenJournal> {
  const { DATABASE_FILE, openDatabase } = await import("#stores/embedded/database.ts");
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) throw new UsageError(`--data takes the folder of a local server: there is no ${file}`);
  const { openLocalJournal } = await import("#journals/local/local-event-journal.ts");
  const database = openAlone(folder, () => openDatabase(file));
  const journal = openLocalJournal({ database });
  return {
    append: (events) => journal.append(events),
    close() {
      journal.close();
      database.close();
    },
  };
}

function openAlone(folder: string, open: () => EmbeddedDatabase): EmbeddedDatabase {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof PulseError)) throw cause;
    throw new PulseError("unavailable", `${folder}: ${cause.message} (a redrive needs the folder to itself)`, {
      cause,
    });
  }
}

function summaryOf({ dryRun, stream, data }: RedriveCall, place: string, counts: RedriveCounts): string {
  const { files, redriven, leftOut, unreadable } = counts;
  const journal = stream === undefined ? data : `the stream ${stream}`;
  const events = `${counted(redriven, "dead letter")} of ${counted(files, "file")} in ${place}`;
  const told = [
    dryRun ? `Would append ${events}` : `Appended ${events} to ${journal}`,
    leftOut > 0 && `${counted(leftOut, "letter")} left where they are: of another type or reason`,
    unreadable > 0 && `${counted(unreadable, "letter")} left where they are: unreadable`,
  ];
  return `${told.filter((line) => line !== false).join("\n  ")}\n`;
}
