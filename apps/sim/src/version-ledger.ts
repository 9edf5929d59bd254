/** What the versions of a world are: the rows that their authors saw when they named them. */
import type { Row } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'

/** Rows by table and key. */
export type State = ReadonlyMap<string, ReadonlyMap<string, Row>>

/** The versions that were named in a world. */
export interface VersionLedger {
  /** What the author of a version of the present saw, by version. */
  readonly seen: Map<string, State>
}

/** Something that rows are read of: the present, or a version. */
type Readable = Pick<Engine, 'query'>

/** Tables whose rows are in versions: synced ones, but those of the versions themselves. */
export function heldTables({ definitions }: Engine): readonly string[] {
  return Object.keys(definitions).filter((name) => {
    const { scope, isHistory } = definitions[name] as (typeof definitions)[string]
    return scope === 'synced' && isHistory !== true
  })
}

/** All rows of the tables that versions hold. */
export function stateOf(of: Readable, engine: Engine): State {
  return new Map(
    heldTables(engine).map((table) => {
      const key = engine.definitions[table]?.primaryKey ?? ''
      const rows = of.query({ table, orderBy: [] })
      return [table, new Map(rows.map((row) => [String(row[key]), row]))]
    }),
  )
}

/**
 * The first difference between two states in words, by the columns and tables of the first, which may have
 * been seen by an older version of the module; undefined: there is none.
 */
export function stateDifference(seen: State, is: State): string | undefined {
  for (const [table, rows] of seen) {
    const others = is.get(table)
    for (const id of new Set([...rows.keys(), ...(others?.keys() ?? [])])) {
      const row = rows.get(id)
      const columns = Object.keys(row ?? {})
      const [was, now] = [textOf(row, columns), textOf(others?.get(id), columns)]
      if (was !== now) return `${table} ${id}: ${was} against ${now}`
    }
  }
  return undefined
}

function textOf(row: Row | undefined, columns: readonly string[]): string {
  if (row === undefined) return 'no row'
  return JSON.stringify(columns.map((name) => [name, plain(row[name])]))
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value]
  return typeof value === 'bigint' ? Number(value) : value
}
