/**
 * Question: how soon does a new device show all of WordNet, which another one imported?
 *
 * Workload: the demo's production build. One browser profile imports WordNet, in sync with a real
 * relay, which then has an image of nearly all of it; fresh profiles open the same page. From the
 * navigation to the count of all entities being on the screen, and until the badge says live. Also
 * checked: the digests of both devices, as the demo's page of sync tells them, are the same.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Module } from '@inner-universe/core'
import { standardModule } from '@inner-universe/universe'
import type { BrowserContext, Page } from 'playwright'
import { startChromium } from '../chromium-process.ts'
import { type Figure, percentiles } from '../figure.ts'
import { askForImage } from '../relay-client.ts'
import { RelayProcess } from '../relay-process.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { serveSite } from '../site.ts'

const DEVICES = 3
const IMPORT_MS_MAX = 300_000
const FILL_MS_MAX = 120_000
/** Wide enough for the header to show its links. */
const VIEWPORT = { width: 1280, height: 800 }
/** Entries that may follow the image: once it is quiet a relay has one of nearly all. */
const TAIL_ENTRIES_MAX = 10

const MODULE = standardModule as unknown as Module

/** See the file's head. */
export const fillWordnetScenario: Scenario = {
  name: 'fill-wordnet',
  question: 'a new device, all of WordNet from a relay: at most 6 s',
  async run(bench: Bench): Promise<Figure[]> {
    const relay = await RelayProcess.start({ everyMs: 1000 })
    const site = await serveSite('demo')
    try {
      const digest = await importThere(bench, site.url, relay)
      const shown: number[] = []
      const live: number[] = []
      for (let device = 0; device < DEVICES; device++) {
        const { head, image } = await askForImage(relay, 'wordnet', MODULE)
        bench.say(`device ${device + 1}: an image at ${image?.offset} of ${head}`)
        const filling = await fillHere(site.url, relay)
        if (filling.digest !== digest) throw new Error('the new device differs from the first')
        shown.push(filling.shownMs)
        live.push(filling.liveMs)
      }
      return [
        { name: 'all entities counted on the screen', unit: 's', ...inSeconds(shown) },
        {
          name: 'live',
          unit: 's',
          ...inSeconds(live),
          budget: { on: 'p50', atMost: 6 },
        },
      ]
    } finally {
      await site.close()
      await relay.stop()
    }
  },
}

function inSeconds(samplesMs: readonly number[]): ReturnType<typeof percentiles> {
  return percentiles(samplesMs.map((ms) => ms / 1000))
}

async function useRelay(context: BrowserContext, relay: RelayProcess): Promise<void> {
  await context.addInitScript((url) => {
    localStorage.setItem('inner-universe-demo.relay', url)
  }, relay.url)
}

async function waitUntilLive(page: Page): Promise<void> {
  await page
    .getByRole('banner')
    .getByRole('button', { name: /^Sync: Live(, \d+ conflicts?)?$/ })
    .waitFor({ timeout: IMPORT_MS_MAX })
}

/** The digest of the rows, as the page of sync tells it. */
async function digestOf(page: Page): Promise<string> {
  await page.getByRole('banner').getByRole('link', { name: 'Sync', exact: true }).click()
  await page.getByRole('button', { name: 'Take it', exact: true }).click()
  const digest = page.getByLabel('Fingerprint', { exact: true })
  await digest.waitFor({ timeout: FILL_MS_MAX })
  return digest.innerText()
}

async function importThere(bench: Bench, url: string, relay: RelayProcess): Promise<string> {
  await useRelay(bench.context, relay)
  const page = await bench.context.newPage()
  await page.setViewportSize(VIEWPORT)
  try {
    await page.goto(url)
    await page.getByRole('button', { name: 'Import WordNet', exact: true }).click()
    await page.getByRole('heading', { name: 'WordNet is here' }).waitFor({ timeout: IMPORT_MS_MAX })
    await waitUntilLive(page)
    bench.say('imported and synced')
    const endMs = performance.now() + FILL_MS_MAX
    for (;;) {
      const { head, image } = await askForImage(relay, 'wordnet', MODULE)
      if (image !== undefined && head - image.offset <= TAIL_ENTRIES_MAX) {
        bench.say(
          `an image of ${Math.round(image.byteCount / 1e6)} MB at ${image.offset} of ${head}`,
        )
        break
      }
      if (performance.now() > endMs) throw new Error(`no image: ${image?.offset} of ${head}`)
      await delay(500)
    }
    return await digestOf(page)
  } finally {
    await page.close()
  }
}

/** A browser that was never there opens the page. */
async function fillHere(
  url: string,
  relay: RelayProcess,
): Promise<{ shownMs: number; liveMs: number; digest: string }> {
  const profile = await mkdtemp(join(tmpdir(), 'inner-universe-bench-'))
  const browser = await startChromium(profile)
  try {
    await useRelay(browser.context, relay)
    const page = await browser.context.newPage()
    await page.setViewportSize(VIEWPORT)
    const started = performance.now()
    await page.goto(url)
    await page.getByText('117,791').first().waitFor({ timeout: FILL_MS_MAX })
    const shownMs = performance.now() - started
    await waitUntilLive(page)
    const liveMs = performance.now() - started
    return { shownMs, liveMs, digest: await digestOf(page) }
  } finally {
    await browser.kill()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
