/** Arguments of which one is plain data that no column takes: bytes within JSON, or bytes of any size. */
import {
  type ArgumentsOf,
  type Columns,
  compileArguments,
  isUniverseError,
  type StandardSchemaV1,
} from '@inner-universe/core'

/** The other arguments by their columns, and that one as `check` gives it, which throws what is wrong with it. */
export function withPlain<C extends Columns, const Name extends string, Value>(
  columns: C,
  name: Name,
  check: (given: unknown) => Value,
): StandardSchemaV1<unknown, ArgumentsOf<C> & Readonly<Record<Name, Value>>> {
  const validateOthers = compileArguments(
    Object.fromEntries(Object.entries(columns).map(([key, { definition }]) => [key, definition])),
  )
  type Output = ArgumentsOf<C> & Readonly<Record<Name, Value>>
  const validate = (given: unknown): StandardSchemaV1.Result<Output> => {
    const { [name]: plain, ...others } = (given ?? {}) as Readonly<Record<string, unknown>>
    const validation = validateOthers(others)
    if (!validation.isValid) {
      const issues = validation.issues.map(({ message, path }) => ({ message, path: [path] }))
      return { issues }
    }
    try {
      return { value: { ...(validation.value as object), [name]: check(plain) } as Output }
    } catch (error) {
      if (!isUniverseError(error)) throw error
      return { issues: [{ message: error.message, path: [name] }] }
    }
  }
  return { '~standard': { version: 1, vendor: 'inner-universe', validate } }
}
