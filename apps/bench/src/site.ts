/** The production build of an app, served on 127.0.0.1. */
import { fileURLToPath } from 'node:url'
import { findFreePort } from '@inner-universe/tooling'
import { build, preview } from 'vite'

const configFile = fileURLToPath(new URL('../../../vite.config.ts', import.meta.url))

/** A running server; `close` ends it. */
export interface Site {
  readonly url: string
  close(): Promise<void>
}

/** Builds an app and serves it on a free port. */
export async function serveSite(app: 'bench' | 'demo'): Promise<Site> {
  const root = fileURLToPath(new URL(`../../${app}`, import.meta.url))
  await build({ root, configFile, logLevel: 'error' })
  const port = await findFreePort()
  const server = await preview({
    root,
    configFile,
    logLevel: 'warn',
    preview: { host: '127.0.0.1', port, strictPort: true },
  })
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
