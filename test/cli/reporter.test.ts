import { describe, expect, test } from "@jest/globals";
import { counted, openReporter } from "#cli/reporter.ts";

function aStream(isTTY: boolean) {
  const written: string[] = [];
  const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
  return { written, stream: { write, isTTY, columns: 20 } };
}

const CLEAR = "\r\x1b[K";

describe("what a long command tells", () => {
  test("replaces its line of progress on a terminal, cut to its width, and leaves faults where they are", () => {
    const { written, stream } = aStream(true);
    const reporter = openReporter(stream);

    reporter.progress(() => "1 event of a very long name");
    reporter.progress(() => "not yet");
    reporter.fault("file:1: broken");
    reporter.end();

    expect(written).toEqual([CLEAR, "1 event of a very l", CLEAR, "file:1: broken\n", CLEAR]);
  });

  test("is nothing but faults in a pipe, the first hundred of them", () => {
    const { written, stream } = aStream(false);
    const reporter = openReporter(stream);

    reporter.progress(() => "1 event");
    for (let fault = 1; fault <= 103; fault++) reporter.fault(`fault ${fault}`);
    reporter.end();

    expect(written).toHaveLength(101);
    expect(written.slice(-2)).toEqual(["fault 100\n", "… and 3 faults more\n"]);
  });

  test("counts in words that fit", () => {
    expect([counted(1, "event"), counted(0, "event"), counted(12_345, "entry", "entries")]).toEqual([
      "1 event",
      "0 events",
      "12,345 entries",
    ]);
  });
});
