import { readFileSync } from "node:fs";

/** Linux counts in hundredths of a second, whatever the machine (USER_HZ). */
const MS_PER_TICK = 10;

/**
 * The processor time a process has used, where the system tells it (Linux): what
 * it does not share with a busy neighbour.
 */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the command's name in brackets, which may hold spaces; utime and stime are fields 14 and 15 of proc(5).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return undefined;
  }
}
