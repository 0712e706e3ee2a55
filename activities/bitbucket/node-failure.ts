import { NoAnswer } from './http';

const marked = new WeakSet<Error>();

/** Marks a failure that tells of the node that was asked, and of no other: one of them may do better. */
export function ofThisNode<E extends Error>(error: E): E {
  marked.add(error);
  return error;
}

export function isOfThisNode(error: unknown): error is Error {
  return error instanceof NoAnswer || (error instanceof Error && marked.has(error));
}
