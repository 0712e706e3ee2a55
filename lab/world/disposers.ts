/** Ends what was started, in the reverse order, whatever fails on the way. */
export class Disposers {
  private readonly list: { readonly what: string; readonly end: () => Promise<void> | void }[] = [];

  add(what: string, end: () => Promise<void> | void): void {
    this.list.push({ what, end });
  }

  /** @throws AggregateError naming everything that could not be ended; the rest is ended all the same */
  async end(): Promise<void> {
    const failures: Error[] = [];
    for (const { what, end } of this.list.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(new Error(`${what}: ${String(error)}`, { cause: error }));
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
    }
  }
}
