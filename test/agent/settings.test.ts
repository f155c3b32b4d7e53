import { describe, expect, test } from "@jest/globals";
import { readSettings, underApi } from "#agent/settings.ts";

const least = { udp: ["127.0.0.1:5514"], to: "http://127.0.0.1:3000", spool: "/spool", zone: "UTC", source: "edge-1" };

const settingsOf = (given: object) => {
  const read = readSettings(given);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.settings;
};
const faultsOf = (given: unknown): string[] => {
  const read = readSettings(given);
  return "faults" in read ? read.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];
};

describe("the settings of an agent", () => {
  test("say what is not said and taken from the machine", () => {
    const { zone: _, source: __, ...rest } = least;

    expect(settingsOf(rest).assumed).toEqual([
      expect.stringMatching(/^source .+, this machine's name$/),
      expect.stringMatching(/^zone .+, that of this machine's clock$/),
    ]);
    expect(settingsOf(least).assumed).toEqual([]);
  });

  test("that are wrong are told all at once", () => {
    const wrong = {
      udp: ["5514", "127.0.0.1:99999"],
      zone: "Mars",
      namespace: "Team A",
      spoolMib: 0,
      whenFull: "panic",
      sync: true,
      to: "ftp://x",
      soruce: "edge-1",
    };

    expect(faultsOf(wrong)).toEqual([
      '/namespace must be 1–40 lower-case letters, digits and hyphens, not "Team A"',
      '/zone must be a time zone like Europe/Berlin, +02:00 or UTC, not "Mars"',
      '/udp/0 must be an address like 127.0.0.1:5514 or [::1]:5514, not "5514"',
      '/udp/1 must be an address like 127.0.0.1:5514 or [::1]:5514, not "127.0.0.1:99999"',
      '/to must be the URL of a Pulse API or kinesis:<stream>, not "ftp://x"',
      "/spool is missing: a folder of its own",
      "/spoolMib must be 1 or more",
      "/whenFull must be one of drop-newest, drop-oldest, block",
      '/sync must be "block" or "never"',
      "/soruce is no setting of an agent",
    ]);
    expect(faultsOf({ ...least, udp: [] })).toEqual([
      " has no input: one of udp, tcp, unix, unixDatagram and file is needed",
    ]);
    expect(faultsOf([])).toEqual([" must be an object, not []"]);
  });

  test.each<[string, string, string]>([
    ["http://127.0.0.1:3000", "default", "http://127.0.0.1:3000/api/v1/haproxy/logs"],
    ["https://x.example/dev/api/v1", "default", "https://x.example/dev/api/v1/haproxy/logs"],
    ["https://x.example/dev/api/v1/", "team-a", "https://x.example/dev/team-a/api/v1/haproxy/logs"],
  ])("%s is a place to send lines of %s to", (to, namespace, address) => {
    const { destination } = settingsOf({ ...least, to, namespace });

    expect("url" in destination && underApi(destination.url, namespace, "/haproxy/logs").href).toBe(address);
  });

  test("name a stream of Kinesis as a place to send lines to", () => {
    expect(settingsOf({ ...least, to: "kinesis:haproxy-logs" }).destination).toEqual({ streamName: "haproxy-logs" });
  });

  test("let credentials go over https, and to this machine", () => {
    const authorizationFile = "/etc/pulse/authorization";
    const faultOf = (to: string): string[] => faultsOf({ ...least, to, authorizationFile });

    expect(faultOf("http://pulse.example")).toEqual(["/authorizationFile goes over https only, or to this machine"]);
    expect(["https://pulse.example", "http://127.0.0.1:3000", "http://[::1]:3000"].flatMap(faultOf)).toEqual([]);
  });

  test("take addresses of IPv6", () => {
    expect(settingsOf({ ...least, tcp: ["[::1]:514"] }).tcp).toEqual([{ host: "::1", port: 514 }]);
  });
});
