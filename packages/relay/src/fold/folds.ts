/** The folds of a relay's universes: one contract, whether they are in this thread or another. */
import { appendFileSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert, type Epoch, type Floor, type Module, UniverseError } from '@inner-universe/core'
import { moduleOfSchema } from '@inner-universe/engine'
import { IMAGE_CHUNK_BYTES, textHash } from '@inner-universe/sync'
import type { StoredEntry } from '@inner-universe/sync/relay-side'
import { Fold, type FoldState, type FoldSystem, type ImageFacts, removeFold } from './fold.ts'
import { type ImageChunk, type ImageCopy, joinBytes } from './image.ts'

/** Folds kept open at once: each has a page cache of its own. */
const FOLDS_OPEN_MAX = 8

/** What a fold must know of its universe. */
export interface FoldedUniverse {
  readonly universe: string
  readonly module: string
  readonly owner: string
  /** Tables of the newest version that was here; undefined: not told yet. */
  readonly schema: string | undefined
}

/** A relay's folds. Everything but `open` and `reset` needs a fold that is open. */
export interface Folds {
  /**
   * Opens a fold, empty where there is none, or gives the one that is open.
   *
   * @throws UniverseError `storage/…` or `engine/…` when what is there cannot be used: `reset` it.
   * `module/invalid` when nothing tells the universe's tables.
   */
  open(universe: FoldedUniverse): Promise<FoldState>
  receive(universe: string, entries: readonly StoredEntry[], epoch: Epoch): Promise<FoldState>
  /** Removes a fold. The chunks of an image that follow are what it begins from. */
  reset(universe: string): Promise<void>
  /** The next chunk of the image to begin from, compressed. */
  addChunk(universe: string, bytes: Uint8Array): Promise<void>
  noteMark(universe: string, atMs: number): Promise<FoldState>
  dropMark(universe: string): Promise<void>
  floor(universe: string): Promise<Floor | undefined>
  /** Begins to read an image out, at the fold's position. */
  beginImage(universe: string): Promise<ImageFacts>
  /** The next chunk; undefined: that was all. */
  nextChunk(universe: string): Promise<ImageChunk | undefined>
  endImage(universe: string): Promise<void>
  close(): Promise<void>
}

/** What folds of this thread need. */
export interface LocalFoldsOptions {
  /** Where their files are; undefined: in memory. */
  readonly folder: string | undefined
  /** Modules whose code is here: the others are taken from their schema's text. */
  readonly modules: readonly Module[]
  readonly system: FoldSystem
}

interface OpenFold {
  readonly fold: Fold
  readonly schema: string | undefined
  image: ImageCopy | undefined
}

/** Folds of this thread: every call does its work before it returns. */
export function createLocalFolds(options: LocalFoldsOptions): Folds {
  const { folder, modules, system } = options
  if (folder !== undefined) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const open = new Map<string, OpenFold>()
  /** Images to begin from, of folds in memory; of others they are in files. */
  const staged = new Map<string, Uint8Array[]>()

  // A universe may be named what no file can: its file is named by a hash.
  const pathOf = (universe: string): string | undefined =>
    folder === undefined ? undefined : join(folder, `${textHash(universe, system.hash)}.db`)

  const found = (universe: string): OpenFold => {
    const entry = open.get(universe)
    assert(entry !== undefined, `the fold of ${universe} is open`)
    return entry
  }

  const closeFold = (universe: string): void => {
    const entry = open.get(universe)
    if (entry === undefined) return
    open.delete(universe)
    entry.image?.close()
    entry.fold.close()
  }

  return {
    async open({ universe, module, owner, schema }) {
      const known = open.get(universe)
      if (known?.schema === schema && known !== undefined) return known.fold.state
      closeFold(universe)
      const path = pathOf(universe)
      const parts = staged.get(universe)
      if (path !== undefined && parts !== undefined) renameSync(stagedPath(path), path)
      const fold = new Fold({
        owner,
        module: moduleFor(modules, module, schema),
        path,
        contents: path === undefined && parts !== undefined ? joinBytes(parts) : undefined,
        system,
      })
      staged.delete(universe)
      open.set(universe, { fold, schema, image: undefined })
      const [oldest] = open.keys()
      // In memory there is nothing to open again.
      if (path !== undefined && open.size > FOLDS_OPEN_MAX && oldest !== undefined) {
        closeFold(oldest)
      }
      return fold.state
    },
    async receive(universe, entries, epoch) {
      const { fold } = found(universe)
      fold.receive(entries, epoch)
      return fold.state
    },
    async reset(universe) {
      closeFold(universe)
      staged.delete(universe)
      const path = pathOf(universe)
      if (path === undefined) return
      removeFold(path)
      rmSync(stagedPath(path), { force: true })
    },
    async addChunk(universe, bytes) {
      const parts = staged.get(universe) ?? []
      staged.set(universe, parts)
      const inflated = system.inflate(bytes, IMAGE_CHUNK_BYTES)
      const path = pathOf(universe)
      if (path === undefined) parts.push(inflated)
      else appendFileSync(stagedPath(path), inflated)
    },
    async noteMark(universe, atMs) {
      const { fold } = found(universe)
      fold.noteMark(atMs)
      return fold.state
    },
    async dropMark(universe) {
      found(universe).fold.dropMark()
    },
    async floor(universe) {
      return found(universe).fold.floor()
    },
    async beginImage(universe) {
      const entry = found(universe)
      entry.image?.close()
      const { facts, copy } = entry.fold.copyImage()
      entry.image = copy
      return facts
    },
    async nextChunk(universe) {
      const { image } = found(universe)
      assert(image !== undefined, `an image of ${universe} was begun`)
      const next = image.chunks.next()
      return next.done ? undefined : next.value
    },
    async endImage(universe) {
      const entry = found(universe)
      entry.image?.close()
      entry.image = undefined
    },
    async close() {
      for (const universe of [...open.keys()]) closeFold(universe)
    },
  }
}

function stagedPath(path: string): string {
  return `${path}.part`
}

/** The module to fold with: its code where that is at least as new as the schema, else the schema. */
function moduleFor(modules: readonly Module[], name: string, schema: string | undefined): Module {
  const module = modules.find((each) => each.name === name)
  const version = schema === undefined ? 0 : versionOfSchema(schema)
  // First, as a schema with lenses cannot be made a module without their code.
  if (module !== undefined && module.version >= version) return module
  if (schema !== undefined) return moduleOfSchema(name, schema)
  throw new UniverseError(
    'module/invalid',
    `nothing tells the tables of module "${name}" yet; configure its file, or wait for a replica`,
  )
}

/** 0 where the text is no schema: {@link moduleOfSchema} says so. */
function versionOfSchema(text: string): number {
  try {
    const { version } = JSON.parse(text) as { version?: unknown }
    return typeof version === 'number' ? version : 0
  } catch {
    return 0
  }
}
