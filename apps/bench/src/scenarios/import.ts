/**
 * Question: how long does the demo take to import WordNet through reducers, and does its page stay
 * smooth meanwhile?
 *
 * Workload: the demo's production build, its import button, all 117,791 synsets and 378,203 pointers
 * with validation, clocks, delta log, events, three indexes and full-text search; parsing included.
 * Floor: rows of that shape and number, indexes and full-text search through the bare driver, rows
 * made in memory, as many to a commit as the demo's calls hold. On paper: 500,000 rows at 20 µs through the driver is 10 s; ours adds 6 µs each.
 * Frames: gaps between animation frames of the page while it imports.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { serveSite } from '../site.ts'

const ENTITY_COUNT = 117_791
const RELATION_COUNT = 378_203
const GROUP = 1000
const IMPORT_MS_MAX = 300_000

/** See the file's head. */
export const importScenario: Scenario = {
  name: 'import',
  question: 'WordNet through reducers, in the demo: at most 20 s, the page at 60 frames a second',
  async run(bench: Bench): Promise<Figure[]> {
    const floorPage = await bench.openPage('calls')
    const floorMs = await callPart(
      floorPage,
      'calls',
      'graphFloor',
      ENTITY_COUNT,
      RELATION_COUNT,
      GROUP,
    )
    await floorPage.close()
    const { elapsedMs, frameGapsMs } = await importInDemo(bench)
    return [
      { name: 'bare driver, rows of that shape', unit: 's', p50: floorMs / 1000 },
      {
        name: 'import',
        unit: 's',
        p50: elapsedMs / 1000,
        ratioToFloor: elapsedMs / floorMs,
        sizes: { entities: ENTITY_COUNT, relations: RELATION_COUNT },
        budget: { on: 'p50', atMost: 20 },
      },
      {
        name: 'gap between frames while importing',
        unit: 'ms',
        ...percentiles(frameGapsMs),
        budget: { on: 'p95', atMost: 34 },
      },
    ]
  },
}

async function importInDemo(
  bench: Bench,
): Promise<{ elapsedMs: number; frameGapsMs: readonly number[] }> {
  const site = await serveSite('demo')
  const page = await bench.context.newPage()
  try {
    // On this device alone: what is measured is the writing.
    await page.addInitScript(() => localStorage.setItem('inner-universe-demo.relay', ''))
    await page.goto(site.url)
    const button = page.getByRole('button', { name: 'Import WordNet', exact: true })
    await button.waitFor()
    const gaps = page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const gapsMs: number[] = []
          let lastMs = performance.now()
          const onFrame = (): void => {
            const nowMs = performance.now()
            gapsMs.push(nowMs - lastMs)
            lastMs = nowMs
            if (document.documentElement.dataset.imported === undefined) {
              requestAnimationFrame(onFrame)
            } else resolve(gapsMs)
          }
          requestAnimationFrame(onFrame)
        }),
    )
    const started = performance.now()
    await button.click()
    await page.getByRole('heading', { name: 'WordNet is here' }).waitFor({ timeout: IMPORT_MS_MAX })
    const elapsedMs = performance.now() - started
    await page.evaluate(() => {
      document.documentElement.dataset.imported = 'yes'
    })
    return { elapsedMs, frameGapsMs: await gaps }
  } finally {
    await page.close()
    await site.close()
  }
}
