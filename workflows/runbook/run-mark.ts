/**
 * The last twelve digits of a run id, to tell runs apart in a name. Never the first ones: run ids are UUIDs of version 7,
 * which begin with the time, and two runs of the same minute have their first eight digits in common (RFC 9562 §5.7).
 */
export function runMark(runId: string): string {
  return runId.slice(-12);
}
