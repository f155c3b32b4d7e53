import { expect, test } from "@jest/globals";
import { egressGuard, isNetwork, isPublicAddress } from "#functions/shared/triggers/egress-guard.ts";

test.each([
  "0.0.0.0",
  "10.0.0.1",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "169.254.170.2",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::127.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::1",
  "3fff::1",
  "5f00::1",
  "fc00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "localhost",
  "",
])("%j is no address of the internet", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "100.63.255.255",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "192.169.0.1",
  "2606:4700::1111",
  "2a00:1450::1",
])("%j is one", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  ["http to the internet", "http://receiver.example"],
  ["an IPv4 address", "https://169.254.169.254/latest/meta-data"],
  ["one written as a number", "https://2130706433/"],
  ["one in octal and hexadecimal", "https://0177.0x0.1/"],
  ["one with full-width digits", "https://１２７.０.０.１/"],
  ["an IPv6 address", "https://[::1]/"],
  ["a mapped one", "https://[::ffff:10.0.0.1]/"],
  ["this machine", "https://localhost/"],
  ["this machine with a full stop", "https://localhost./"],
  ["a name below it", "https://a.localhost/"],
])("refuses %s by its URL", (_, url) => {
  const { hostname, protocol } = new URL(url);

  expect(egressGuard().refuseHost(hostname, protocol === "https:")).toEqual(expect.any(String));
});

test("lets through names, addresses of the internet, and networks that are allowed", () => {
  const guard = egressGuard({ allowed: ["10.1.0.0/16", "fd00:1::/64"] });

  expect(guard.refuseHost("receiver.example", true)).toBeUndefined();
  expect(guard.refuseHost("1.1.1.1", true)).toBeUndefined();
  expect(guard.refuseHost("10.1.2.3", true)).toBeUndefined();
  expect(guard.refuseHost("[fd00:1::7]", true)).toBeUndefined();
  expect(guard.refuseHost("10.2.0.1", true)).toEqual(expect.any(String));
  expect(guard.refuseHost("10.1.2.3", false)).toEqual(expect.any(String));
});

test("the local server's may go to this machine, by http too, and nowhere else by http", () => {
  const guard = egressGuard({ allowsLoopback: true });

  for (const host of ["localhost", "127.0.0.1", "[::1]"]) expect(guard.refuseHost(host, false)).toBeUndefined();
  expect(guard.refuseHost("receiver.example", false)).toEqual(expect.any(String));
  expect(guard.refuseHost("10.0.0.1", true)).toEqual(expect.any(String));
});

const resolving = (...addresses: string[]) => {
  const { lookup } = egressGuard({
    lookup: (_, __, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
  });
  return (all: boolean) =>
    new Promise((resolve, reject) =>
      lookup("name.example", { all }, (error, found) => (error ? reject(error) : resolve(found))),
    );
};

test("of a name's addresses only those of the internet are connected to", async () => {
  const lookup = resolving("169.254.169.254", "::ffff:7f00:1", "1.1.1.1", "2606:4700::1111");

  expect(await lookup(false)).toBe("1.1.1.1");
  expect(await lookup(true)).toEqual([
    { address: "1.1.1.1", family: 4 },
    { address: "2606:4700::1111", family: 6 },
  ]);
});

test("a name that has none of them is refused, without telling its addresses", async () => {
  await expect(resolving("169.254.169.254")(false)).rejects.toThrow(
    "name.example has no address of the internet, and the deployment allows no other",
  );
  await expect(resolving()(true)).rejects.toThrow("no address of the internet");
});

test.each([
  ["10.0.0.0/8", true],
  ["fd00::/8", true],
  ["10.0.0.0", false],
  ["10.0.0.0/33", false],
  ["::/129", false],
  ["a/8", false],
  ["", false],
])("%j is a network: %p", (text, isOne) => {
  expect(isNetwork(text)).toBe(isOne);
});
