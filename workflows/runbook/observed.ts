/**
 * A fact about the outside world as it was last looked at. `unknown` means that the question was answered in a way
 * that says nothing ("no data points"); `unreachable` that nobody answered in time. Neither is "down", neither is "fine".
 */
export type Observed<T> =
  | { readonly state: 'known'; readonly value: T; readonly at: string }
  | { readonly state: 'unknown'; readonly reason: string; readonly at: string }
  | { readonly state: 'unreachable'; readonly reason: string; readonly at: string };

export function valueOf<T>(fact: Observed<T>): T | undefined {
  return fact.state === 'known' ? fact.value : undefined;
}

/** One line for plans and details: the value through `show`, or why there is none. */
export function describeObserved<T>(fact: Observed<T>, show: (value: T) => string): string {
  return fact.state === 'known' ? show(fact.value) : `${fact.state} (${fact.reason})`;
}
