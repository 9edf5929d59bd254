/**
 * Question: what does a document cost that is kept in a universe, beside the same Yjs document by itself?
 *
 * Workload: an editing trace (`--trace FILE`, as in github.com/josephg/editing-traces; else 20,000
 * made-up edits), each edit a transaction, replayed into a document column of a universe in a file, in
 * Node, with a turn of the event loop after every 100 edits and flushed at the end. Floor: the same
 * replay into a plain Y.Doc that nobody keeps. Both end with the text of the trace. Then a checkpoint
 * takes the place of all rows: its bytes beside Yjs's own encoding of the plain document; and opening it
 * beside decoding that encoding.
 * On paper: noting a transaction 0.5 µs, beside 5 µs for Yjs; a burst per 64 Ki characters, or per 250 ms,
 * of 1 ms and one flush to disk; opening: Yjs's own work, the same bytes decoded once more to check them,
 * and a read. Then another author's edits come in bursts, each one call of its own, into an open document.
 * Not measured: two who write at once, browsers, the relay.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import {
  defineModule,
  type OpenDocument,
  openUniverse,
  t,
  table,
  type Universe,
} from '@inner-universe/client/node'
import * as Y from 'yjs'
import { makeTrace, readTrace, type Trace } from '../documents/trace.ts'
import { type Figure, percentiles } from '../figure.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROUND_COUNT = 7
const OPEN_COUNT = 21
const EDITS_PER_TURN = 100
const MADE_UP_EDITS = 20_000
/** Rows that a checkpoint then takes the place of: more than it needs to be made. */
const ROW_COUNT = 80

const notes = defineModule({
  name: 'benchDocuments',
  version: 1,
  tables: { note: table({ id: t.id(), body: t.richText() }) },
  reducers: (reducer) => ({
    addNote: reducer({}, (ctx) => ctx.db.note.insert({}).id),
    /** What arrives of another author, as it stands in their delta. */
    receive: reducer({ row: t.text(), update: t.bytes() }, (ctx, { row, update }) => {
      ctx.call('document:append', { table: 'note', row, document: 'body', update })
    }),
  }),
})

type Notes = Universe<typeof notes.tables, typeof notes.reducers>

