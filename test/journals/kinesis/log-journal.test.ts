import { KinesisLogJournal } from "#journals/kinesis/kinesis-log-journal.ts";
import { behavesLikeALogJournal } from "#test/journals/log-journal-contract.ts";
import { openKinesis, readRecords } from "#test/support/aws/kinesis.ts";
import { patientClock } from "#test/support/memory/patient-clock.ts";

const STREAM = "haproxy-logs";

behavesLikeALogJournal("the journal on Kinesis", async () => {
  const { config, client, close } = await openKinesis(2, STREAM);
  const journal = new KinesisLogJournal({ streamName: STREAM, clock: patientClock(), config });
  return {
    journal,
    readAll: () => readRecords(client, STREAM),
    async close() {
      journal.close();
      await close();
    },
  };
});
