import { readFileSync } from 'node:fs';

/** The kernel counts processor time in hundredths of a second, on every Linux that Node runs on. */
const TICK_MS = 10;

export interface ProcessUsage {
  /** User and system time since the start of the process. */
  readonly cpuMs: number;
  readonly residentMib: number;
}

/** What a process has used so far, as the Linux kernel counts it. */
export function readUsage(pid: number): ProcessUsage {
  // After the name in parentheses, which may hold blanks: state is field 3, utime 14, stime 15.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentMib: Math.round(Number(resident) / 1024),
  };
}
