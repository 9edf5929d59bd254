/** A relay in a process of its own, as an operator starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RelayConfigInput } from '../config.ts'

const COMMAND = join(import.meta.dirname, '../../bin/inner-universe.js')

/** What a test signs tokens with. */
export const TEST_SECRET = 'a secret for tests, long enough to be one'

/** A folder with a relay's data, and the relay that runs in it. */
export interface RelayFolder {
  readonly path: string
  /** Starts the relay; resolves when it listens. */
  start(config?: RelayConfigInput): Promise<RelayProcess>
  /** Ends what still runs and removes the folder. */
  remove(): Promise<void>
}

/** A relay that is running. */
export interface RelayProcess {
  /** `ws://…` */
  readonly url: string
  /** `http://…` */
  readonly httpUrl: string
  readonly process: ChildProcess
  /** What it has written to standard error: its log. */
  readonly log: () => string
  /** Resolves when its log has a line of that message. */
  logged(message: string): Promise<void>
  /** Sends a signal; resolves to the exit code, or the signal that ended it. */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

/** Creates an empty folder for a relay. */
export function createRelayFolder(): RelayFolder {
  const path = mkdtempSync(join(tmpdir(), 'inner-universe-relay-'))
  const running = new Set<RelayProcess>()
  return {
    path,
    async start(config = {}) {
      const relay = await startProcess(path, config)
      running.add(relay)
      relay.process.once('exit', () => running.delete(relay))
      return relay
    },
    async remove() {
      await Promise.all([...running].map((relay) => relay.stop('SIGKILL')))
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Runs a command line of the relay to its end. */
export async function runCommand(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = textOf(child.stdout)
  const stderr = textOf(child.stderr)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout: stdout(), stderr: stderr() }
}

async function startProcess(path: string, config: RelayConfigInput): Promise<RelayProcess> {
  const file = join(path, 'relay.json')
  writeFileSync(file, JSON.stringify({ secret: TEST_SECRET, dataDir: 'data', port: 0, ...config }))
  const child = spawn(process.execPath, [COMMAND, 'run', '--config', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = textOf(child.stderr)
  const stdout = textOf(child.stdout)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const [, found] = /relay: (ws:\S+)\n/.exec(stdout()) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}: ${log()}`)))
  })
  return {
    url,
    httpUrl: url.replace('ws', 'http'),
    process: child,
    log,
    logged: (message) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (log().includes(`"msg":"${message}"`)) resolve()
        }
        child.stderr?.on('data', look)
        look()
      }),
    async stop(signal) {
      child.kill(signal)
      return ended
    },
  }
}

function textOf(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.on('data', (part: Buffer) => {
    text += part.toString('utf8')
  })
  return () => text
}
