import { existsSync } from "node:fs";
import { join } from "node:path";
import { toAwsFailure } from "#cli/aws-failure.ts";
import { openPlace, type Place } from "#cli/places/place.ts";
import { type RedriveCall, readRedriveCall } from "#cli/redrive/redrive-call.ts";
import { type RedriveCounts, type RedriveJournals, redriveLetters } from "#cli/redrive/redrive-letters.ts";
import { counted, openReporter } from "#cli/reporter.ts";
import { UsageError } from "#cli/usage-error.ts";
import { systemClock } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { Journal } from "#core/events/append-again.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

const HELP = `Appends dead letters to the journal anew, as the events and log lines they were, so that they are indexed once more.

  pulse redrive <folder | file | s3://bucket/prefix> --stream <name> --haproxy-logs <name> [options]
  pulse redrive [<folder | file>] --data <folder> [options]

  --stream <name>        the Kinesis stream of events; region and credentials are those of the environment
  --haproxy-logs <name>  that of gateways' log lines; letters of a stream that is not named stay where they are
  --data <folder>        a local server's journal; it must be stopped (its own dead letters, unless others are named)
  --type <a,b>           only events of these types; log lines are haproxy
  --reason <text>        only letters whose reason contains it
  --dry-run              count what would be appended, and write nothing
  --help

Taken are files that end in .ndjson, and the batches that Lambda leaves in the on-failure bucket. What was appended moves
to redriven/ beside them; what was not stays. An event that is appended twice is kept once: its id and time are its own.
It ends with 0 when all that was asked for was appended, with 1 when something could not be, with 2 where it is shown
a place that holds other files and no dead letters.

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
  const journals = call.dryRun ? undefined : await openJournals(call);
  const reporter = openReporter();
  try {
    const redriving = redriveLetters({
      place,
      journals,
      clock: systemClock,
      types: new Set(call.types),
      reason: call.reason,
      onFault: ({ file, reason }) => reporter.fault(`${file}: ${reason}`),
      onProgress: ({ redriven, files }, path) =>
        reporter.progress(() => `${counted(redriven, "letter")}, ${counted(files, "file")}, ${path}`),
    });
    const counts = await redriving.finally(() => reporter.end());
    if (call.isNamed) requireLetters(place, counts);
    process.stdout.write(summaryOf(call, place.name, counts));
    if (counts.unreadable > 0) process.exitCode = 1;
  } finally {
    journals?.close();
    place.close();
  }
}

/** Somebody who names the wrong place must not take "0 dead letters" for good news. */
function requireLetters(place: Place, { files, others }: RedriveCounts): void {
  const [first] = others;
  if (files > 0 || first === undefined) return;
  const held = `${counted(others.length, "file")} that ${others.length === 1 ? "is" : "are"} none, the first ${first}`;
  throw new UsageError(`${place.name} holds no dead letters, but ${held}`);
}

type OpenJournals = RedriveJournals & { close(): void };

// Loaded when they are needed: each brings a client or a database along.
const openJournals = ({ stream, haproxyLogs, data }: RedriveCall): Promise<OpenJournals> =>
  data === undefined ? openStreams(stream, haproxyLogs) : openLocal(data);

async function openStreams(stream: string | undefined, haproxyLogs: string | undefined): Promise<OpenJournals> {
  const { KinesisEventJournal } = await import("#journals/kinesis/kinesis-event-journal.ts");
  const { KinesisLogJournal } = await import("#journals/kinesis/kinesis-log-journal.ts");
  const events = stream && new KinesisEventJournal({ streamName: stream, clock: systemClock });
  const logs = haproxyLogs && new KinesisLogJournal({ streamName: haproxyLogs, clock: systemClock });
  return {
    ...(events && { events: namingItself(events, `the stream ${stream}`) }),
    ...(logs && { haproxyLogs: namingItself(logs, `the stream ${haproxyLogs}`) }),
    close() {
      if (events) events.close();
      if (logs) logs.close();
    },
  };
}

/** Says in its failures which of AWS's parts was asked. */
const namingItself = <Item>(journal: Journal<Item>, name: string): Journal<Item> => ({
  append: (items) =>
    journal.append(items).catch((error) => {
      throw toAwsFailure(name, error);
    }),
});

async function openLocal(folder: string): Promise<OpenJournals> {
  const { DATABASE_FILE, openDatabase } = await import("#stores/embedded/database.ts");
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) throw new UsageError(`--data takes the folder of a local server: there is no ${file}`);
  const { openLocalJournal } = await import("#journals/local/local-event-journal.ts");
  const { openLocalLogJournal } = await import("#journals/local/local-log-journal.ts");
  const database = openAlone(folder, () => openDatabase(file));
  const events = openLocalJournal({ database });
  const haproxyLogs = openLocalLogJournal({ database });
  return {
    events,
    haproxyLogs,
    close() {
      events.close();
      haproxyLogs.close();
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

function summaryOf(call: RedriveCall, place: string, counts: RedriveCounts): string {
  const { files, redriven, leftOut, unreadable, others } = counts;
  const letters = `${counted(redriven, "dead letter")} of ${counted(files, "file")} in ${place}`;
  const told = [
    call.dryRun ? `Would append ${letters}` : `Appended ${letters} to ${journalOf(call)}`,
    leftOut > 0 && `${counted(leftOut, "letter")} left where they are: of another type, reason or stream`,
    unreadable > 0 && `${counted(unreadable, "letter")} left where they are: unreadable`,
    call.isNamed && others.length > 0 && `${counted(others.length, "file")} passed over: of no dead letters`,
  ];
  return `${told.filter((line) => line !== false).join("\n  ")}\n`;
}

function journalOf({ stream, haproxyLogs, data }: RedriveCall): string | undefined {
  const streams = [stream, haproxyLogs].filter((name) => name !== undefined);
  return streams.length === 0 ? data : `the stream ${streams.join(" and ")}`;
}
