import type { Bar, Row, SuiteReport } from "./report.ts";
import { quantile } from "./statistics.ts";
import type { Post } from "./trouble-load.ts";
import type { Round } from "./trouble-round.ts";

/** What callers met, what readers met, and what became of the events, each as a table with a line for every trouble. */
export const toReports = (rounds: readonly Round[]): SuiteReport[] => [
  postsReport(rounds),
  queriesReport(rounds),
  endReport(rounds),
];

const seconds = (ms: number | undefined): number | undefined => ms && ms / 1000;

function postsReport(rounds: readonly Round[]): SuiteReport {
  const rows = rounds.flatMap(({ trouble: { name }, course: { fromMs, toMs }, posts }) => [
    postsRow(
      `${name}, before`,
      posts.filter(({ atMs }) => atMs < fromMs),
    ),
    postsRow(
      `${name}, meanwhile`,
      posts.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
    ),
    postsRow(
      `${name}, after`,
      posts.filter(({ atMs }) => atMs >= toMs),
    ),
  ]);
  const setup = "single events and batches sent at even times, some with an Idempotency-Key, some of those twice";
  return { suite: "trouble: POST /events", setup, rows, bars: [] };
}

function postsRow(what: string, posts: readonly Post[]): Row {
  const tookMs = posts.map((post) => post.tookMs);
  return {
    what,
    figures: {
      "events sent": posts.reduce((sum, { sent }) => sum + sent, 0),
      "not accepted": posts.reduce((sum, { refused }) => sum + refused, 0),
      "p50 ms": quantile(tookMs, 0.5),
      "p99 ms": quantile(tookMs, 0.99),
      "slowest ms": quantile(tookMs, 1),
    },
    over: posts.length,
  };
}

function queriesReport(rounds: readonly Round[]): SuiteReport {
  const rows = rounds.map(({ trouble: { name }, course: { fromMs, toMs }, asked, ...round }): Row => {
    const meanwhile = asked.filter(({ atMs, tookMs }) => atMs + tookMs >= fromMs && atMs < toMs);
    const tookMs = (status: number) => meanwhile.filter((one) => one.status === status).map((one) => one.tookMs);
    return {
      what: name,
      figures: {
        "trouble s": seconds(toMs - fromMs),
        answered: tookMs(200).length,
        "p50 ms": quantile(tookMs(200), 0.5),
        "slowest ms": quantile(tookMs(200), 1),
        "answered 503": tookMs(503).length,
        "503 p50 ms": quantile(tookMs(503), 0.5),
        "503 slowest ms": quantile(tookMs(503), 1),
        otherwise: meanwhile.filter(({ isProper }) => !isProper).length,
        "streams cut": round.lostStreams,
        "streams refused": round.refusedStreams,
        "streams reset": round.resetStreams,
      },
      over: meanwhile.length,
    };
  });
  const setup = "one question after the other, and 20 EventSources, four of which drop their connection now and then";
  const bars = rounds.map(({ trouble: { name }, resetStreams }) => mustBeNone(`${name}: streams reset`, resetStreams));
  return { suite: "trouble: queries and streams meanwhile", setup, rows, bars };
}

function endReport(rounds: readonly Round[]): SuiteReport {
  const rows = rounds.map(
    ({ trouble: { name }, verdict, accepted, ...round }): Row => ({
      what: name,
      figures: {
        accepted,
        "searchable after s": seconds(round.searchableMs),
        "streamed after s": seconds(round.streamedMs),
        lost: verdict.lost,
        doubled: verdict.doubled,
        "lost in streams": verdict.lostInStreams,
        "doubled in streams": verdict.doubledInStreams,
        "out of order": verdict.disorderedInStreams,
        "batches returned": round.returnedBatches,
        "writes refused": round.refusedWrites,
      },
      over: accepted,
    }),
  );
  const bars = rounds.flatMap(({ trouble: { name }, verdict }) => [
    mustBeNone(`${name}: lost or doubled`, verdict.lost + verdict.doubled),
    mustBeNone(
      `${name}: lost, doubled or out of order in streams`,
      verdict.lostInStreams + verdict.doubledInStreams + verdict.disorderedInStreams,
    ),
  ]);
  const setup = "what was accepted before the trouble ended: how long after its end all of it could be read";
  return { suite: "trouble: afterwards", setup, rows, bars };
}

const mustBeNone = (what: string, measured: number): Bar => ({
  what,
  measured,
  bound: { atMost: 0 },
  isPromise: true,
});
