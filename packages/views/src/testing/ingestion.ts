/** Ingestion by processes, and what must be in the database afterwards. For tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Deltas } from '../circuit.ts'
import type { ViewStore } from '../store/view-store.ts'
import { Outputs, ReceiptHistory, receiptDefinition } from './view-history.ts'

/** Where batches go: a SQLite file, or a schema of a Postgres database. */
export type IngestTarget =
  | { readonly path: string }
  | { readonly url: string; readonly schema: string }

/** What is brought. */
export interface Ingestion {
  readonly target: IngestTarget
  readonly seed: number
  readonly batches: number
}

/** Changes per batch: a batch takes some milliseconds, so that kills fall into them. */
const CHANGES = 40

/** Has so many processes bring all batches, each its share. */
export async function ingestTogether(ingestion: Ingestion, processes: number): Promise<void> {
  const children = Array.from({ length: processes }, (_, index) => {
    return ended(start(ingestion, index, processes))
  })
  expect(await Promise.all(children)).toEqual(children.map(() => 0))
}

/**
 * Has one process bring batches, and kills it some time after the first. Undefined: it was done before;
 * else the last batch that it said was committed.
 */
export async function ingestUntilKilled(
  ingestion: Ingestion,
  afterMs: number,
): Promise<number | undefined> {
  const child = start(ingestion, 0, 1)
  const done = ended(child)
  let said = ''
  await new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      resolve()
    })
    void done.then(() => resolve())
  })
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL')
  const exitCode = await done
  return exitCode === 0 ? undefined : Number(said.trim().split('\n').at(-1) ?? -1)
}

/** Expects what was committed, no less and no more, and that the next batch brings the difference. */
export async function expectIngested(store: ViewStore, { seed }: Ingestion): Promise<number> {
  const { inputTime, skipped } = await store.status()
  expect(skipped).toEqual([])
  expect(await store.verify()).toBe(true)
  const history = new ReceiptHistory(seed)
  const batches: Deltas[] = []
  for (let time = 0; time <= inputTime; time += 1) batches.push(history.next(CHANGES))
  const outputs = Outputs.recomputed(receiptDefinition(), batches)
  const next = history.next(CHANGES)
  const time = { inputTime: inputTime + 1, frontier: inputTime }
  outputs.add(await store.run(next, time))
  const all = Outputs.recomputed(receiptDefinition(), [...batches, next])
  expect(outputs.differenceTo(all), `seed ${seed} after batch ${inputTime}`).toBeUndefined()
  return inputTime
}

function start(
  { target, seed, batches }: Ingestion,
  index: number,
  processes: number,
): ChildProcess {
  const script = join(import.meta.dirname, 'ingest-process.ts')
  const task = { ...target, seed, batches, changes: CHANGES, process: index, processes }
  return spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code))
    child.stdout?.resume()
  })
}
