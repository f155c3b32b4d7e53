import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import {
  type LogLine,
  lineId,
  newIncarnation,
  type ReceiptRecord,
  receiptId,
  toLogRecordLine,
} from "#core/haproxy/logs/log-record.ts";
import { BASE_PATH } from "#functions/routes.ts";
import { elementOf } from "#test/support/emulator/emulator-account.ts";
import { archivedLately, deadLettersOf } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

interface LogEvent {
  readonly tags: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
}

const INCARNATION = newIncarnation();
const SOURCE = "edge-1";
const origin = { at: new Date().toISOString(), namespace: "default", source: SOURCE };

const HEADER = "<134>Mar 15 12:00:00 edge-1 haproxy[9]: ";

const aLine = (sequence: number, line: string): LogLine & { readonly line: string } => ({
  ...origin,
  id: lineId(INCARNATION, sequence),
  zone: "UTC",
  line,
});

const known = aLine(
  1,
  `${HEADER}192.0.2.7:40001 [15/Mar/2026:12:00:00.000] web app/a1 0/0/1/2/4 200 77 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
);
/** In the format of test/deployed/haproxy.cfg. */
const configured = aLine(2, `${HEADER}192.0.2.8:40002 edge says 503 after 12 ms and 99 bytes`);
const strange = aLine(3, `${HEADER}what is this`);
const receipt: ReceiptRecord = {
  ...origin,
  id: receiptId(INCARNATION, 1),
  receipt: {
    incarnation: INCARNATION,
    since: origin.at,
    until: origin.at,
    from: 1,
    to: 3,
    received: 3,
    spooled: 3,
    sent: 3,
    lost: 0,
    interruptions: 0,
    sentTo: 3,
    dropped: [],
  },
};

/** As a forwarder puts them: each list a member of gzip, and a record of the stream. */
const MEMBERS = [[known, configured], [strange], [receipt]].map((records) => records.map(toLogRecordLine).join(""));

/** The way of log lines through everything that is deployed. */
export async function checkLogs(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.need("log lines of a gateway are put on their stream, by somebody who may do nothing else", () =>
    putAsGatewayHost(pulse),
  );
  await report.check("each is an event, typed by HAProxy's own format or by the one of the haproxy.cfg deployed", () =>
    becomesEvents(pulse),
  );
  await report.check("one in no known format is an event too, which has it whole and says why", () =>
    keepsStrange(pulse),
  );
  await report.check("the receipt of its forwarder is a measurement of the gateway", async () => {
    await eventually(async () => {
      const [event] = await pulse.ask<LogEvent[]>(`/events?type=metrics&tag=receipts&tag=gateways:${SOURCE}`);
      assert.deepEqual(event?.value, receipt.receipt);
    });
  });
  await report.check("lines that are posted become events like all others", () => takesPosted(pulse));
  await report.check("the archive in S3 has the members as they were put, and zcat reads them", () => archives(pulse));
  await report.check("what is no member of gzip is a dead letter in S3, with its reason", () => putsAside(pulse));
}

async function putRecords(pulse: DeployedPulse, data: readonly Uint8Array[], signer?: Signer): Promise<Response> {
  const body = {
    StreamName: pulse.output("Journal", "HaproxyLogsStream"),
    Records: data.map((bytes) => ({ PartitionKey: SOURCE, Data: Buffer.from(bytes).toString("base64") })),
  };
  return kinesis(pulse, "PutRecords", body, signer);
}

interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const kinesis = (pulse: DeployedPulse, operation: string, body: object, signer?: Signer): Promise<Response> =>
  pulse.account.send("kinesis", "/", {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Kinesis_20131202.${operation}` },
    body: JSON.stringify(body),
    ...(signer && { signer }),
  });

