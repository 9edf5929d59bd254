/** Steps as they lie in the file: `_undo` and `_undo_row`. UNDO.md UN2–UN7. */
import {
  UNDO_BYTES_MAX,
  UNDO_GROUP_MS,
  UNDO_NAME_CHARS_MAX,
  UNDO_SCOPES_MAX,
  UNDO_STEPS_MAX,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { UndoKey, UndoState } from '../engine.ts'
import { hasUndoTables } from '../undo-part.ts'
import type { Version } from './row-state.ts'
import { addLater, decodeStepRow, encodeStepRow, type StepRow } from './step-row.ts'
import { makeUndoTables } from './undo-schema.ts'

/** Which step a recorded call belongs to. */
export interface UndoGrouping {
  readonly label: string
  readonly timestampMs: number
  readonly group: string | undefined
  readonly groupMs: number | undefined
}

/** A step that can be undone, or done again. */
export interface UndoStep {
  readonly step: number
  readonly label: string
}

/** @throws UniverseError `call/too-large` for a scope, group or label that is too long a name. */
export function checkUndoNames(names: Readonly<Record<string, unknown>>): void {
  for (const [what, name] of Object.entries(names)) {
    if (typeof name !== 'string' || name.length <= UNDO_NAME_CHARS_MAX) continue
    throw new UniverseError(
      'call/too-large',
      `a ${what} of undo has at most ${UNDO_NAME_CHARS_MAX} characters, not ${name.length}; give a shorter one`,
      { details: { what } },
    )
  }
}

/** Versions that are looked for by name: statements are kept for each number of them. */
const NAMED_MAX = 4

const OF_SCOPE = 'identity = ?1 AND scope = ?2'

/** The steps of one open database. Writes need an open transaction. */
export class UndoStore {
  readonly #driver: Driver

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** What can be undone and done again. Cost: two index seeks. */
  state(key: UndoKey): UndoState {
    checkUndoNames({ scope: key.scope })
    const undo = this.next(key, 'undo')
    const redo = this.next(key, 'redo')
    return {
      canUndo: undo !== undefined,
      canRedo: redo !== undefined,
      undoLabel: undo?.label ?? null,
      redoLabel: redo?.label ?? null,
    }
  }

  /** The step that is next to be undone: the last that stands; or done again: the last undone. */
  next({ identity, scope }: UndoKey, direction: 'undo' | 'redo'): UndoStep | undefined {
    if (!hasUndoTables(this.#driver)) return undefined
    const which = direction === 'undo' ? 'is_undone = 0' : 'is_undone = 1'
    const row = this.#driver
      .prepare(
        `SELECT step, label FROM _undo WHERE ${OF_SCOPE} AND ${which}
          ORDER BY step ${direction === 'undo' ? 'DESC' : 'ASC'} LIMIT 1`,
      )
      .get([identity, scope])
    return row && { step: row[0] as number, label: row[1] as string }
  }

  /** Adds what a call did to the last step, or as a new one. What was undone is forgotten. */
  record(key: UndoKey, grouping: UndoGrouping, changes: readonly StepRow[]): void {
    if (changes.length === 0) return
    makeUndoTables(this.#driver)
    const { identity, scope } = key
    this.#remove(`SELECT step FROM _undo WHERE ${OF_SCOPE} AND is_undone = 1`, [identity, scope])
    const step = this.#stepFor(key, grouping)
    let bytes = 0
    for (const change of changes) bytes += this.#add(step, change)
    this.#driver.prepare('UPDATE _undo SET bytes = bytes + ?2 WHERE step = ?1').run([step, bytes])
    this.#trim(key)
  }

  /** The rows of a step. */
  rowsOf({ step }: UndoStep): StepRow[] {
    return this.#driver
      .prepare('SELECT tbl, id, change FROM _undo_row WHERE step = ?1')
      .all([step])
      .map(([table, id, change]) => decodeStepRow(table as string, id as string, change as string))
  }

  /** Writes what is left of a step that was undone or done again; a step of nothing goes. */
  turn({ step }: UndoStep, direction: 'undo' | 'redo', rows: readonly StepRow[]): void {
    this.#driver.prepare('DELETE FROM _undo_row WHERE step = ?1').run([step])
    if (rows.length === 0) {
      this.#driver.prepare('DELETE FROM _undo WHERE step = ?1').run([step])
      return
    }
    for (const row of rows) this.#put(step, row)
    this.#driver
      .prepare('UPDATE _undo SET is_undone = ?2 WHERE step = ?1')
      .run([step, direction === 'undo' ? 1 : 0])
  }

  /** Ends all groups of a scope: the next call begins a step. */
  closeGroups({ identity, scope }: UndoKey): void {
    this.#driver
      .prepare(
        `UPDATE _undo SET grp = NULL, time_ms = NULL WHERE ${OF_SCOPE} AND time_ms IS NOT NULL`,
      )
      .run([identity, scope])
  }

  /** Lets a function change what other steps of the scope say of a row, those that name one of the versions. */
  changeOthers(
    { identity, scope }: UndoKey,
    { step }: UndoStep,
    { table, id }: Pick<StepRow, 'table' | 'id'>,
    versions: ReadonlySet<Version>,
    change: (row: StepRow) => StepRow | undefined,
  ): void {
    // Few, and then most steps need not be decoded.
    const named = versions.size > NAMED_MAX ? [] : [...versions]
    const isNamed = named.map((_, index) => `instr(change, ?${index + 6}) > 0`).join(' OR ')
    const rows = this.#driver
      .prepare(
        `SELECT step, change FROM _undo_row JOIN _undo USING (step)
          WHERE tbl = ?3 AND id = ?4 AND ${OF_SCOPE} AND step <> ?5 AND (${isNamed || 'TRUE'})`,
      )
      .all([identity, scope, table, id, step, ...named.map((version) => JSON.stringify(version))])
    for (const [other, text] of rows) {
      const changed = change(decodeStepRow(table, id, text as string))
      if (changed !== undefined) this.#put(other as number, changed)
    }
  }

  /** Whether a step of the scope names a write of a row. */
  names({ identity, scope }: UndoKey, table: string, id: string, version: Version): boolean {
    return (
      this.#driver
        .prepare(
          `SELECT 1 FROM _undo_row JOIN _undo USING (step)
            WHERE tbl = ?3 AND id = ?4 AND ${OF_SCOPE} AND instr(change, ?5) > 0 LIMIT 1`,
        )
        .get([identity, scope, table, id, JSON.stringify(version)]) !== undefined
    )
  }

  /** Forgets all steps of a scope. */
  clear({ identity, scope }: UndoKey): void {
    if (!hasUndoTables(this.#driver)) return
    this.#remove(`SELECT step FROM _undo WHERE ${OF_SCOPE}`, [identity, scope])
  }

  #stepFor({ identity, scope }: UndoKey, grouping: UndoGrouping): number {
    const { label, timestampMs, group, groupMs = UNDO_GROUP_MS } = grouping
    const last = this.#driver
      .prepare(
        `SELECT step, grp, time_ms FROM _undo WHERE ${OF_SCOPE} AND is_undone = 0
          ORDER BY step DESC LIMIT 1`,
      )
      .get([identity, scope])
    if (last !== undefined) {
      const [step, lastGroup, timeMs] = last
      const isOpen = timeMs !== null
      const isSameGroup =
        group !== undefined
          ? lastGroup === group
          : lastGroup === null && Math.abs(timestampMs - (timeMs as number)) < groupMs
      if (isOpen && isSameGroup) {
        this.#driver
          .prepare('UPDATE _undo SET time_ms = ?2 WHERE step = ?1')
          .run([step as number, timestampMs])
        return step as number
      }
    }
    this.#driver
      .prepare(
        `INSERT INTO _undo (identity, scope, is_undone, label, grp, time_ms, bytes)
          VALUES (?1, ?2, 0, ?3, ?4, ?5, 0)`,
      )
      .run([identity, scope, label, group ?? null, timestampMs])
    const [step] = this.#driver.prepare('SELECT last_insert_rowid()').get() ?? [0]
    if (last === undefined) this.#trimScopes()
    return step as number
  }

  /** Gives by how many bytes the step has grown. */
  #add(step: number, change: StepRow): number {
    const { table, id } = change
    const row = this.#driver
      .prepare('SELECT change FROM _undo_row WHERE tbl = ?1 AND id = ?2 AND step = ?3')
      .get([table, id, step])
    if (row === undefined) return this.#put(step, change)
    const before = row[0] as string
    return this.#put(step, addLater(decodeStepRow(table, id, before), change)) - before.length
  }

  /** Gives about how many bytes it takes. */
  #put(step: number, row: StepRow): number {
    const text = encodeStepRow(row)
    this.#driver
      .prepare('INSERT OR REPLACE INTO _undo_row (tbl, id, step, change) VALUES (?1, ?2, ?3, ?4)')
      .run([row.table, row.id, step, text])
    return text.length
  }

  /** Forgets the oldest steps beyond the bounds. */
  #trim({ identity, scope }: UndoKey): void {
    // What was undone is forgotten by now.
    const [count = 0, bytes = 0] =
      this.#driver
        .prepare(`SELECT count(*), sum(bytes) FROM _undo WHERE ${OF_SCOPE} AND is_undone = 0`)
        .get([identity, scope]) ?? []
    let excess = Math.max(0, (count as number) - UNDO_STEPS_MAX)
    if ((bytes as number) > UNDO_BYTES_MAX) {
      const sizes = this.#driver
        .prepare(`SELECT bytes FROM _undo WHERE ${OF_SCOPE} AND is_undone = 0 ORDER BY step`)
        .all([identity, scope])
      let left = bytes as number
      for (const [index, [size]] of sizes.entries()) {
        if (left <= UNDO_BYTES_MAX) break
        left -= size as number
        excess = Math.max(excess, index + 1)
      }
    }
    if (excess === 0) return
    this.#remove(
      `SELECT step FROM _undo WHERE ${OF_SCOPE} AND is_undone = 0 ORDER BY step LIMIT ?3`,
      [identity, scope, excess],
    )
  }

  /** Forgets the scopes in which nothing was recorded for longest. */
  #trimScopes(): void {
    const scopes = this.#driver
      .prepare(
        `SELECT identity, scope FROM _undo GROUP BY identity, scope
          ORDER BY max(step) DESC LIMIT -1 OFFSET ?1`,
      )
      .all([UNDO_SCOPES_MAX])
    for (const [identity, scope] of scopes as [string, string][]) this.clear({ identity, scope })
  }

  #remove(steps: string, params: readonly (string | number)[]): void {
    this.#driver.prepare(`DELETE FROM _undo_row WHERE step IN (${steps})`).run([...params])
    this.#driver.prepare(`DELETE FROM _undo WHERE step IN (${steps})`).run([...params])
  }
}
