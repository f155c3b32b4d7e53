import { readFileSync } from "node:fs";
import { Delivery } from "#agent/delivery.ts";
import { followFile } from "#agent/inputs/followed-file.ts";
import type { Input } from "#agent/inputs/line-sink.ts";
import { openStreamInput } from "#agent/inputs/stream-input.ts";
import { openUdpInput } from "#agent/inputs/udp-input.ts";
import { openUnixDatagramInput } from "#agent/inputs/unix-datagram-input.ts";
import type { AgentLog } from "#agent/log.ts";
import { openHttpOutput } from "#agent/outputs/http-output.ts";
import type { Output } from "#agent/outputs/output.ts";
import { type ForwardSettings, underApi } from "#agent/settings.ts";
import { Spool } from "#agent/spool/spool.ts";
import { Spooler } from "#agent/spooler.ts";
import type { AgentStatus } from "#agent/status/status.ts";
import { openStatusServer, type StatusServer } from "#agent/status/status-server.ts";
import type { Clock } from "#core/clock.ts";

export interface ForwarderOptions {
  readonly log: AgentLog;
  readonly clock: Clock;
  /** `Authorization` of requests, where no file of the settings has it. */
  readonly authorization?: string | undefined;
}

const RECEIPT_MS = 60_000;

/** The kind and the settings of an input, as text: an open input stays open over a reload while its key is wanted. */
type InputKey = string;

/**
 * The agent beside a gateway: takes lines in, spools them, and sends them on. What it may not
 * change while it runs is said by `reload`.
 */
export class Forwarder {
  readonly #log: AgentLog;
  readonly #clock: Clock;
  readonly #authorization: string | undefined;
  readonly #spool: Spool;
  readonly #spooler: Spooler;
  readonly #delivery: Delivery;
  readonly #inputs = new Map<InputKey, Input>();
  #settings: ForwardSettings;
  #status: StatusServer | undefined;
  #stopReceipts: () => void = () => {};
  #stopping: Promise<void> | undefined;

  private constructor(spool: Spool, output: Output, settings: ForwardSettings, options: ForwarderOptions) {
    const { log, clock } = options;
    this.#log = log;
    this.#clock = clock;
    this.#authorization = options.authorization;
    this.#settings = settings;
    this.#spool = spool;
    this.#spooler = new Spooler({ spool, gateway: settings, whenFull: settings.whenFull, clock, log });
    this.#delivery = new Delivery({ spool, output, folder: settings.spool, clock, log });
  }

  /** Starts an agent; when an input or the spool cannot be opened, it has left nothing behind. */
  static async start(settings: ForwardSettings, options: ForwarderOptions): Promise<Forwarder> {
    const { log, clock } = options;
    for (const assumed of settings.assumed) log.warn(`not said, and taken for granted: ${assumed}`);
    const boot = bootId();
    const spool = await Spool.open({
      folder: settings.spool,
      namespace: settings.namespace,
      maxBytes: settings.spoolBytes,
      sync: settings.sync,
      boot,
      nowMs: clock.now(),
    });
    const output = await openOutput(settings, options);
    const forwarder = new Forwarder(spool, output, settings, options);
    try {
      await forwarder.#start(boot);
    } catch (error) {
      await forwarder.#end(0);
      throw error;
    }
    return forwarder;
  }

