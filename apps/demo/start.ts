/**
 * What `npm start` runs: builds the demo, serves it, and runs a relay beside it, until Ctrl-C.
 * `npm run dev` is the same with hot reload.
 */
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isUniverseError } from '@inner-universe/core'
import { parseConfig, type RunningRelay, startRelay } from '@inner-universe/relay'
import { build, createServer, type InlineConfig, preview } from 'vite'

const ROOT = join(import.meta.dirname, '../..')

/** Ports looked at above the one that is wanted. */
const PORTS_TRIED = 20

interface Options {
  readonly isDev: boolean
  readonly host: string
  readonly pagePort: number
  readonly relayPort: number
  readonly dataDir: string
}

interface Page {
  readonly url: string
  close(): Promise<void>
}

async function main(): Promise<void> {
  const options = readOptions()
  const { host, isDev } = options
  // Before the build: the page is told the port.
  const relayPort = await freePort('relay', host, options.relayPort)
  const relay = await startRelay(
    parseConfig(
      {
        host,
        port: relayPort,
        dataDir: options.dataDir,
        devTokens: true,
        logLevel: 'warn',
        // A second device is opened soon after the first was filled, and should find an image.
        retention: { everyMs: 5000 },
      },
      ROOT,
    ),
  )
  process.env.VITE_RELAY_PORT = String(relay.port)
  const pagePort = await freePort('demo', host, options.pagePort)
  const config: InlineConfig = {
    root: import.meta.dirname,
    configFile: join(ROOT, 'vite.config.ts'),
    logLevel: 'warn',
    // It is served from this machine: nothing to warn of.
    build: { chunkSizeWarningLimit: 1000 },
    server: { host, port: pagePort, strictPort: true },
    preview: { host, port: pagePort, strictPort: true },
  }
  const page = isDev
    ? await serve(config, host, pagePort)
    : await buildAndServe(config, host, pagePort)
  stopOnSignals(page, relay)
  console.log(`
  WordNet Explorer   ${page.url}
  Relay              ${relay.url}   (its data: ${options.dataDir})

  Open the first address and import WordNet, or a sample of it. Then open it again in a private
  window or in another browser: that is a second device, and fills itself. Edit in both, switch one
  to offline, edit on, and switch it back. The badge beside the search says how sync stands.

  Ctrl-C stops both.
`)
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      dev: { type: 'boolean', default: false },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '5173' },
      'relay-port': { type: 'string', default: '8787' },
      data: { type: 'string', default: '.inner-universe' },
    },
  })
  return {
    isDev: values.dev,
    host: values.host,
    pagePort: portOf('--port', values.port),
    relayPort: portOf('--relay-port', values['relay-port']),
    dataDir: values.data,
  }
}

function portOf(flag: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port
  throw new Error(`${flag} is ${text}; give a port from 1 to 65535`)
}

/** The port, or the next that nothing listens on, saying so. */
async function freePort(what: string, host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + PORTS_TRIED; port++) {
    if (!(await isFree(host, port))) continue
    if (port !== wanted) {
      console.log(`port ${wanted} is taken by another program; the ${what} takes ${port}`)
    }
    return port
  }
  throw new Error(`the ports from ${wanted} on are all taken; give another for the ${what}`)
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createTcpServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}

async function serve(config: InlineConfig, host: string, port: number): Promise<Page> {
  const server = await createServer(config)
  await server.listen()
  return { url: `http://${host}:${port}/`, close: () => server.close() }
}

async function buildAndServe(config: InlineConfig, host: string, port: number): Promise<Page> {
  console.log('building the demo …')
  await build(config)
  const server = await preview(config)
  return { url: `http://${host}:${port}/`, close: () => server.close() }
}

function stopOnSignals(page: Page, relay: RunningRelay): void {
  let isStopping = false
  const stop = (): void => {
    // The second is for those who do not want to wait.
    if (isStopping) process.exit(1)
    isStopping = true
    Promise.all([page.close(), relay.close()]).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

main().catch((error: unknown) => {
  console.error(isUniverseError(error) || error instanceof Error ? error.message : error)
  process.exit(1)
})
