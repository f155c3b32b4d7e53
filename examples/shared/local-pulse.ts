import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Send, sendTo } from "./pulse-api.ts";

const PULSE = join(import.meta.dirname, "..", "..", "cli", "launch.js");

/** A Pulse of this machine that keeps nothing: `pulse serve` in a process of its own. */
export async function startLocalPulse(): Promise<{ readonly send: Send; stop(): Promise<void> }> {
  const options = ["serve", "--port", "0", "--syslog", "0", "--data", ":memory:"];
  const child = spawn(process.execPath, [PULSE, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const url = await new Promise<string>((found, failed) => {
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk;
      const [, listens] = /listens on (\S+)\s/.exec(printed) ?? [];
      if (listens !== undefined) found(listens);
    });
    child.once("exit", () => failed(new Error("pulse serve ended before it listened")));
  });
  return {
    send: sendTo(url),
    async stop() {
      child.kill();
      await exited;
    },
  };
}

export interface Traffic {
  readonly gateway: string;
  readonly backend: string;
  readonly status: number;
  readonly responseTimeMs: number;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Posts some log lines as a HAProxy would write them now (option httplog). */
export async function postTraffic(send: Send, traffic: Traffic): Promise<void> {
  const { gateway, backend, status, responseTimeMs } = traffic;
  const [date = "", time = ""] = new Date().toISOString().slice(0, -1).split("T");
  const [year, month, day] = date.split("-");
  const at = `${day}/${MONTHS[Number(month) - 1]}/${year}:${time}`;
  const line =
    `192.0.2.7:40001 [${at}] ${gateway} ${backend}/s1 0/0/1/2/${responseTimeMs} ${status} 512 - - ---- ` +
    '1/1/0/0/0 0/0 "GET / HTTP/1.1"\n';
  const response = await send("POST", "/haproxy/logs", {
    headers: { "content-type": "text/plain" },
    body: line.repeat(5),
  });
  if (!response.ok) throw new Error(`Pulse answered ${response.status}: ${await response.text()}`);
}
