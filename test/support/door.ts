/** Something that keeps others waiting until it is opened. */
export interface Door {
  readonly open: () => void;
  readonly closed: Promise<void>;
}

export function door(): Door {
  let open = (): void => {};
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { open, closed };
}
