import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkArchive, type IndexedTimes } from "#cli/doctor/check-archive.ts";
import { checkCluster } from "#cli/doctor/check-cluster.ts";
import { checkDeadLetters } from "#cli/doctor/check-dead-letters.ts";
import { checkDisks } from "#cli/doctor/check-disks.ts";
import { checkIndices } from "#cli/doctor/check-indices.ts";
import { checkLocalDisk, checkLocalJournal } from "#cli/doctor/check-local-folder.ts";
import { checkRetention } from "#cli/doctor/check-retention.ts";
import { checkTemplates } from "#cli/doctor/check-templates.ts";
import type { Targets } from "#cli/doctor/doctor-call.ts";
import { type Finding, findings, ok, unknown } from "#cli/doctor/finding.ts";
import { expectedTemplates, type HeldTemplates, readTemplates } from "#cli/doctor/held-templates.ts";
import { type HeldCheckpoint, readCheckpoints } from "#cli/doctor/read-checkpoints.ts";
import { openPlace, type Place } from "#cli/places/place.ts";
import { counted } from "#cli/reporter.ts";
import type { ArchivedStream } from "#core/events/records/archive-layout.ts";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { allTogether } from "#core/events/types/type-changes.ts";
import { DEAD_LETTERS_FILE } from "#journals/local/local-dead-letters.ts";
import { DATABASE_FILE } from "#stores/embedded/database.ts";
import { type OpenSearchSettings, openClient } from "#stores/opensearch/client.ts";
import { type Declared, readDeclared } from "#stores/opensearch/declared-document.ts";
import { DEFAULT_PREFIX } from "#stores/opensearch/index-names.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";

/** Looks at every target, one after the other; changes nothing. */
export async function examine(targets: Targets, nowMs: number): Promise<readonly Finding[]> {
  const { domain, openSearch, stream, haproxyLogs, folder, serverUrl, deadLetters, archive } = targets;
  const { keysTable, artifactsTable } = targets;
  const config = awsConfigOf(targets);
  const found: Finding[] = [];
  const look = async (part: string, check: () => Promise<readonly Finding[]>): Promise<void> => {
    found.push(...(await findings(part, check)));
  };
  if (domain !== undefined) await look("domain", () => examineDomain(domain, config));
  let checkpoints: readonly HeldCheckpoint[] | undefined;
  if (openSearch !== undefined) {
    const store = await examineOpenSearch(openSearch, folder !== undefined, targets.declared);
    found.push(...store.found);
    checkpoints = store.checkpoints;
  }
  for (const name of [stream, haproxyLogs])
    if (name !== undefined) await look(`stream ${name}`, () => examineStream(name, checkpoints, nowMs, config));
  if (folder !== undefined && !existsSync(join(folder, DATABASE_FILE))) {
    found.push(unknown("local folder", `no server has kept anything in ${folder}`, "local-folder"));
  } else if (folder !== undefined) {
    await look("local journal", () => checkLocalJournal({ folder, checkpoints, serverUrl, nowMs }));
    await look("local disk", () => checkLocalDisk(folder));
    await look("dead letters", () => examineLocalDeadLetters(folder));
  }
  if (deadLetters !== undefined) await look("dead letters", () => within(deadLetters, config, checkDeadLetters));
  if (archive !== undefined) {
    const indexedMs = indexedOf(checkpoints, { events: stream, "haproxy-logs": haproxyLogs });
    await look("archive", () => within(archive, config, (place) => checkArchive({ place, indexedMs, nowMs })));
  }
  if (keysTable !== undefined) await look("idempotency keys", () => examineTable("keys", keysTable, config));
  if (artifactsTable !== undefined) await look("artifacts", () => examineTable("artifacts", artifactsTable, config));
  return found;
}

/** What is in OpenSearch, and the checkpoints, if they could be read. */
async function examineOpenSearch(
  settings: OpenSearchSettings,
  isLocal: boolean,
  declared?: readonly EventTypeDeclaration[],
) {
  const client = await openClient(settings);
  let wanted = indexTemplates(declared);
  let held: HeldTemplates = new Map();
  let checkpoints: readonly HeldCheckpoint[] | undefined;
  try {
    const found = [
      ...(await findings("cluster", () => checkCluster(client))),
      ...(await findings("disks", () => checkDisks(client))),
      ...(await findings("templates", async () => {
        held = await readTemplates(client, DEFAULT_PREFIX);
        const { types } = await readDeclared(client, DEFAULT_PREFIX);
        wanted = indexTemplates(withDeclared(types, declared));
        return checkTemplates(held, wanted);
      })),
      ...(await findings("retention", () => checkRetention(client, { wanted, isLocal }))),
      ...(await findings("indices", () => checkIndices(client, expectedTemplates(held, wanted)))),
      ...(await findings("checkpoints", async () => {
        checkpoints = await readCheckpoints(client, DEFAULT_PREFIX);
        return [ok("checkpoints", checkpointsText(checkpoints))];
      })),
    ];
    return { found, checkpoints };
  } finally {
    await client.close();
  }
}

