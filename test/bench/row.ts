/** One line of the benchmark's table. */
export interface Row {
  readonly name: string;
  /** The figure, rounded for people; the exact ones are in the JSON. */
  readonly value: string;
  /** As design §14 words it; null where there is none. */
  readonly budget: string | null;
  readonly met: boolean | null;
}

/** What a part of the benchmark answers: its lines, and every figure that they rest on. */
export interface Part {
  readonly rows: readonly Row[];
  readonly figures: Readonly<Record<string, unknown>>;
}

export function row(
  name: string,
  value: string,
  budget: string | null = null,
  met: boolean | null = null,
): Row {
  return { name, value, budget, met };
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
