/**
 * A fold: the relay's own replica of one universe, made of confirmed entries alone. It reads nothing
 * but the log, writes nothing of its own, and is what images and floors are computed from.
 *
 * Synchronous; where it must not hold up a relay it runs in a thread (`folds-thread.ts`).
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import {
  type Epoch,
  type Floor,
  type Hash,
  type LogPosition,
  type Module,
  UniverseError,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { type HashFunction, RECEIVE_DELTAS_MAX, textHash } from '@inner-universe/sync'
import type { StoredEntry } from '@inner-universe/sync/relay-side'
import { type FloorMark, forgottenOf, type NotedMark } from './floor-mark.ts'
import { copyImage, type ImageCopy, removeDatabase } from './image.ts'
import { logEntryOf, partsOf } from './log-entries.ts'

/** What every fold of a process shares: what comes from outside. */
export interface FoldSystem {
  /** Wall time, ms since 1970. */
  readonly now: () => number
  readonly randomBytes: (count: number) => Uint8Array
  readonly hash: HashFunction
  readonly inflate: (bytes: Uint8Array, bytesMax: number) => Uint8Array
  readonly deflate: (bytes: Uint8Array) => Uint8Array
}

/** How a fold is opened. */
export interface FoldOptions {
  readonly owner: string
  readonly module: Module
  /** Of the database; undefined: in memory. */
  readonly path: string | undefined
  /** For one in memory: the image to begin from. */
  readonly contents?: Uint8Array | undefined
  readonly system: FoldSystem
}

/** How far a fold is. */
export interface FoldState {
  readonly position: LogPosition
  /** The place from which a floor is to be made, once it is old enough. */
  readonly mark: FloorMark | undefined
}

/** What a manifest tells of an image, but for its chunks. */
export interface ImageFacts {
  readonly position: LogPosition
  readonly schemaVersion: number
  readonly schemaHash: Hash
  readonly digest: Hash
  readonly byteCount: number
}

/** An open fold. */
export class Fold {
  readonly #options: FoldOptions
  readonly #driver: Driver
  readonly #engine: Engine
  #mark: NotedMark | undefined

  /** @throws UniverseError `storage/…`, `engine/…`: remove the database and build it anew. */
  constructor(options: FoldOptions) {
    const { path, contents } = options
    this.#options = options
    this.#driver = openNodeDatabase({
      path: path ?? ':memory:',
      // The log has everything: what a power cut takes from a fold is read again.
      durability: 'process',
      ...(contents !== undefined && { contents }),
    })
    this.#engine = this.#openEngine(this.#driver)
    this.#mark = path === undefined ? undefined : readMark(path)
  }

  get engine(): Engine {
    return this.#engine
  }

  get state(): FoldState {
    const { dead: _dead, ...mark } = this.#mark ?? { dead: undefined }
    return {
      position: this.#engine.replica.position(),
      mark: this.#mark === undefined ? undefined : (mark as FloorMark),
    }
  }

  /**
   * Takes in entries that follow its position.
   *
   * @throws UniverseError `storage/corrupt` when they do not: build the fold anew.
   */
  receive(entries: readonly StoredEntry[], epoch: Epoch): void {
    for (const part of partsOf(entries, RECEIVE_DELTAS_MAX)) {
      const last = part.at(-1) as StoredEntry
      const result = this.#engine.replica.receive(
        part.map((entry) => logEntryOf(entry, this.#options.system)),
        { epoch, offset: last.offset, hash: last.logHash },
      )
      if (result.kind === 'forked') {
        throw new UniverseError(
          'storage/corrupt',
          `a fold does not fit its log at ${last.offset}: ${result.reason}; it is to be built anew`,
        )
      }
    }
  }

  /** Notes which rows are dead at its position. Cost: reads all rows that are not visible. */
  noteMark(atMs: number): void {
    const [hlc] = this.#driver.prepare('SELECT max(head_hlc) FROM _stream').get() ?? []
    const clock = (hlc as number | null | undefined) ?? 0
    const position = this.#engine.replica.position()
    this.#mark = { position, hlc: clock, atMs, dead: this.#engine.deadRows(clock) }
    const { path } = this.#options
    if (path !== undefined) writeFileSync(markPath(path), JSON.stringify(this.#mark))
  }

  dropMark(): void {
    this.#mark = undefined
    const { path } = this.#options
    if (path !== undefined) rmSync(markPath(path), { force: true })
  }

  /** The floor of the mark: of the rows dead then, those that nothing was merged into since. */
  floor(): Floor | undefined {
    const mark = this.#mark
    if (mark === undefined) return undefined
    return {
      baseOffset: mark.position.offset,
      hlc: mark.hlc,
      forgotten: forgottenOf(mark.dead, this.#engine.deadRows(mark.hlc)),
    }
  }

  /** A copy of its database to be handed out, at its position. */
  copyImage(): { readonly facts: ImageFacts; readonly copy: ImageCopy } {
    const { path, system } = this.#options
    const { replica } = this.#engine
    const copy = copyImage({
      driver: this.#driver,
      path: path === undefined ? undefined : `${path}.image`,
      openEngine: (driver) => this.#openEngine(driver),
      hash: system.hash,
      deflate: system.deflate,
    })
    const facts: ImageFacts = {
      position: replica.position(),
      schemaVersion: replica.schemaVersion,
      schemaHash: textHash(replica.schema, system.hash),
      digest: this.#engine.digest(),
      byteCount: copy.byteCount,
    }
    return { facts, copy }
  }

  close(): void {
    this.#engine.close()
  }

  #openEngine(driver: Driver): Engine {
    const { owner, module, system } = this.#options
    return openEngine({
      driver,
      // What is declared of views is each replica's own to keep.
      module: { ...module, views: {} },
      now: system.now,
      randomBytes: system.randomBytes,
      identity: owner,
      stream: 'continue',
      join: { owner },
      keepsLog: false,
      replication,
    })
  }
}

/** Removes a fold's files. Nothing to remove is fine. */
export function removeFold(path: string): void {
  rmSync(markPath(path), { force: true })
  removeDatabase(path)
}

function markPath(path: string): string {
  return `${path}.mark`
}

function readMark(path: string): NotedMark | undefined {
  try {
    return existsSync(markPath(path))
      ? (JSON.parse(readFileSync(markPath(path), 'utf8')) as NotedMark)
      : undefined
  } catch {
    // Cut off by a crash. Another is noted, and the next floor comes that much later.
    return undefined
  }
}