/** See the file's head. */
export const documentsScenario: Scenario = {
  name: 'documents',
  question: 'a document: at most 2x the edits, 1.2x the bytes and 1.5x the opening of plain Yjs',
  async run(bench: Bench): Promise<Figure[]> {
    const trace =
      bench.tracePath === undefined ? makeTrace(MADE_UP_EDITS) : readTrace(bench.tracePath)
    bench.say(`${trace.name}: ${trace.txns.length} edits, ${trace.endContent.length} characters`)
    const folder = await mkdtemp(join(tmpdir(), 'inner-universe-documents-'))
    const universe = await openUniverse(notes, { path: join(folder, 'universe') })
    try {
      return [
        ...(await measureEdits(universe, trace)),
        ...(await measureKept(universe, trace)),
        ...(await measureMerging(universe, trace)),
      ]
    } finally {
      await universe.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
}

async function openNew(universe: Notes): Promise<OpenDocument> {
  return universe.doc('note', await universe.reducers.addNote({}), 'body')
}

/** In turns, so that both meet the same machine; the first round warms up. */
async function measureEdits(universe: Notes, trace: Trace): Promise<Figure[]> {
  const plainMs: number[] = []
  const oursMs: number[] = []
  for (let round = 0; round <= ROUND_COUNT; round++) {
    const plain = new Y.Doc()
    const plainTook = await timed(() => replay(trace, plain))
    checkText(plain, trace)
    plain.destroy()
    const document = await openNew(universe)
    const oursTook = await timed(async () => {
      await replay(trace, document.doc)
      await document.flush()
    })
    checkText(document.doc, trace)
    await document.close()
    if (round === 0) continue
    plainMs.push(plainTook)
    oursMs.push(oursTook)
  }
  const floor = percentiles(plainMs)
  const ours = percentiles(oursMs)
  return [
    { name: 'plain Yjs, all edits', unit: 'ms', ...floor },
    {
      name: 'document, all edits, saved',
      unit: 'ms',
      ...ours,
      ratioToFloor: ours.p50 / floor.p50,
      budget: { on: 'ratioToFloor', atMost: 2 },
    },
  ]
}

async function measureKept(universe: Notes, trace: Trace): Promise<Figure[]> {
  const plain = new Y.Doc()
  await replay(trace, plain)
  const encoded = Y.encodeStateAsUpdateV2(plain)
  const document = await openNew(universe)
  const { row } = document.address
  const editsPerRow = Math.ceil(trace.txns.length / ROW_COUNT)
  await replay(trace, document.doc, editsPerRow, () => document.flush())
  const rows = await storedBytes(universe, row)
  await document.close()
  const checkpoint = await storedBytes(universe, row)
  if (rows.count <= 1 || checkpoint.count !== 1) {
    throw new Error(`${rows.count} rows became ${checkpoint.count}; one checkpoint was expected`)
  }
  const plainMs: number[] = []
  const oursMs: number[] = []
  for (let open = 0; open <= OPEN_COUNT; open++) {
    const loaded = new Y.Doc()
    const plainTook = await timed(async () => Y.applyUpdateV2(loaded, encoded))
    checkText(loaded, trace)
    loaded.destroy()
    let again: OpenDocument | undefined
    const oursTook = await timed(async () => {
      again = await universe.doc('note', row, 'body')
    })
    if (again === undefined) throw new Error('the document was not opened')
    checkText(again.doc, trace)
    await again.close()
    if (open === 0) continue
    plainMs.push(plainTook)
    oursMs.push(oursTook)
  }
  const floor = percentiles(plainMs)
  const ours = percentiles(oursMs)
  return [
    { name: 'plain Yjs, encoded', unit: 'kB', p50: encoded.length / 1000 },
    {
      name: 'document, after a checkpoint',
      unit: 'kB',
      p50: checkpoint.bytes / 1000,
      ratioToFloor: checkpoint.bytes / encoded.length,
      budget: { on: 'ratioToFloor', atMost: 1.2 },
    },
    {
      name: `document, ${rows.count} rows before it`,
      unit: 'kB',
      p50: rows.bytes / 1000,
      ratioToFloor: rows.bytes / encoded.length,
    },
    { name: 'plain Yjs, decoded', unit: 'ms', ...floor },
    {
      name: 'document, opened',
      unit: 'ms',
      ...ours,
      ratioToFloor: ours.p50 / floor.p50,
      budget: { on: 'ratioToFloor', atMost: 1.5 },
    },
  ]
}

/** Another author's bursts into an open document, each until it shows; plain: applied to a plain Y.Doc. */
async function measureMerging(universe: Notes, trace: Trace): Promise<Figure[]> {
  const author = new Y.Doc()
  const gathered: Uint8Array[] = []
  const bursts: Uint8Array[] = []
  author.on('update', (update: Uint8Array) => gathered.push(update))
  await replay(trace, author, EDITS_PER_TURN, async () => {
    bursts.push(Y.mergeUpdates(gathered.splice(0)))
  })
  if (gathered.length > 0) bursts.push(Y.mergeUpdates(gathered))
  const plain = new Y.Doc()
  const document = await openNew(universe)
  const { row } = document.address
  const plainMs: number[] = []
  const oursMs: number[] = []
  for (const update of bursts) {
    plainMs.push(await timed(async () => Y.applyUpdate(plain, update)))
    oursMs.push(
      await timed(async () => {
        await universe.reducers.receive({ row, update })
      }),
    )
  }
  checkText(plain, trace)
  checkText(document.doc, trace)
  await document.close()
  const floor = percentiles(plainMs)
  return [
    { name: `plain Yjs, a burst of ${EDITS_PER_TURN} edits merged`, unit: 'ms', ...floor },
    {
      name: 'document, the same written, kept and shown',
      unit: 'ms',
      ...percentiles(oursMs),
      ratioToFloor: percentiles(oursMs).p50 / floor.p50,
    },
  ]
}

async function replay(
  { startContent, txns }: Trace,
  doc: Y.Doc,
  editsPerTurn = EDITS_PER_TURN,
  onTurn: () => Promise<unknown> = turn,
): Promise<void> {
  const text = doc.getText('content')
  if (startContent !== '') text.insert(0, startContent)
  for (const [index, { patches }] of txns.entries()) {
    doc.transact(() => {
      for (const [at, deleteCount, inserted] of patches) {
        if (deleteCount > 0) text.delete(at, deleteCount)
        if (inserted !== '') text.insert(at, inserted)
      }
    })
    if (index % editsPerTurn === editsPerTurn - 1) await onTurn()
  }
}

async function storedBytes(
  universe: Notes,
  row: string,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const [stored] = await universe.sql<{ readonly count: number; readonly bytes: number }>(
    'SELECT count(*) AS count, sum(length("update")) AS bytes FROM note_document WHERE "row" = ?',
    [row],
  )
  return stored ?? { count: 0, bytes: 0 }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await run()
  return performance.now() - startMs
}

function checkText(doc: Y.Doc, { endContent }: Trace): void {
  if (doc.getText('content').toString() !== endContent) throw new Error('the text is another')
}
