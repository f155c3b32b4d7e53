import type { Client } from "@opensearch-project/opensearch";
import { bad, type Finding, ok, warn } from "#cli/doctor/finding.ts";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";
import { retentionOf } from "#stores/opensearch/install-templates.ts";
import { NOTHING_DELETES, standingOfRetention } from "#stores/opensearch/retention-policies.ts";

const PART = "retention";

export interface RetentionCheck {
  /** The templates whose indices are to go one day. */
  readonly wanted: readonly IndexTemplate[];
  /** Whether a local server keeps its events there: it deletes by itself, whatever the cluster can. */
  readonly isLocal: boolean;
}

/** Whether what is past its retention is deleted, and by whom. */
export async function checkRetention(client: Client, { wanted, isLocal }: RetentionCheck): Promise<readonly Finding[]> {
  const retentions = wanted.flatMap((template) => retentionOf(template) ?? []);
  const wrong: Finding[] = [];
  for (const retention of retentions) {
    const standing = await standingOfRetention(client, retention);
    if (standing === "no plugin") return [isLocal ? BY_THE_SERVER : BY_NOBODY];
    if (standing === "missing")
      wrong.push(bad(PART, `there is no policy ${retention.name}: nothing deletes ${retention.pattern}`, PART));
    else if (standing !== "as installed")
      wrong.push(warn(PART, `${retention.name} is not as this version installs it: ${standing.instead}`, PART));
  }
  return wrong.length > 0 ? wrong : [ok(PART, `all ${retentions.length} policies are as this version installs them`)];
}

const BY_THE_SERVER = ok(PART, "the local server deletes what is past it, each hour while it runs");
const BY_NOBODY = bad(PART, `${NOTHING_DELETES}, but a local server that keeps its events there`, PART);
