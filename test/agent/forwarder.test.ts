import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Forwarder } from "#agent/forwarder.ts";
import { type ForwardSettings, readSettings } from "#agent/settings.ts";
import { systemClock } from "#core/clock.ts";
import { DROP_CAUSES } from "#core/haproxy/logs/log-record.ts";
import { type LocalPulse, startLocalPulse } from "#dev/local-pulse.ts";
import { type KeptLog, keptLog } from "#test/agent/kept-log.ts";
import { freePort } from "#test/support/http/free-port.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let pulse: LocalPulse;
let forwarder: Forwarder | undefined;
let log: KeptLog;
beforeEach(async () => {
  folder = await temporaryFolder();
  log = keptLog();
  pulse = await startLocalPulse({
    port: 0,
    data: ":memory:",
    syslogZone: "UTC",
    namespaces: ["team-a"],
    viewWindowMs: 30_000,
  });
});
afterEach(async () => {
  await forwarder?.stop();
  forwarder = undefined;
  await pulse.close();
  await folder.remove();
});

function settingsOf(given: object): ForwardSettings {
  const read = readSettings({
    source: "edge-1",
    zone: "UTC",
    spool: join(folder.path, "spool"),
    to: pulse.url,
    status: "127.0.0.1:0",
    ...given,
  });
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.settings;
}

async function start(given: object): Promise<Forwarder> {
  forwarder = await Forwarder.start(settingsOf(given), { log, clock: systemClock });
  return forwarder;
}

const line = (path: string): string =>
  `<134>Nov 22 13:40:00 haproxy[1]: 10.0.0.1:1234 [22/Nov/2026:13:40:00.123] fe be/srv 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 "GET ${path} HTTP/1.1"`;

interface SeenEvent {
  readonly id: string;
  readonly tags: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
}

async function events(query: string, namespace = ""): Promise<SeenEvent[]> {
  const response = await fetch(`${pulse.url}${namespace}/api/v1/events?${query}&per_page=1000`);
  return (await response.json()) as SeenEvent[];
}

const uris = async (namespace = ""): Promise<unknown[]> =>
  (await events("type=haproxy", namespace)).map(({ value }) => value.uri).sort();

async function sendTcp(port: number, text: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.end(text, () => resolve()));
}

const SEND_DATAGRAM = `
import socket, sys
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sender.sendto(sys.argv[2].encode(), sys.argv[1])
`;

