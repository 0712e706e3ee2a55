/** A refusal in the shape of a search server. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    reason: string,
  ) {
    super(reason);
  }

  get body(): object {
    const { status, type, message: reason } = this;
    return { error: { root_cause: [{ type, reason }], type, reason }, status };
  }
}
