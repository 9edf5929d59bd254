/** Takes versions in from an export of this universe. HISTORY.md HI61–HI63. */
import {
  decodeContent,
  defineReducer,
  HISTORY_TABLES,
  IMPORT_REDUCER,
  isUniverseError,
  type ReducerContext,
  type Reducers,
  type TableAccess,
  t,
  UniverseError,
} from '@inner-universe/core'
import { decodeExport, type ExportRecord } from './export-codec.ts'
import { historyCall, refsIn } from './history-call.ts'
import { LocalWork, type StagedChunk } from './local-work.ts'
import { withPlain } from './plain-argument.ts'
import { asModule } from './retention.ts'
import { tellUniverseIds, universeIdsOf } from './universe-ids.ts'
import { completeContents } from './version-contents.ts'
import { type VersionKeeper, versionsIn } from './version-keeper.ts'

/** What of an import is written by the call itself, in bytes of chunks; the rest follows in idle time. */
const CALL_BYTES_MAX: number = 4 * 1024 * 1024

/** `history:import`. */
export function importReducers(keeper: VersionKeeper): Reducers {
  return {
    [IMPORT_REDUCER]: defineReducer(
      withPlain({ salvage: t.bool().default(false) }, 'bytes', checkBytes),
      (context, { bytes, salvage }) => {
        historyCall(keeper)
        return { versions: importVersions(keeper, context, wholeVersions(keeper, bytes, salvage)) }
      },
    ),
  }
}

function checkBytes(given: unknown): Uint8Array {
  if (given instanceof Uint8Array) return given
  throw new UniverseError(
    'reducer/invalid-arguments',
    'an export is bytes; give what `export` gave',
  )
}

/** A version with a content that is whole. */
interface WholeVersion {
  readonly version: Extract<ExportRecord, { readonly kind: 'version' }>
  readonly basis: string | null
  readonly chunks: readonly StagedChunk[]
}

interface WholeExport {
  readonly universeIds: readonly string[]
  readonly versions: readonly WholeVersion[]
  readonly refs: readonly Extract<ExportRecord, { readonly kind: 'ref' }>[]
}

/** Reads all of an export before anything is written. */
function wholeVersions(keeper: VersionKeeper, bytes: Uint8Array, isSalvage: boolean): WholeExport {
  const { universeIds, records, isDamaged } = decodeExport(bytes)
  const own = universeIdsOf(keeper.parts)
  if (!universeIds.some((id) => own.includes(id))) {
    throw new UniverseError(
      'history/other-universe',
      `the export is of universe "${universeIds.join()}", this one is "${own.join()}"; import it there`,
      { details: { universeIds } },
    )
  }
  const here = new Set(completeContents(keeper).map(({ version }) => version))
  const whole = new Map<string, WholeVersion>()
  const contents = records.filter((record) => record.kind === 'content')
  const chunks = Map.groupBy(
    records.filter((record) => record.kind === 'chunk'),
    ({ content }) => content,
  )
  const versions = records.filter((record) => record.kind === 'version')
  for (const version of versions) {
    const isBased = (basis: string | null) => basis === null || whole.has(basis) || here.has(basis)
    const content = contents.find(
      (one) =>
        one.version === version.id && isBased(one.basis) && isWhole(chunks.get(one.id) ?? []),
    )
    if (content === undefined) continue
    const { basis, id } = content
    whole.set(version.id, { version, basis, chunks: chunks.get(id) ?? [] })
  }
  if ((isDamaged || whole.size < versions.length) && !isSalvage) throw damaged([...whole.keys()])
  const refs = records.filter((record) => record.kind === 'ref')
  return { universeIds, versions: [...whole.values()], refs }
}

/** Whether chunks stand in their order, up to a sealed one, and can be read. */
function isWhole(chunks: readonly StagedChunk[]): boolean {
  const isOrdered = chunks.every(
    ({ ordinal, seal }, index) =>
      ordinal === index && (seal !== null) === (index === chunks.length - 1),
  )
  if (!isOrdered || chunks.length === 0) return false
  try {
    for (const { rows } of chunks) decodeContent(rows)
    return true
  } catch (error) {
    if (isUniverseError(error, 'history/damaged')) return false
    throw error
  }
}

function damaged(versions: readonly string[]): UniverseError {
  return new UniverseError(
    'history/damaged',
    `the export is damaged; ${versions.length} of its versions are whole: import those with \`salvage\`, or export again`,
    { details: { versions } },
  )
}

type Contents = TableAccess<{ readonly id: string }, object, never>

function importVersions(
  keeper: VersionKeeper,
  context: ReducerContext,
  { universeIds, versions, refs }: WholeExport,
): string[] {
  const here = new Set(completeContents(keeper).map(({ version }) => version))
  const added = versions.filter(({ version }) => !here.has(version.id))
  tellUniverseIds(context, keeper.parts, universeIds)
  const work = new LocalWork(keeper)
  const contents = context.db[HISTORY_TABLES.content] as unknown as Contents
  let bytesLeft = CALL_BYTES_MAX
  for (const { version, basis, chunks } of added) {
    const { kind: _, ...row } = version
    if (keeper.rows.get(version.id) === undefined) versionsIn(context).insert(row)
    // Under a new id: what there was under the old one was dropped, or is damaged.
    const { id: content } = contents.insert({ version: version.id, basis })
    for (const { ordinal, rows, seal } of chunks) {
      const chunk = { id: `${content}/${ordinal}`, content, ordinal, rows, seal }
      bytesLeft -= rows.length
      if (bytesLeft >= 0) chunksIn(context).insert(chunk)
      else work.stage(chunk)
    }
  }
  for (const { id, version } of refs) {
    const isFree = refsIn(context).get(id) === undefined
    if (isFree && keeper.rows.get(version) !== undefined) refsIn(context).insert({ id, version })
  }
  keeper.isIdle = false
  return added.map(({ version }) => version.id)
}

/** Writes a chunk of an import that was too large for its call; false when there is none. */
export function importSlice(keeper: VersionKeeper): boolean {
  const work = new LocalWork(keeper)
  if (!work.hasStaged()) return false
  asModule(keeper, IMPORT_REDUCER, (context) => {
    const chunk = work.unstage()
    // A version may have been dropped meanwhile.
    const isWanted = chunk && context.db[HISTORY_TABLES.content]?.get(chunk.content) !== undefined
    if (isWanted === true) chunksIn(context).insert(chunk)
  })
  return true
}

function chunksIn({ db }: ReducerContext): TableAccess<StagedChunk, StagedChunk, never> {
  return db[HISTORY_TABLES.chunk] as unknown as TableAccess<StagedChunk, StagedChunk, never>
}
