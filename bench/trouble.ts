import type { Ground } from "./ground.ts";
import type { SuiteReport } from "./report.ts";
import { toReports } from "./trouble-report.ts";
import { playRound, type Round } from "./trouble-round.ts";
import { TROUBLES } from "./troubles.ts";

/** OpenSearch in trouble while events come in, are asked for and are streamed: what callers see, and what is lost. */
export async function trouble(ground: Ground): Promise<SuiteReport[]> {
  const rounds: Round[] = [];
  for (const one of TROUBLES) {
    rounds.push(await playRound(ground, one));
    await ground.close();
  }
  return toReports(rounds);
}