/**
 * With what artifacts declare of them; of a type that only the deployment's own code
 * declares, all that is known is what is held.
 */
const withDeclared = (types: readonly Declared[], declared = DEFAULT_EVENT_TYPES): readonly EventTypeDeclaration[] =>
  allTogether(
    declared,
    types.map(({ declaration }) => declaration).filter(({ name }) => declared.some((type) => type.name === name)),
  );

function checkpointsText(checkpoints: readonly HeldCheckpoint[]): string {
  const newestMs = newestOf(checkpoints);
  const newest = newestMs === -Infinity ? "" : `, the newest record arrived at ${new Date(newestMs).toISOString()}`;
  return `of ${counted(checkpoints.length, "shard")}${newest}`;
}

/** When the newest indexed record arrived in the journal; -Infinity when none has. */
const newestOf = (checkpoints: readonly HeldCheckpoint[]): number =>
  Math.max(...checkpoints.map(({ arrivedAtMs = -Infinity }) => arrivedAtMs));

/** The same for each stream whose name and checkpoints are known. */
function indexedOf(
  checkpoints: readonly HeldCheckpoint[] | undefined,
  names: Readonly<Record<ArchivedStream, string | undefined>>,
): IndexedTimes {
  if (checkpoints === undefined) return {};
  const known = Object.entries(names).filter(([, name]) => name !== undefined);
  return Object.fromEntries(
    known.map(([stream, name]) => [stream, newestOf(checkpoints.filter(({ shard }) => shard.startsWith(`${name}/`)))]),
  );
}

interface AwsConfig {
  readonly region?: string;
}

/** Everything of a deployment is in the domain's region, whatever the caller's own is. */
const awsConfigOf = ({ openSearch }: Targets): AwsConfig =>
  openSearch?.auth === "sigv4" ? { region: openSearch.region } : {};

async function examineDomain(domain: string, config: AwsConfig): Promise<readonly Finding[]> {
  const { OpenSearchClient } = await import("@aws-sdk/client-opensearch");
  const { checkDomain } = await import("#cli/doctor/check-domain.ts");
  const client = new OpenSearchClient(config);
  try {
    return await checkDomain(client, domain);
  } finally {
    client.destroy();
  }
}

async function examineStream(
  streamName: string,
  checkpoints: readonly HeldCheckpoint[] | undefined,
  nowMs: number,
  config: AwsConfig,
): Promise<readonly Finding[]> {
  const { KinesisClient } = await import("@aws-sdk/client-kinesis");
  const { NodeHttpHandler } = await import("@smithy/node-http-handler");
  const { checkStream } = await import("#cli/doctor/check-stream.ts");
  const kinesis = new KinesisClient({ ...config, requestHandler: new NodeHttpHandler() });
  try {
    return await checkStream({ kinesis, streamName, checkpoints, nowMs });
  } finally {
    kinesis.destroy();
  }
}

async function examineTable(
  of: "keys" | "artifacts",
  tableName: string,
  config: AwsConfig,
): Promise<readonly Finding[]> {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  const { checkArtifactsTable, checkKeysTable } = await import("#cli/doctor/check-tables.ts");
  const client = new DynamoDBClient(config);
  try {
    return await (of === "keys" ? checkKeysTable : checkArtifactsTable)(client, tableName);
  } finally {
    client.destroy();
  }
}

/** A server makes the file with its first dead letter. */
async function examineLocalDeadLetters(folder: string): Promise<readonly Finding[]> {
  const file = join(folder, DEAD_LETTERS_FILE);
  return existsSync(file) ? within(file, {}, checkDeadLetters) : [ok("dead letters", `none in ${folder}`)];
}

async function within(
  name: string,
  config: AwsConfig,
  check: (place: Place) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const place = await openPlace(name, config);
  try {
    return await check(place);
  } finally {
    place.close();
  }
}
