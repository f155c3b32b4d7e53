import type { SourceFormat } from "#core/artifacts/artifact.ts";
import { HIDDEN_SECRET, withoutSecrets } from "#core/artifacts/hidden-secrets.ts";
import { parseSource } from "#core/artifacts/read-source.ts";
import { invalidInput, PulseError } from "#core/errors.ts";
import { type ReadTriggerOptions, readTrigger } from "#core/triggers/read-trigger.ts";
import { TRIGGER_KINDS, type Trigger, type TriggerKey, type TriggerKind } from "#core/triggers/trigger.ts";

export interface TriggerCheckOptions extends ReadTriggerOptions {
  /** Why a trigger cannot have its target here, if so. @default - it can have any */
  readonly refuseTarget?: (trigger: Trigger) => string | undefined;
}

/** What somebody wants a trigger to be, as sent. */
interface SentSource {
  readonly source: string;
  readonly format: SourceFormat;
}

type TriggerCheck = (
  value: unknown,
  key: { readonly namespace: string; readonly name: string },
  sent: SentSource,
) => Promise<void>;

/** Refuses what is no trigger, or no workflow that Pulse could start, with every fault. */
export function triggerChecks(options: TriggerCheckOptions): Readonly<Record<TriggerKind, TriggerCheck>> {
  const checkOf =
    (kind: TriggerKind): TriggerCheck =>
    async (value, { namespace, name }, sent) => {
      const trigger = readTrigger({ namespace, kind, name, version: 0, declared: value }, options);
      if (trigger === undefined) return;
      const refusal = options.refuseTarget?.(trigger);
      if (refusal !== undefined) throw invalidInput([{ pointer: "/target", detail: refusal }]);
      await requireHideable({ namespace, kind, name }, trigger, sent);
    };
  const [triggers, workflows] = TRIGGER_KINDS;
  return { [triggers]: checkOf(triggers), [workflows]: checkOf(workflows) };
}

/** A secret that is written with escapes, or over several lines, would stand in the archive event of its artifact. */
async function requireHideable(key: TriggerKey, { target }: Trigger, { source, format }: SentSource): Promise<void> {
  if (!("webhook" in target)) return;
  const shown = await secretsOf(withoutSecrets(source), format);
  if (shown.every((secret) => secret === HIDDEN_SECRET)) return;
  throw invalidInput([
    {
      pointer: "/target/webhook/secret",
      detail: `must be written as it is, without escapes: otherwise the archive event of ${key.kind}/${key.name} would show it`,
    },
  ]);
}

async function secretsOf(source: string, format: SourceFormat): Promise<readonly unknown[]> {
  try {
    const { target } = (await parseSource(source, format)) as { target?: { webhook?: { secret?: unknown } } };
    return [target?.webhook?.secret].flat();
  } catch (error) {
    if (!(error instanceof PulseError)) throw error;
    return [undefined]; // what cannot be read with its secrets hidden, is not hidden well
  }
}
