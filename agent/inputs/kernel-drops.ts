import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/*
 * /proc/net/udp (Linux): a row for each socket, of which the second column is its address as `<hex>:<port in hex>`, the
 * tenth its inode, and the last how many datagrams the kernel has dropped because nobody read them in time.
 */

const FIELD = { address: 1, inode: 9, drops: 12 } as const;

/** The rows of the UDP sockets of this network namespace; none where the system does not tell. */
function udpRows(): string[][] {
  return ["/proc/net/udp", "/proc/net/udp6"].flatMap((path) => {
    try {
      const [, ...rows] = readFileSync(path, "latin1").trimEnd().split("\n");
      return rows.map((row) => row.trim().split(/\s+/));
    } catch {
      return [];
    }
  });
}

/**
 * The inode of this process's UDP socket on that port: rows name no process. Undefined where the system does not tell.
 */
export function udpInodeOf(port: number): string | undefined {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const own = ownSockets();
  return udpRows()
    .filter((row) => row[FIELD.address]?.endsWith(ending))
    .map((row) => row[FIELD.inode])
    .find((inode) => inode !== undefined && own.has(`socket:[${inode}]`));
}

function ownSockets(): Set<string> {
  try {
    return new Set(readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`)));
  } catch {
    return new Set();
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** How many datagrams the kernel has dropped on that socket since it is there. */
export function kernelDropsOf(inode: string): number | undefined {
  const row = udpRows().find((fields) => fields[FIELD.inode] === inode);
  return row && Number(row[FIELD.drops]);
}
