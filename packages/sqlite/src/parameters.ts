import { UniverseError } from '@inner-universe/core'

/** The error for a parameter SQLite has no type for. It names the type, never the value. */
export function parameterInvalid(value: unknown, index: number, sql: string): UniverseError {
  const type =
    typeof value === 'number'
      ? 'NaN'
      : typeof value === 'bigint'
        ? 'a bigint beyond 64 bits'
        : `of type ${typeof value}`
  return new UniverseError(
    'sql/invalid',
    `parameter ${index + 1} is ${type}; give null, a number, a bigint, a string or bytes`,
    { details: { parameterIndex: index, sql } },
  )
}