describe("an agent beside a gateway", () => {
  test("makes an event of every line, whichever way it comes", async () => {
    const [udp, tcp] = [await freePort(), await freePort()];
    const [file, unix, datagrams] = ["haproxy.log", "ring.sock", "log.sock"].map((name) => join(folder.path, name));
    await start({
      udp: [`127.0.0.1:${udp}`],
      tcp: [`127.0.0.1:${tcp}`],
      unix: [unix],
      unixDatagram: [datagrams],
      file: [file],
    });

    createSocket("udp4")
      .unref()
      .send(`${line("/udp")}\n`, udp, "127.0.0.1");
    await sendTcp(tcp, `${line("/tcp-line")}\n${line("/tcp-counted").length} ${line("/tcp-counted")}`);
    const ring = connect(unix as string);
    ring.end(`${line("/unix").length} ${line("/unix")}`);
    spawnSync("python3", ["-c", SEND_DATAGRAM, datagrams as string, `${line("/datagram")}\n`]);
    appendFileSync(file as string, `${line("/file")}\n`);

    await until(async () => (await uris()).length === 6, uris);
    expect(await uris()).toEqual(["/datagram", "/file", "/tcp-counted", "/tcp-line", "/udp", "/unix"]);
  });

  test("tells of its lines in receipts, and its events are found by the same name", async () => {
    const tcp = await freePort();
    const agent = await start({ tcp: [`127.0.0.1:${tcp}`] });
    await sendTcp(tcp, `${line("/a")}\n${line("/b")}\n`);
    await until(async () => (await uris()).length === 2, uris);
    const { incarnation } = agent.status.spool.ledger;

    await agent.stop();

    const [receipt] = await events("tag=receipts&tag=gateways:edge-1");
    expect(receipt?.value).toMatchObject({
      incarnation,
      from: 1,
      to: 2,
      received: 2,
      spooled: 2,
      sent: 2,
      lost: 0,
      sentTo: 2,
    });
    expect(await events(`type=haproxy&tag=receipts:${incarnation}-0`)).toHaveLength(2);
  });

  test("sends nothing twice when it is started again, and goes on with its numbers", async () => {
    const tcp = await freePort();
    const first = await start({ tcp: [`127.0.0.1:${tcp}`] });
    await sendTcp(tcp, `${line("/a")}\n`);
    await until(async () => (await uris()).length === 1, uris);
    await first.stop();

    const second = await start({ tcp: [`127.0.0.1:${tcp}`] });
    await sendTcp(tcp, `${line("/b")}\n`);
    await until(async () => (await uris()).length === 2, uris);

    expect(second.status.spool.ledger).toMatchObject({ incarnation: first.status.spool.ledger.incarnation, next: 3 });
  });

  test("keeps lines while nobody takes them", async () => {
    const [tcp, nobody] = [await freePort(), await freePort()];
    const agent = await start({ tcp: [`127.0.0.1:${tcp}`], to: `http://127.0.0.1:${nobody}`, drainSeconds: 0 });
    await sendTcp(tcp, `${line("/a")}\n`);
    await until(() => agent.status.delivery.failing !== undefined);
    await agent.stop();

    await start({ tcp: [`127.0.0.1:${tcp}`] });

    await until(async () => (await uris()).length === 1, uris);
  });

  test("takes other settings while it runs, and keeps what stays as it is", async () => {
    const [one, other] = [await freePort(), await freePort()];
    const agent = await start({ tcp: [`127.0.0.1:${one}`], to: "http://127.0.0.1:9" });
    const stays = connect(one, "127.0.0.1");
    stays.write(`${line("/before")}\n`);
    await until(() => agent.status.spool.ledger.next === 2);

    await agent.reload(settingsOf({ tcp: [`127.0.0.1:${one}`, `127.0.0.1:${other}`], source: "edge-2" }));
    stays.end(`${line("/after")}\n`);
    await sendTcp(other, `${line("/other")}\n`);

    await until(async () => (await uris()).length === 3, uris);
    await agent.reload(settingsOf({ tcp: [`127.0.0.1:${other}`], spool: "/elsewhere" }));
    expect(agent.status.inputs.map(({ name }) => name)).toEqual([`tcp 127.0.0.1:${other}`]);
    expect(log.messages).toContain("the setting spool is changed by a restart only");
  });

  test("goes on with its settings where others cannot be had, the inputs that they would have closed too", async () => {
    const [one, other] = [await freePort(), await freePort()];
    const { port: taken } = new URL(pulse.url);
    const agent = await start({ tcp: [`127.0.0.1:${one}`] });

    await expect(
      agent.reload(settingsOf({ tcp: [`127.0.0.1:${other}`, `127.0.0.1:${taken}`], source: "edge-2", to: pulse.url })),
    ).rejects.toThrow(`cannot listen on 127.0.0.1:${taken}/tcp: it is taken`);
    await sendTcp(one, `${line("/after")}\n`);

    await until(async () => (await uris()).length === 1, uris);
    expect(agent.status.inputs.map(({ name }) => name)).toEqual([`tcp 127.0.0.1:${one}`]);
    expect((await events("type=haproxy"))[0]?.tags).toContain("sources:edge-1");
    await agent.reload(settingsOf({ tcp: [`127.0.0.1:${other}`] }));
    expect(agent.status.inputs.map(({ name }) => name)).toEqual([`tcp 127.0.0.1:${other}`]);
  });

  test("writes into its namespace until it is started anew, whatever it reads while it runs", async () => {
    const tcp = await freePort();
    const agent = await start({ tcp: [`127.0.0.1:${tcp}`] });

    await agent.reload(settingsOf({ tcp: [`127.0.0.1:${tcp}`], namespace: "team-a" }));
    await sendTcp(tcp, `${line("/a")}\n`);

    await until(async () => (await uris()).length === 1, uris);
    expect(log.messages).toContain("the setting namespace is changed by a restart only");
  });

  test("writes into its namespace", async () => {
    const tcp = await freePort();
    await start({ tcp: [`127.0.0.1:${tcp}`], namespace: "team-a" });

    await sendTcp(tcp, `${line("/a")}\n`);

    await until(async () => (await uris("/team-a")).length === 1);
    expect(await uris()).toEqual([]);
  });

  test("shows how it is", async () => {
    const tcp = await freePort();
    const agent = await start({ tcp: [`127.0.0.1:${tcp}`] });
    await sendTcp(tcp, `${line("/a")}\n`);
    await until(() => agent.status.delivery.sentLines === 1);

    const base = `http://127.0.0.1:${agent.statusPort}`;
    const [metrics, health, other] = await Promise.all(["/metrics", "/healthz", "/"].map((path) => fetch(base + path)));

    const shown = await metrics?.text();
    expect(shown).toContain(`pulse_forward_received_lines_total{input="tcp 127.0.0.1:${tcp}"} 1\n`);
    for (const cause of DROP_CAUSES) expect(shown).toContain(`pulse_forward_lost_lines_total{cause="${cause}"} 0\n`);
    expect([health?.status, await health?.json()]).toEqual([200, { ok: true, troubles: [] }]);
    expect(other?.status).toBe(404);
  });

  test("that cannot listen says where and why, and has left nothing behind", async () => {
    const { port } = new URL(pulse.url);

    await expect(start({ unix: [join(folder.path, "nowhere", "ring.sock")] })).rejects.toThrow(
      /^cannot listen on .+ring\.sock: .*(EACCES|ENOENT)/,
    );
    await expect(start({ tcp: [`127.0.0.1:${port}`] })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}/tcp: it is taken`,
    );
    await start({ tcp: [`127.0.0.1:${await freePort()}`] });
  });
});
