import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface MetricStat {
  readonly Metric: { readonly Namespace: string; readonly MetricName: string; readonly Dimensions?: object };
  readonly Period: number;
  readonly Stat: string;
}

interface AlarmProperties extends Readonly<Record<string, unknown>> {
  readonly Metrics?: readonly { readonly MetricStat?: MetricStat }[];
}

interface Template {
  readonly Resources: Record<string, { readonly Type: string; Properties: AlarmProperties }>;
}

/**
 * The emulator makes no alarm of an expression over metrics: in the synthesised templates each such alarm gets the
 * first of its metrics instead. Answers how many were changed.
 */
export async function makeAlarmsPlain(assembly: string): Promise<number> {
  let changed = 0;
  for (const name of globSync("*.template.json", { cwd: assembly })) {
    const file = join(assembly, name);
    const template = JSON.parse(await readFile(file, "utf8")) as Template;
    for (const resource of Object.values(template.Resources)) {
      if (resource.Type !== "AWS::CloudWatch::Alarm" || resource.Properties.Metrics === undefined) continue;
      resource.Properties = plain(resource.Properties);
      changed++;
    }
    await writeFile(file, JSON.stringify(template));
  }
  return changed;
}

function plain({ Metrics = [], ...others }: AlarmProperties): AlarmProperties {
  const first = Metrics.find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat;
  if (first === undefined) throw new Error(`alarm ${others.AlarmName} has an expression of no metric`);
  const { Metric, Period, Stat } = first;
  const statistic = /^p\d/.test(Stat) ? { ExtendedStatistic: Stat } : { Statistic: Stat };
  return { ...others, ...Metric, Period, ...statistic };
}
