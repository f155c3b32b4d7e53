import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toAwsFailure } from "#cli/aws-failure.ts";
import { isHttpUrl, parsed, pathOfCaller, wrongCall } from "#cli/call.ts";
import { counted } from "#cli/reporter.ts";
import { UsageError } from "#cli/usage-error.ts";
import { PulseError } from "#core/errors.ts";
import type { DeadDelivery } from "#core/triggers/delivery.ts";
import { type FoundDelivery, readDeadQueue } from "#journals/sqs/sqs-dead-letters.ts";

const HELP = `Deliveries of triggers that were given up: listed, and sent again.

  pulse triggers dead (--data <folder> | --dead <url>) [options]
  pulse triggers resend (--data <folder> | --deliveries <url> --dead <url>) [options]

  --data <folder>      those of a local server, which must be stopped
  --dead <url>         those of a deployment, as the Triggers stack's output DeadDeliveriesUrl names them; region and
                       credentials are those of the environment
  --deliveries <url>   where they go: the output DeliveriesUrl
  --trigger <name>     only of this trigger or workflow
  --namespace <name>   only of this namespace
  --reason <text>      only those whose reason contains it
  --help

Each is printed as a line of JSON, without its event's value. What is sent again has another day of attempts, as the
trigger is by then, and the webhook-id that it had. A message of a deployment that was looked at is hidden for five
minutes from whoever looks next.

Example: what was given up while the receiver was away

  pulse triggers resend --data .pulse --trigger tell --reason "cannot be reached"
`;

interface TriggersCall {
  readonly action: "dead" | "resend";
  readonly data: string | undefined;
  readonly dead: string | undefined;
  readonly deliveries: string | undefined;
  readonly isMeant: (dead: DeadDelivery) => boolean;
}

/** `pulse triggers`. */
export async function triggers(args: string[]): Promise<void> {
  const call = readCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  try {
    await run(call);
  } catch (error) {
    throw toAwsFailure(`the queue ${call.dead}`, error);
  }
}

async function run(call: TriggersCall): Promise<void> {
  const found = { meant: 0, others: 0, unreadable: 0 };
  for await (const { dead, resend } of openDead(call, () => void found.unreadable++)) {
    if (!call.isMeant(dead)) {
      found.others++;
      continue;
    }
    found.meant++;
    if (call.action === "resend") await resend();
    process.stdout.write(`${JSON.stringify(shown(dead))}\n`);
  }
  process.stderr.write(summaryOf(call, found));
  if (found.unreadable > 0) process.exitCode = 1;
}

const shown = ({ namespace, kind, name, reason, sinceMs, event, id }: DeadDelivery) => ({
  trigger: `${kind}/${name}`,
  namespace,
  reason,
  since: new Date(sinceMs).toISOString(),
  event: event.id,
  type: event.type,
  tags: event.tags,
  webhookId: id,
});

function summaryOf(
  { action }: TriggersCall,
  { meant, others, unreadable }: { readonly meant: number; readonly others: number; readonly unreadable: number },
): string {
  const told = [
    action === "resend"
      ? `Sent ${counted(meant, "delivery", "deliveries")} again`
      : counted(meant, "dead delivery", "dead deliveries"),
    others > 0 && `${others} left where they are: of another trigger or reason`,
    unreadable > 0 && `${unreadable} left where they are: unreadable`,
  ];
  return `${told.filter((line) => line !== false).join("\n  ")}\n`;
}

function readCall(args: string[]): TriggersCall | "help" {
  const { values, positionals } = parsed("triggers", () =>
    parseArgs({
      args,
      allowPositionals: true,
      options: {
        data: { type: "string" },
        dead: { type: "string" },
        deliveries: { type: "string" },
        trigger: { type: "string" },
        namespace: { type: "string" },
        reason: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }),
  );
  if (values.help) return "help";
  const { data, dead, deliveries, trigger, namespace, reason = "" } = values;
  const [action, ...others] = positionals;
  const faults: string[] = [];
  if (action !== "dead" && action !== "resend") faults.push('it is "dead" or "resend"');
  if (others.length > 0) faults.push(`it takes nothing besides options, not ${others.join(" and ")}`);
  if ((data === undefined) === (dead === undefined)) faults.push("one of --data and --dead is needed");
  if (data === "") faults.push("--data takes a folder");
  for (const [option, url] of Object.entries({ dead, deliveries }))
    if (url !== undefined && !isHttpUrl(url)) faults.push(`--${option} takes the URL of a queue, not "${url}"`);
  if (action === "resend" && dead !== undefined && deliveries === undefined)
    faults.push("--deliveries <url> is missing: where they are to go");
  if ((action !== "dead" && action !== "resend") || faults.length > 0) throw wrongCall("triggers", faults);
  return {
    action,
    data: data === undefined ? undefined : pathOfCaller(data),
    dead,
    deliveries,
    isMeant: (one) =>
      (trigger === undefined || one.name === trigger) &&
      (namespace === undefined || one.namespace === namespace) &&
      one.reason.includes(reason),
  };
}

async function* openDead(
  { data, dead = "", deliveries = "" }: TriggersCall,
  onUnreadable: () => void,
): AsyncGenerator<FoundDelivery> {
  if (data !== undefined) {
    yield* readLocal(data);
    return;
  }
  yield* readDeadQueue({ deliveriesUrl: deliveries, deadUrl: dead }, onUnreadable);
}

async function* readLocal(folder: string): AsyncGenerator<FoundDelivery> {
  // Loaded when it is needed: a deployment's operator needs no database.
  const { DATABASE_FILE, openDatabase } = await import("#stores/embedded/database.ts");
  const { LocalDeliveryQueue } = await import("#journals/local/local-delivery-queue.ts");
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) throw new UsageError(`--data takes the folder of a local server: there is no ${file}`);
  const database = openAlone(folder, () => openDatabase(file));
  try {
    const queue = new LocalDeliveryQueue({ database });
    for (const dead of queue.dead()) yield { dead, resend: async () => queue.resend(dead) };
  } finally {
    database.close();
  }
}

function openAlone<Database>(folder: string, open: () => Database): Database {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof PulseError)) throw cause;
    throw new PulseError("unavailable", `${folder}: ${cause.message} (this needs the folder to itself)`, { cause });
  }
}