  get status(): AgentStatus {
    return {
      inputs: [...this.#inputs.values()],
      spool: this.#spool,
      waitingLines: this.#spooler.waitingLines,
      delivery: this.#delivery.state,
      nowMs: this.#clock.now(),
    };
  }

  /** 0 where there is none. */
  get statusPort(): number {
    return this.#status?.port ?? 0;
  }

  /**
   * Goes on with other settings; inputs that stay as they are miss nothing. When it throws, the agent goes on with the
   * settings that it had, and has opened again what it had closed for the others.
   */
  async reload(given: ForwardSettings): Promise<void> {
    const former = this.#settings;
    for (const name of ["namespace", "spool", "sync", "status"] as const)
      if (JSON.stringify(former[name]) !== JSON.stringify(given[name]))
        this.#log.warn(`the setting ${name} is changed by a restart only`);
    const settings = { ...given, namespace: former.namespace, spool: former.spool };
    const isElsewhere = JSON.stringify(outputKey(former)) !== JSON.stringify(outputKey(settings));
    const output = isElsewhere
      ? await openOutput(settings, { authorization: this.#authorization, clock: this.#clock })
      : undefined;
    try {
      await this.#goOnWith(settings);
    } catch (error) {
      output?.close();
      await this.#goOnWith(former).catch((again) =>
        this.#log.error("an input cannot be opened again", { error: again }),
      );
      throw error;
    }
    if (output !== undefined) this.#delivery.turnTo(output);
    this.#log.info("the settings were read again");
  }

  async #goOnWith(settings: ForwardSettings): Promise<void> {
    this.#settings = settings;
    this.#spool.maxBytes = settings.spoolBytes;
    this.#spooler.change(settings, settings.whenFull);
    await this.#openInputs();
  }

  /**
   * Takes nothing more in, spools what it has, and sends for as long as the settings say; the rest stays in the spool.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#end(this.#settings.drainMs);
    return this.#stopping;
  }

  async #end(drainMs: number): Promise<void> {
    this.#stopReceipts();
    await Promise.all([...this.#inputs.values()].map((input) => input.close()));
    await this.#spooler.stop();
    await this.#writeReceipts();
    await this.#delivery.drain(drainMs);
    await this.#status?.close();
    await this.#spool.close(this.#clock.now());
  }

  async #start(boot: string): Promise<void> {
    await this.#spooler.start(boot);
    this.#delivery.start();
    await this.#openInputs();
    const { status } = this.#settings;
    if (status !== undefined) this.#status = await openStatusServer(status, () => this.status);
    this.#nextReceipts();
    this.#log.info("the agent takes lines", {
      inputs: [...this.#inputs.values()].map(({ name }) => name),
      spool: this.#settings.spool,
      incarnation: this.#spool.ledger.incarnation,
    });
  }

  /** Closes what the settings have no more, then opens what they have anew. */
  async #openInputs(): Promise<void> {
    const wanted = this.#wantedInputs();
    for (const [key, input] of this.#inputs)
      if (!wanted.has(key)) {
        this.#inputs.delete(key);
        await input.close();
      }
    for (const [key, open] of wanted) if (!this.#inputs.has(key)) this.#inputs.set(key, await open());
  }

  #wantedInputs(): Map<InputKey, () => Promise<Input>> {
    const { udp, tcp, unix, unixDatagram, file, filesFrom, receiveBufferBytes } = this.#settings;
    const common = { sink: this.#spooler, log: this.#log };
    const wanted = new Map<InputKey, () => Promise<Input>>();
    const want = (kind: string, what: object | string, open: () => Promise<Input>): unknown =>
      wanted.set(`${kind} ${JSON.stringify(what)}`, open);
    for (const address of udp)
      want("udp", { ...address, receiveBufferBytes }, () =>
        openUdpInput({ ...address, ...common, receiveBufferBytes }),
      );
    for (const address of tcp) want("tcp", address, () => openStreamInput({ address, ...common }));
    for (const path of unix) want("unix", path, () => openStreamInput({ address: { path }, ...common }));
    for (const path of unixDatagram)
      want("unix-datagram", path, () => openUnixDatagramInput({ path, ...common, receiveBufferBytes }));
    for (const path of file)
      want("file", path, async () =>
        followFile({ path, position: this.#spool.ledger.files[path], from: filesFrom, ...common }),
      );
    return wanted;
  }

  /** What a full disk refuses now is told by the next receipt. */
  async #writeReceipts(): Promise<void> {
    try {
      await this.#spooler.writeReceipts();
    } catch (error) {
      this.#log.error("a receipt cannot be written", { error });
    }
  }

  #nextReceipts(): void {
    this.#stopReceipts = this.#clock.after(RECEIPT_MS, async () => {
      await this.#writeReceipts();
      if (this.#stopping === undefined) this.#nextReceipts();
    });
  }
}

const outputKey = ({ destination, authorizationFile }: ForwardSettings): unknown =>
  "url" in destination ? [destination.url.href, authorizationFile] : destination;

async function openOutput(
  { destination, namespace, authorizationFile }: ForwardSettings,
  { authorization, clock }: Pick<ForwarderOptions, "authorization" | "clock">,
): Promise<Output> {
  if ("streamName" in destination) {
    // The client of AWS takes memory that an agent of an API has no use for.
    const { openKinesisOutput } = await import("#agent/outputs/kinesis-output.ts");
    return openKinesisOutput({ streamName: destination.streamName, clock });
  }
  return openHttpOutput({
    url: underApi(destination.url, namespace, "/haproxy/logs"),
    authorization: () =>
      authorizationFile === undefined ? authorization : readFileSync(authorizationFile, "utf8").trim(),
  });
}

/** Changes with each start of the machine (Linux); elsewhere it is always the same. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
