import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { once } from "#core/once.ts";

/** To which addresses webhooks may go. */
export interface EgressGuard {
  /** Why nothing may be sent to the host of a URL, as far as its name tells. */
  refuseHost(hostname: string, isSecure: boolean): string | undefined;
  /** For connections: answers only addresses that are allowed, so what was looked at is what is connected to. */
  readonly lookup: LookupFunction;
}

export interface EgressSettings {
  /** Networks that are allowed though they are not of the internet, as CIDR. @default - none */
  readonly allowed?: readonly string[];
  /** Whether webhooks may go to this machine, also by plain http: as the local server's may. @default false */
  readonly allowsLoopback?: boolean;
  /** Finds the addresses of a name. @default - as the system does */
  readonly lookup?: (hostname: string, options: { readonly all: true }, done: LookupDone) => void;
}

type LookupDone = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** What is not of the internet (IANA's IPv4 special-purpose registry), and multicast. */
const PRIVATE_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/**
 * All that is global unicast is within it; what is mapped, translated (NAT64), local, link-local or multicast is not.
 */
const INTERNET_IPV6 = "2000::/3";

/** Of it: protocol assignments with Teredo, documentation, 6to4 with any IPv4 address inside. */
const PRIVATE_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** The networks of a list. Throws for one that is none. */
function networksOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", prefix = ""] = cidr.split("/");
    const family = isIP(network);
    if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128))
      throw new Error(`${JSON.stringify(cidr)} is no network: it is one like 10.1.0.0/16 or fd00:1::/64`);
    list.addSubnet(network, Number(prefix), family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

export const isNetwork = (cidr: string): boolean => {
  try {
    networksOf([cidr]);
    return true;
  } catch {
    return false;
  }
};

const privateIpv4 = once(() => networksOf(PRIVATE_IPV4));
const privateIpv6 = once(() => networksOf(PRIVATE_IPV6));
const internetIpv6 = once(() => networksOf([INTERNET_IPV6]));
const loopback = once(() => networksOf(LOOPBACK));

/** Whether an address is one of the internet that anybody may be sent to. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !privateIpv4().check(address, "ipv4");
    case 6:
      return internetIpv6().check(address, "ipv6") && !privateIpv6().check(address, "ipv6");
    default:
      return false;
  }
}

/**
 * Keeps webhooks away from whatever is not of the internet: private, link-local, loopback, metadata, multicast and
 * mapped addresses. Names are resolved and checked when a connection is made, and the connection goes to what was
 * checked: a name that means something else a moment later (DNS rebinding) gains nothing.
 */
export function egressGuard(settings: EgressSettings = {}): EgressGuard {
  const { allowed = [], allowsLoopback = false, lookup = systemLookup as EgressSettings["lookup"] } = settings;
  const networks = networksOf(allowed);
  const isLoopback = (address: string): boolean => isIn(loopback(), address);
  const isAllowed = (address: string): boolean =>
    isPublicAddress(address) || isIn(networks, address) || (allowsLoopback && isLoopback(address));
  return {
    refuseHost(hostname, isSecure) {
      const host = withoutBrackets(hostname);
      const isHere = host === "localhost" || host.endsWith(".localhost") || isLoopback(host);
      if (isHere && allowsLoopback) return undefined;
      if (!isSecure) return "must begin with https://";
      if (isHere || (isIP(host) !== 0 && !isAllowed(host)))
        return "must not go to an address that is not of the internet, unless the deployment allows its network";
      return undefined;
    },
    lookup(hostname, options, done) {
      lookup?.(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return done(error, "", 0);
        const usable = addresses.filter(({ address }) => isAllowed(address));
        const [first] = usable;
        if (first === undefined) return done(new EgressRefusal(hostname), "", 0);
        if (options.all) return done(null, usable);
        done(null, first.address, first.family);
      });
    },
  };
}

const withoutBrackets = (hostname: string): string =>
  hostname.startsWith("[") ? hostname.slice(1, -1) : hostname.replace(/\.$/, "");

function isIn(networks: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && networks.check(address, family === 4 ? "ipv4" : "ipv6");
}

/**
 * None of a name's addresses is one that webhooks may go to. The message does not tell
 * them: they may be of somebody's network.
 */
export class EgressRefusal extends Error {
  constructor(hostname: string) {
    super(`${hostname} has no address of the internet, and the deployment allows no other`);
    this.name = "EgressRefusal";
  }
}
