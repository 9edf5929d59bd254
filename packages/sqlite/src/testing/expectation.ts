/** Fails with both values shown when `actual` is not structurally equal to `expected`. */
export function expectEqual(actual: unknown, expected: unknown, what = 'value'): void {
  if (!isEqual(actual, expected)) {
    throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`)
  }
}

/** Fails unless `body` throws an error whose `code` is `code`; gives that error back. */
export function expectCode(
  body: () => unknown,
  code: string,
): Error & { details: Record<string, unknown> } {
  try {
    body()
  } catch (error) {
    expectEqual((error as { code?: unknown }).code ?? error, code, 'error code')
    return error as Error & { details: Record<string, unknown> }
  }
  throw new Error(`expected ${code} to be thrown, nothing was`)
}

/** Fails unless `promise` rejects with an error whose `code` is `code`; gives that error back. */
export async function expectRejection(promise: Promise<unknown>, code: string): Promise<unknown> {
  let result: unknown
  try {
    result = await promise
  } catch (error) {
    expectEqual((error as { code?: unknown }).code ?? error, code, 'error code')
    return error
  }
  throw new Error(`expected ${code}, got ${show(result)}`)
}

/** Fails unless `body` throws; gives back what it threw. */
export function expectThrow(body: () => unknown): unknown {
  try {
    body()
  } catch (error) {
    return error
  }
  throw new Error('expected an error to be thrown, nothing was')
}

function isEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((byte, at) => byte === right[at])
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, at) => isEqual(value, right[at]))
  }
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') {
    return false
  }
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => isEqual(Reflect.get(left, name), Reflect.get(right, name)))
  )
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `${part}n`
    if (part instanceof Uint8Array) return `${part.length} bytes`
    return Object.is(part, -0) ? '-0' : part
  })
  return text === undefined ? String(value) : text.slice(0, 300)
}
