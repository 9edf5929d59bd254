/**
 * Cursors: where the next page of a query begins, as text a user interface may keep in an address.
 *
 *     cursor = base64url( JSON [ fingerprint, key … ] )
 *
 * The keys are the order keys of the last row; the last of them is its primary key, which makes the
 * order total. The fingerprint ties the cursor
 * to its query, whose filters and order it would be wrong to change between two pages. Not secret,
 * not signed: a forged one shows no row that the query itself would not.
 */
import {
  canonicalJson,
  type Order,
  type QueryValue,
  type Row,
  type TableQuery,
  UniverseError,
} from '@inner-universe/core'

/** Characters of the longest cursor accepted; keys are cells, and cells that order are short. */
const CURSOR_LENGTH_MAX = 65_536

function invalidCursor(why: string): UniverseError {
  return new UniverseError('query/invalid-cursor', `invalid cursor: ${why}`)
}

/** FNV-1a over the query's meaning, 32 bits: enough to notice a mix-up, which is all it is for. */
function fingerprintOf(plan: TableQuery): string {
  const { table, where = null, orderBy } = plan
  const text = canonicalJson({ table, where, orderBy } as never)
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

function valueAt(row: Row, { column, path = [] }: Order): QueryValue {
  let value: unknown = row[column]
  for (const name of path) {
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  }
  return (value ?? null) as QueryValue
}

/** The cursor after a row of a query whose order ends with the primary key. */
export function encodeCursor(plan: TableQuery, row: Row): string {
  const keys = plan.orderBy.map((order) => valueAt(row, order))
  const text = canonicalJson([fingerprintOf(plan), ...keys])
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/**
 * The keys after which a page begins.
 *
 * @throws UniverseError `query/invalid-cursor` when it is damaged or another query's.
 */
export function decodeCursor(plan: TableQuery, cursor: string): readonly QueryValue[] {
  if (cursor.length > CURSOR_LENGTH_MAX) throw invalidCursor('it is too long')
  let parts: unknown
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    parts = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalidCursor('it is damaged')
  }
  if (!Array.isArray(parts) || parts.length !== plan.orderBy.length + 1) {
    throw invalidCursor('it has the wrong number of parts')
  }
  const [fingerprint, ...keys] = parts
  if (fingerprint !== fingerprintOf(plan)) throw invalidCursor('it belongs to another query')
  if (typeof keys.at(-1) !== 'string') throw invalidCursor('it has no row')
  return keys
}
