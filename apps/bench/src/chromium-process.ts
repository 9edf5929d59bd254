/**
 * A Chromium of our own making, so that it can be killed as the kernel kills: SIGKILL to the whole
 * process group, no goodbye. Its profile outlives it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CHROMIUM_ARGS, ensureChromium } from '@inner-universe/tooling'
import { type Browser, type BrowserContext, chromium } from 'playwright'

const START_MS_MAX = 30_000

/** A running Chromium and the connection to it. */
export interface ChromiumProcess {
  readonly context: BrowserContext
  readonly browserPid: number
  /** Ends browser, GPU, network and renderer processes at once. Resolves when they are gone. */
  kill(): Promise<void>
  /** Ends it in good order. */
  close(): Promise<void>
}

/** Starts Chromium on a profile directory. */
export async function startChromium(
  profile: string,
  extraArgs: readonly string[] = [],
): Promise<ChromiumProcess> {
  const portFile = join(profile, 'DevToolsActivePort')
  await rm(portFile, { force: true })
  const child = spawn(
    ensureChromiumOnce(),
    [
      '--headless',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      ...CHROMIUM_ARGS,
      ...extraArgs,
      'about:blank',
    ],
    // A process group of its own, so that one signal reaches every one of its processes.
    { detached: true, stdio: 'ignore' },
  )
  const pid = child.pid
  if (pid === undefined) throw new Error('Chromium did not start')
  running.add(pid)
  child.once('exit', () => running.delete(pid))
  const browser = await connect(child, portFile)
  const context = browser.contexts()[0]
  if (context === undefined) throw new Error('Chromium has no default context')
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    context,
    browserPid: pid,
    async kill() {
      process.kill(-pid, 'SIGKILL')
      await ended
    },
    async close() {
      // Over CDP `browser.close()` only disconnects; the protocol's own command ends the browser.
      const session = await browser.newBrowserCDPSession()
      await session.send('Browser.close')
      await ended
    },
  }
}

/** Browsers to take along when this process ends: in a group of their own they would stay. */
const running = new Set<number>()

process.once('exit', () => {
  for (const pid of running) process.kill(-pid, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

let executable: string | undefined

function ensureChromiumOnce(): string {
  executable ??= ensureChromium()
  return executable
}

async function connect(child: ChildProcess, portFile: string): Promise<Browser> {
  const deadline = Date.now() + START_MS_MAX
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Chromium ended with code ${child.exitCode}`)
    // Not there, or not whole, until the browser listens.
    const [port, path] = (await readFile(portFile, 'utf8').catch(() => '')).split('\n')
    if (port && path) return chromium.connectOverCDP(`ws://127.0.0.1:${port}${path}`)
    await delay(20)
  }
  child.kill('SIGKILL')
  throw new Error(`Chromium did not listen within ${START_MS_MAX} ms`)
}
