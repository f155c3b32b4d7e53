import { Spool } from "#agent/spool/spool.ts";
import { Spooler, type SpoolerOptions } from "#agent/spooler.ts";
import { systemClock } from "#core/clock.ts";
import { type KeptLog, keptLog } from "#test/agent/kept-log.ts";

export interface OpenSpooler {
  readonly spool: Spool;
  readonly spooler: Spooler;
  readonly log: KeptLog;
  /** Takes lines of text. */
  take(...texts: readonly string[]): void;
  /** Spools what was taken and lets go of the folder. */
  close(): Promise<void>;
}

/** A spooler on a spool in that folder, which gathers for a moment only. */
export async function openSpooler(
  folder: string,
  { maxBytes = 1e9, boot = "boot", ...options }: Partial<SpoolerOptions & { maxBytes: number; boot: string }> = {},
): Promise<OpenSpooler> {
  const log = keptLog();
  const clock = systemClock;
  const spool = await Spool.open({
    folder,
    namespace: "default",
    maxBytes,
    sync: false,
    boot,
    nowMs: clock.now(),
  });
  const gateway = { source: "edge-1", zone: "UTC" };
  const spooler = new Spooler({ spool, gateway, whenFull: "drop-newest", clock, log, gatherMs: 5, ...options });
  await spooler.start(boot);
  return {
    spool,
    spooler,
    log,
    take: (...texts) =>
      spooler.take(texts.map((text) => ({ bytes: Buffer.from(text), receivedAtMs: clock.now(), cut: false }))),
    async close() {
      await spooler.stop();
      await spool.release();
    },
  };
}
