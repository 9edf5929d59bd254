/** A broken invariant: a fault of ours, never caught for control flow. */
export class AssertionError extends Error {
  override readonly name: string = 'AssertionError'
}

/** Stops the job when `condition` does not hold. The text says what should hold. */
export function assert(condition: unknown, shouldHold: string): asserts condition {
  if (!condition) throw new AssertionError(`should hold: ${shouldHold}`)
}

/** Ends an exhaustive `switch`: a member added to the union becomes a type error here. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected case: ${JSON.stringify(value)}`)
}
