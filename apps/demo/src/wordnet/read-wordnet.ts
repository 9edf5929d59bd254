/** WordNet as batches of rows to import: entities first, then the relations between them. */
import { readLines } from './line-stream.ts'
import { type EntityInput, entityOf, type RelationInput, relationsOf } from './rows.ts'
import { sampleOf } from './sample.ts'
import { POINTER_COUNT, SAMPLE_SYNSET_COUNT, SYNSET_COUNT } from './size.ts'
import { isLicenceLine, parseSynset, type Synset } from './synset.ts'

/** All of WordNet, or a connected piece of it to try things with. */
export type ImportScope = 'all' | 'sample'

/** How much is to come, once; then the rows. */
export type ImportBatch =
  | { readonly kind: 'size'; readonly entityCount: number; readonly relationCount: number }
  | { readonly kind: 'entities'; readonly rows: readonly EntityInput[] }
  | { readonly kind: 'relations'; readonly rows: readonly RelationInput[] }

/** Opens the data files, in the order in which their rows are written. */
export type WordnetFiles = readonly (() => Promise<ReadableStream<Uint8Array>>)[]

/**
 * Rows of one call, the most it takes. Each call is a transaction when many are waiting, and a commit
 * writes every page of an index it touched: halving it to 500 costs 15 % more of the database's time.
 */
const BATCH_ROWS = 1000

/** What remains of a synset once its entity has been given. */
type Linked = Pick<Synset, 'key' | 'pointers'>

/** Gives the batches of an import; reads on only as they are taken. */
export async function* readWordnet(
  files: WordnetFiles,
  scope: ImportScope,
): AsyncGenerator<ImportBatch> {
  if (scope === 'all') {
    const linked: Linked[] = []
    yield { kind: 'size', entityCount: SYNSET_COUNT, relationCount: POINTER_COUNT }
    let rows: EntityInput[] = []
    for await (const synsets of readSynsets(files)) {
      for (const synset of synsets) {
        linked.push({ key: synset.key, pointers: synset.pointers })
        rows.push(entityOf(synset))
      }
      while (rows.length >= BATCH_ROWS) {
        yield { kind: 'entities', rows: rows.slice(0, BATCH_ROWS) }
        rows = rows.slice(BATCH_ROWS)
      }
    }
    if (rows.length > 0) yield { kind: 'entities', rows }
    yield* relationBatches(linked, () => true)
    return
  }
  const all = new Map<string, Synset>()
  for await (const synsets of readSynsets(files)) {
    for (const synset of synsets) all.set(synset.key, synset)
  }
  const sample = sampleOf(all, SAMPLE_SYNSET_COUNT)
  const isInSample = (key: string): boolean => sample.has(key)
  let relationCount = 0
  for (const synset of sample.values()) {
    for (const { target } of synset.pointers) if (isInSample(target)) relationCount++
  }
  yield { kind: 'size', entityCount: sample.size, relationCount }
  const synsets = [...sample.values()]
  for (let at = 0; at < synsets.length; at += BATCH_ROWS) {
    yield { kind: 'entities', rows: synsets.slice(at, at + BATCH_ROWS).map(entityOf) }
  }
  yield* relationBatches(synsets, isInSample)
}

async function* readSynsets(files: WordnetFiles): AsyncGenerator<readonly Synset[]> {
  for (const open of files) {
    for await (const lines of readLines(await open())) {
      yield lines.filter((line) => !isLicenceLine(line)).map(parseSynset)
    }
  }
}

function* relationBatches(
  synsets: readonly Linked[],
  isWanted: (targetKey: string) => boolean,
): Generator<ImportBatch> {
  let rows: RelationInput[] = []
  for (const synset of synsets) {
    rows.push(...relationsOf(synset, isWanted))
    while (rows.length >= BATCH_ROWS) {
      yield { kind: 'relations', rows: rows.slice(0, BATCH_ROWS) }
      rows = rows.slice(BATCH_ROWS)
    }
  }
  if (rows.length > 0) yield { kind: 'relations', rows }
}
