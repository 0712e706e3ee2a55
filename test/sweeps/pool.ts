/** Carries out all work, so many pieces at a time; answers in the order given. */
export async function pool<I, O>(
  inputs: readonly I[],
  width: number,
  work: (input: I, index: number) => Promise<O>,
): Promise<readonly O[]> {
  const results: O[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < inputs.length) {
      const index = next;
      next += 1;
      const input = inputs[index];
      if (input !== undefined) results[index] = await work(input, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, inputs.length) }, lane));
  return results;
}

/** Deals items to so many hands, as evenly as it goes and in order within each. */
export function deal<T>(items: readonly T[], hands: number): readonly (readonly T[])[] {
  const dealt: T[][] = Array.from({ length: Math.max(1, Math.min(hands, items.length)) }, () => []);
  items.forEach((item, index) => dealt[index % dealt.length]?.push(item));
  return dealt.filter((hand) => hand.length > 0);
}
