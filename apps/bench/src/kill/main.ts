/**
 * Kill test: writes through reducers, kills at random moments, reopens, and checks that every
 * acknowledged call is there whole, none twice.
 *
 * `npm run kill -- --target worker|tab|browser|relay|job|job-tab --kills N [--seed S]` prints, as its last line,
 * `N kills, X lost, Y doubled, Z corrupt`, and exits with 1 unless X, Y and Z are 0. `job` and `job-tab`
 * kill a browser and its tabs that write batches to a key-value job.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright'
import { type ChromiumProcess, startChromium } from '../chromium-process.ts'
import { callPart } from '../page-part.ts'
import { type Site, serveSite } from '../site.ts'
import { killRelay } from './relay-kill.ts'
import { tallyOf } from './tally.ts'

const TARGETS = ['worker', 'tab', 'browser', 'relay', 'job', 'job-tab'] as const
type Target = (typeof TARGETS)[number]

/** A page that writes again after a kill does so within this time, or counts as stalled. */
const RECOVERY_MS_MAX = 15_000
const WRITE_MS_MIN = 300
const WRITE_MS_MAX = 1500
const IN_FLIGHT = 12

interface Options {
  readonly target: Target
  readonly killCount: number
  readonly seed: number
}

/** Of the targets that live in a browser. */
type BrowserOptions = Options & { readonly target: Exclude<Target, 'relay'> }

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: 'browser' },
      kills: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const target = TARGETS.find((name) => name === values.target)
  const killCount = Number(values.kills)
  const seed = Number(values.seed)
  if (target === undefined) throw new Error(`--target is one of ${TARGETS.join(', ')}`)
  if (!Number.isSafeInteger(killCount) || killCount < 1)
    throw new Error('--kills is a whole number')
  if (!Number.isSafeInteger(seed)) throw new Error('--seed is a whole number')
  return { target, killCount, seed }
}

/** Repeatable pauses: the kills of one seed come after the same times. (mulberry32) */
function createPauses(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    const fraction = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    return WRITE_MS_MIN + fraction * (WRITE_MS_MAX - WRITE_MS_MIN)
  }
}

class KillTest {
  readonly #options: BrowserOptions
  readonly #site: Site
  readonly #profile: string
  readonly #pause: () => number
  readonly #acknowledged = new Set<string>()
  readonly #lost = new Set<string>()
  readonly #doubled = new Set<string>()
  readonly #corrupt = new Set<string>()
  #writerCount = 0

  constructor(options: BrowserOptions, site: Site, profile: string) {
    this.#options = options
    this.#site = site
    this.#profile = profile
    this.#pause = createPauses(options.seed)
  }

