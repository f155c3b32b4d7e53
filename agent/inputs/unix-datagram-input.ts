import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Input, type LineSink, withoutEnd } from "#agent/inputs/line-sink.ts";
import type { AgentLog } from "#agent/log.ts";
import { SyslogFrameDecoder } from "#core/haproxy/syslog/syslog-frames.ts";

export interface UnixDatagramInputOptions {
  readonly path: string;
  readonly sink: LineSink;
  readonly log: AgentLog;
  readonly receiveBufferBytes: number;
  /** What runs Python 3. @default python3 */
  readonly command?: string;
}

/*
 * Node has no datagram sockets of the Unix domain, so Python reads this one: it says that it listens, and writes each
 * datagram octet-counted. Its standard input ends with the agent, however the agent ends, and so does it.
 */
const READER = `
import os, signal, socket, sys, threading

path, buffer_bytes = sys.argv[1], int(sys.argv[2])
for told_to_the_agent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(told_to_the_agent, signal.SIG_IGN)

def end_with_agent():
    sys.stdin.buffer.read()
    os._exit(0)

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
receiver.bind(path)
os.chmod(path, 0o666)
threading.Thread(target=end_with_agent, daemon=True).start()
output = sys.stdout.buffer
output.write(b"5 ready")
output.flush()
while True:
    datagram = receiver.recv(262144)
    if datagram:
        output.write(b"%d %s" % (len(datagram), datagram))
        output.flush()
`;
const READY = "ready";
const RESTART_MS = 1_000;

/**
 * Datagrams sent to a socket of the Unix domain, as to /dev/log. Needs python3 on
 * the machine, and says so where it lacks.
 */
export async function openUnixDatagramInput(options: UnixDatagramInputOptions): Promise<Input> {
  const { path, sink, log } = options;
  const name = `unix-datagram ${path}`;
  let receivedLines = 0;
  let isClosing = false;
  const onLine = (bytes: Uint8Array, cut: boolean): void => {
    receivedLines++;
    sink.takeOrLose({ bytes: withoutEnd(bytes), receivedAtMs: Date.now(), cut });
  };
  let reader = await startReader(options, onLine);
  const keep = async (): Promise<void> => {
    await once(reader, "close");
    while (!isClosing) {
      log.error("the reader of an input has ended, and is started again", { input: name });
      await sleep(RESTART_MS);
      try {
        reader = await startReader(options, onLine);
        if (isClosing) reader.stdin?.end();
        await once(reader, "close");
      } catch (error) {
        log.error("the reader of an input cannot be started", { input: name, error });
      }
    }
  };
  const kept = keep();
  return {
    name,
    get receivedLines() {
      return receivedLines;
    },
    async close() {
      isClosing = true;
      reader.stdin?.end();
      await kept;
      await rm(path, { force: true });
    },
  };
}

async function startReader(
  { path, receiveBufferBytes, command = "python3" }: UnixDatagramInputOptions,
  onLine: (bytes: Uint8Array, cut: boolean) => void,
): Promise<ChildProcess> {
  await rm(path, { force: true });
  const reader = spawn(command, ["-c", READER, path, String(receiveBufferBytes)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  reader.stdin.on("error", () => {}); // it tells that it has ended by its exit
  const decoder = new SyslogFrameDecoder();
  await new Promise<void>((resolve, reject) => {
    let isReady = false;
    reader.on("error", (cause) =>
      reject(new Error(`cannot listen on ${path}: Unix datagrams are read by python3, which cannot be run`, { cause })),
    );
    reader.on("exit", (code) => reject(new Error(`cannot listen on ${path}: its reader has ended with ${code}`)));
    (reader.stdout as Readable).on("data", (chunk: Buffer) => {
      for (const { line, cut } of decoder.push(chunk)) {
        if (isReady) onLine(line, cut);
        else if (Buffer.from(line).toString() === READY) isReady = true;
      }
      if (isReady) resolve();
    });
  });
  return reader;
}