async function putAsGatewayHost(pulse: DeployedPulse): Promise<void> {
  const iam = (parameters: Readonly<Record<string, string>>): Promise<string> =>
    pulse.account.query("iam", { Version: "2010-05-08", UserName: "gateway", ...parameters });
  const PolicyArn = pulse.output("Journal", "GatewayHostPolicy");
  await iam({ Action: "CreateUser" });
  const key = await iam({ Action: "CreateAccessKey" });
  const gateway = {
    accessKeyId: elementOf(key, "AccessKeyId"),
    secretAccessKey: elementOf(key, "SecretAccessKey"),
  };
  const members = MEMBERS.map((text) => gzipSync(text));

  const before = await putRecords(pulse, members, gateway);
  await iam({ Action: "AttachUserPolicy", PolicyArn });
  const allowed = await putRecords(pulse, members, gateway);
  const elsewhere = await kinesis(
    pulse,
    "PutRecords",
    {
      StreamName: pulse.output("Journal", "EventsStream"),
      Records: [{ PartitionKey: SOURCE, Data: "e30K" }],
    },
    gateway,
  );
  const listing = await kinesis(
    pulse,
    "ListShards",
    { StreamName: pulse.output("Journal", "HaproxyLogsStream") },
    gateway,
  );

  await iam({ Action: "DetachUserPolicy", PolicyArn });
  await iam({ Action: "DeleteAccessKey", AccessKeyId: gateway.accessKeyId });
  await iam({ Action: "DeleteUser" });
  assert.deepEqual(
    { before: before.ok, allowed: allowed.ok, elsewhere: elsewhere.ok, listing: listing.ok },
    { before: false, allowed: true, elsewhere: false, listing: false },
    await allowed.text(),
  );
}

async function becomesEvents(pulse: DeployedPulse): Promise<void> {
  await eventually(async () => {
    const ofKnown = await pulse.ask<LogEvent[]>("/events?type=haproxy&tag=gateways:web");
    const ofConfigured = await pulse.ask<LogEvent[]>("/events?type=haproxy&tag=gateways:edge");
    assert.equal(ofKnown.length, 1);
    assert.equal(ofConfigured.length, 1);
    const [{ value: knownValue }, { value }] = [ofKnown[0] as LogEvent, ofConfigured[0] as LogEvent];
    assert.deepEqual([knownValue.ST, knownValue.Ta, knownValue.line], [200, 4, known.line]);
    assert.deepEqual([value.ST, value.Ta, value.B, value.line], [503, 12, 99, configured.line]);
    assert.ok(ofConfigured[0]?.tags.includes(`receipts:${INCARNATION}-0`));
  });
  const slowest = await pulse.ask(`/events/aggregate?type=haproxy&tag=sources:${SOURCE}&aggregator=max&field=Ta`);
  assert.deepEqual(slowest, { value: 12 });
}

async function keepsStrange(pulse: DeployedPulse): Promise<void> {
  await eventually(async () => {
    const [event] = await pulse.ask<LogEvent[]>("/events?type=haproxy&tag=format:unparsed");
    assert.deepEqual([event?.value.line, event?.value.reason], [strange.line, "unknown-format"]);
  });
}

async function takesPosted(pulse: DeployedPulse): Promise<void> {
  const answer = await pulse.api(`${BASE_PATH}/haproxy/logs?source=posted`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: `${known.line}\n${configured.line}\n`,
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.deepEqual(JSON.parse(text), { accepted: 2, unparsed: 0, rejected: 0, items: [] });

  const after = answer.headers.get("pulse-receipt");
  await eventually(async () => {
    const found = await pulse.ask<LogEvent[]>(`/events?type=haproxy&tag=sources:posted&after=${after}`);
    assert.deepEqual(found.map(({ value }) => value.ST).sort(), [200, 503]);
  });
}

async function archives(pulse: DeployedPulse): Promise<void> {
  await eventually(async () => {
    const objects = await archivedLately(pulse, "haproxy-logs");
    const { stdout, stderr } = spawnSync("zcat", [], { input: Buffer.concat(objects) });
    assert.equal(stderr.toString(), "");
    for (const text of MEMBERS) assert.ok(stdout.includes(text), `${objects.length} objects are without ${text}`);
  });
}

async function putsAside(pulse: DeployedPulse): Promise<void> {
  const data = Buffer.from("no gzip at all");
  assert.ok((await putRecords(pulse, [data])).ok);

  await eventually(async () => {
    const letters = await deadLettersOf(pulse, "index-haproxy-logs/");
    const letter = letters.find(({ line }) => line === data.toString("base64"));
    assert.ok(letter, `it is not among ${letters.length} dead letters`);
    assert.match(letter.reason, /no gzip/);
  });
}
