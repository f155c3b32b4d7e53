import { KinesisEventJournal } from "#journals/kinesis/kinesis-event-journal.ts";
import { behavesLikeAnEventJournal } from "#test/journals/event-journal-contract.ts";
import { openKinesis, STREAM, type TestKinesis } from "#test/support/aws/kinesis.ts";
import { patientClock } from "#test/support/memory/patient-clock.ts";

function openJournal({ config, read }: TestKinesis) {
  const journal = new KinesisEventJournal({ streamName: STREAM, clock: patientClock(), config });
  return { journal, readAll: read, close: async () => journal.close() };
}

behavesLikeAnEventJournal("the journal on Kinesis", async () => {
  const kinesis = await openKinesis();
  const opened = openJournal(kinesis);
  return {
    ...opened,
    async reopen() {
      await opened.close();
      return openJournal(kinesis);
    },
    async close() {
      await opened.close();
      await kinesis.close();
    },
  };
});
