/** A relay in a process of its own, as an operator starts it, that can be killed and restored. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RelayConfigInput } from '@inner-universe/relay'

const COMMAND = join(import.meta.dirname, '../../../packages/relay/bin/inner-universe.js')

/** A relay with its data, running or not. */
export interface Relay {
  /** The same for all its lives. */
  readonly url: string
  /** Resolves when it listens. */
  start(): Promise<void>
  /** Resolves when the process is gone. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Keeps a copy of its data as it is now. The relay must not run. */
  backUp(): Promise<void>
  /** Puts the last copy in the place of its data. The relay must not run. */
  restore(): Promise<void>
  /** What its lives have logged. */
  readonly log: () => string
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** Makes a relay with no data; `start` it. */
export async function createRelay(retention: RelayConfigInput['retention'] = {}): Promise<Relay> {
  const folder = await mkdtemp(join(tmpdir(), 'inner-universe-e2e-relay-'))
  const [file, data, copy] = ['relay.json', 'data', 'copy'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const port = await freePort()
  const config: RelayConfigInput = { dataDir: data, port, devTokens: true, retention }
  await writeFile(file, JSON.stringify(config))
  let log = ''
  let child: ChildProcess | undefined

  async function stop(signal: NodeJS.Signals): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await ended
  }

  return {
    url: `ws://127.0.0.1:${port}`,
    async start() {
      const started = spawn(process.execPath, [COMMAND, 'run', '--config', file], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      started.stderr.on('data', (part) => {
        log += part
      })
      await new Promise<void>((resolve, reject) => {
        started.stdout.once('data', () => resolve())
        started.once('exit', (code) => reject(new Error(`the relay ended with ${code}: ${log}`)))
      })
    },
    stop,
    backUp: () => cp(data, copy, { recursive: true }),
    async restore() {
      await rm(data, { recursive: true })
      await cp(copy, data, { recursive: true })
    },
    log: () => log,
    async remove() {
      await stop('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One that nothing listens on: the relay comes back to it after each of its deaths. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      server.close(() => (port === undefined ? reject(new Error('no port')) : resolve(port)))
    })
  })
}
