/** A real relay in a process of its own, on a data directory that outlives its kills. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createToken } from '@inner-universe/relay'
import { findFreePort } from '@inner-universe/tooling'
import { type RunningServer, startServer } from './server-process.ts'

const COMMAND = fileURLToPath(
  new URL('../bin/inner-universe.js', import.meta.resolve('@inner-universe/relay')),
)
const DAY_MS = 86_400_000

/** Limits out of the way of a generator of load. */
const GENEROUS_LIMITS = {
  connectionsMax: 20_000,
  messagesPerSecond: 1_000_000,
  pushBytesPerSecond: 2 ** 30,
}

/** The relay as it runs by default: SQLite, every commit flushed. */
export class RelayProcess {
  readonly url: string
  /** May read and write every universe. */
  readonly token: string
  readonly folder: string
  readonly #port: number
  readonly #config: Readonly<Record<string, unknown>>
  #server: RunningServer | undefined

  private constructor(
    folder: string,
    port: number,
    token: string,
    config: Readonly<Record<string, unknown>>,
  ) {
    this.folder = folder
    this.#port = port
    this.#config = config
    this.url = `ws://127.0.0.1:${port}`
    this.token = token
  }

  /** Starts a relay on a new data directory. `retention` as in the relay's configuration. */
  static async start(
    retention: Readonly<Record<string, number>> = {},
    modules: readonly string[] = [],
  ): Promise<RelayProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'inner-universe-relay-'))
    const port = await findFreePort()
    const secret = randomBytes(32).toString('hex')
    const limits = GENEROUS_LIMITS
    const rest = { logLevel: 'warn', devTokens: true, limits, modules }
    const config = { port, dataDir: folder, secret, ...rest }
    const token = await createToken({
      secret,
      identity: 'bench',
      universes: { '*': 'write' },
      issuedMs: Date.now(),
      expiresMs: Date.now() + DAY_MS,
    })
    const relay = new RelayProcess(folder, port, token, config)
    await relay.restart({ retention })
    return relay
  }

  get pid(): number {
    return this.#server?.pid ?? 0
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    await this.#server?.kill()
  }

  /** Starts it again on its data, on the same port; with another configuration if one is given. */
  async restart(changes?: { readonly retention: Readonly<Record<string, number>> }): Promise<void> {
    const path = join(this.folder, 'relay.json')
    if (changes !== undefined) {
      await writeFile(path, JSON.stringify({ ...this.#config, ...changes }))
    }
    const command = [COMMAND, 'run', '--config', path]
    this.#server = await startServer(command, {}, this.#port)
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.#server?.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