  async run(): Promise<boolean> {
    const { target, killCount, seed } = this.#options
    console.log(`killing a ${target} ${killCount} times, seed ${seed}`)
    if (target === 'browser' || target === 'job') await this.#killBrowsers()
    else await this.#killInside(target)
    for (const fault of [...this.#lost, ...this.#doubled, ...this.#corrupt]) {
      console.log(`  fault: ${fault}`)
    }
    console.log(`${this.#acknowledged.size} calls were acknowledged`)
    const [lost, doubled, corrupt] = [this.#lost.size, this.#doubled.size, this.#corrupt.size]
    console.log(`${killCount} kills, ${lost} lost, ${doubled} doubled, ${corrupt} corrupt`)
    return lost + doubled + corrupt === 0 && this.#acknowledged.size > 0
  }

  /** The whole browser dies, is started again on its profile, and so on. */
  async #killBrowsers(): Promise<void> {
    for (let kill = 0; kill < this.#options.killCount; kill++) {
      const browser = await startChromium(this.#profile)
      const page = await this.#openPage(browser)
      await this.#check(page)
      await this.#write(page)
      // Every other kill also takes the leader's place from a second writing tab.
      if (kill % 2 === 1) await this.#write(await this.#openPage(browser))
      await delay(this.#pause())
      await browser.kill()
      this.#progress(kill)
    }
    const browser = await startChromium(this.#profile)
    await this.#check(await this.#openPage(browser))
    await browser.close()
  }

  /** The browser lives on; a worker or the leader's tab dies under it. */
  async #killInside(target: 'worker' | 'tab' | 'job-tab'): Promise<void> {
    const browser = await startChromium(this.#profile)
    let leader = await this.#openPage(browser)
    let other = await this.#openPage(browser)
    await this.#write(leader)
    await this.#write(other)
    for (let kill = 0; kill < this.#options.killCount; kill++) {
      await delay(this.#pause())
      if (target === 'worker') await callPart(leader, 'kill', 'terminateWorker')
      else await this.#killTab(leader, kill)
      await this.#untilWritesGoOn()
      await this.#check(other)
      if (target !== 'worker') {
        leader = other
        other = await this.#openPage(browser)
        await this.#write(other)
      }
      this.#progress(kill)
    }
    await browser.close()
  }

  /** By turns closed as a person would, and crashed. */
  async #killTab(page: Page, kill: number): Promise<void> {
    if (kill % 2 === 0) return page.close({ runBeforeUnload: false })
    const session = await page.context().newCDPSession(page)
    // The crashed page cannot answer the command that crashed it.
    void session.send('Page.crash').catch(() => undefined)
    await page.waitForEvent('crash')
    await page.close()
  }

  async #openPage(browser: ChromiumProcess): Promise<Page> {
    const page = await browser.context.newPage()
    page.on('pageerror', (error) => console.log(`  page: ${error.message}`))
    await page.exposeFunction('reportAcknowledged', (call: string) => {
      if (this.#acknowledged.has(call)) this.#doubled.add(`${call} was acknowledged twice`)
      this.#acknowledged.add(call)
    })
    await page.exposeFunction('reportFailure', (message: string) => {
      this.#corrupt.add(`a writer failed: ${message}`)
    })
    await page.goto(`${this.#site.url}#kill`)
    await page.waitForSelector('html[data-part=kill]', { state: 'attached' })
    const isJob = this.#options.target.startsWith('job')
    await callPart(page, 'kill', 'open', isJob ? 'job' : 'universe')
    return page
  }

  async #write(page: Page): Promise<void> {
    this.#writerCount += 1
    await callPart(page, 'kill', 'write', `w${this.#writerCount}`, IN_FLIGHT)
  }

  async #untilWritesGoOn(): Promise<void> {
    const before = this.#acknowledged.size
    const deadline = Date.now() + RECOVERY_MS_MAX
    while (this.#acknowledged.size <= before + 2 * IN_FLIGHT) {
      if (Date.now() > deadline) {
        this.#lost.add(`no writes went on within ${RECOVERY_MS_MAX} ms after a kill`)
        return
      }
      await delay(10)
    }
  }

  async #check(page: Page): Promise<void> {
    // Taken before the state is read: what is acknowledged meanwhile may be missing from it.
    const acknowledged = new Set(this.#acknowledged)
    await this.#setPaused(page, true)
    const tally = tallyOf(await callPart(page, 'kill', 'state'), acknowledged)
    await this.#setPaused(page, false)
    for (const call of tally.lost) this.#lost.add(call)
    for (const call of tally.doubled) this.#doubled.add(call)
    for (const fault of tally.corrupt) this.#corrupt.add(fault)
  }

  /** Writers of all tabs rest while the ledger is checked, or it grows faster than it is read. */
  async #setPaused(page: Page, isPaused: boolean): Promise<void> {
    const open = page
      .context()
      .pages()
      .filter((other) => other.url().startsWith(this.#site.url))
    await Promise.all(open.map((other) => callPart(other, 'kill', 'setPaused', isPaused)))
  }

  #progress(kill: number): void {
    console.log(`  kill ${kill + 1}: ${this.#acknowledged.size} calls acknowledged so far`)
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  const { target } = options
  if (target === 'relay') {
    process.exitCode = (await killRelays(options)) ? 0 : 1
    return
  }
  const profile = await mkdtemp(join(tmpdir(), 'inner-universe-kill-'))
  const site = await serveSite('bench')
  try {
    process.exitCode = (await new KillTest({ ...options, target }, site, profile).run()) ? 0 : 1
  } finally {
    await site.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The replicas live on; the relay dies under them and is started again. */
async function killRelays({ killCount, seed }: Options): Promise<boolean> {
  console.log(`killing a relay ${killCount} times, seed ${seed}`)
  const pauseMs = createPauses(seed)
  const { acknowledged, lost, doubled, corrupt } = await killRelay({
    killCount,
    pauseMs,
    say: (line) => console.log(line),
  })
  for (const fault of [...lost, ...doubled, ...corrupt]) console.log(`  fault: ${fault}`)
  console.log(`${acknowledged} calls were acknowledged by the relay`)
  const counts = `${lost.length} lost, ${doubled.length} doubled, ${corrupt.length} corrupt`
  console.log(`${killCount} kills, ${counts}`)
  return lost.length + doubled.length + corrupt.length === 0 && acknowledged > 0
}

await main()
