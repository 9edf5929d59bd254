/**
 * Question: how soon has a new device the whole of a universe of 100,000 rows?
 *
 * Workload: rows written in Node and synced to a real relay, which has made an image by then; then a
 * fresh page opens the universe, of which the browser holds nothing. From `openUniverse` until it is live and the rows are
 * counted. Also checked: its digest is the writer's. Not measured: loading the page's own script.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openUniverse } from '@inner-universe/client/node'
import type { Module } from '@inner-universe/core'
import { type Figure, percentiles } from '../figure.ts'
import { notes } from '../page/notes.ts'
import { callPart } from '../page-part.ts'
import { askForImage } from '../relay-client.ts'
import { RelayProcess } from '../relay-process.ts'
import type { Bench, Scenario } from '../scenario.ts'

const ROW_COUNT = 100_000
const CALL_ROWS = 1000
const DEVICES = 5
const IMAGE_MS_MAX = 120_000

/** See the file's head. */
export const fillScenario: Scenario = {
  name: 'fill',
  question: 'a new device, 100,000 rows from a relay: at most 2 s',
  async run(bench: Bench): Promise<Figure[]> {
    const relay = await RelayProcess.start({ everyMs: 200, imageEveryEntries: 10 })
    try {
      const digest = await fillRelay(relay, bench.say)
      const samples: number[] = []
      for (let device = 0; device < DEVICES; device++) {
        const page = await bench.openPage('fill')
        const { url, token } = relay
        const filling = await callPart(page, 'fill', 'join', { url, token }, ROW_COUNT)
        await page.close()
        if (filling.digest !== digest) throw new Error('the new device differs from the writer')
        samples.push(filling.elapsedMs)
      }
      return [
        {
          name: 'new device, 100,000 rows',
          unit: 'ms',
          ...percentiles(samples),
          budget: { on: 'p50', atMost: 2000 },
        },
      ]
    } finally {
      await relay.stop()
    }
  },
}

/** Writes the rows on another device and waits until an image holds them. Gives their digest. */
async function fillRelay(relay: RelayProcess, say: Bench['say']): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inner-universe-fill-'))
  const { url, token } = relay
  const writer = await openUniverse(notes, {
    path: join(folder, 'notes.sqlite'),
    sync: { url, token, universe: 'notes' },
  })
  try {
    const calls: Promise<number>[] = []
    for (let from = 0; from < ROW_COUNT; from += CALL_ROWS) {
      calls.push(writer.reducers.addNotes({ from, count: CALL_ROWS }).confirmed)
    }
    await Promise.all(calls)
    const endMs = performance.now() + IMAGE_MS_MAX
    for (;;) {
      const { head, image } = await askForImage(relay, 'notes', notes as unknown as Module)
      if (image !== undefined && head - image.offset < 10) {
        say(`an image of ${Math.round(image.byteCount / 1e6)} MB at ${image.offset} of ${head}`)
        return await writer.digest()
      }
      if (performance.now() > endMs) {
        throw new Error(`no image of the whole log: ${image?.offset} of ${head}`)
      }
      await delay(200)
    }
  } finally {
    await writer.close()
    await rm(folder, { recursive: true, force: true })
  }
}
