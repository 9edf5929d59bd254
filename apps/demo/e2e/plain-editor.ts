/** The page of `plain-editor.html`, bundled and served for a test: an ordinary client of Yjs. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build, type Rolldown } from 'vite'

/** A server of the page. */
export interface PlainEditor {
  /** The page's address for a document of a relay, named as the relay names documents to such clients. */
  addressOf(of: {
    readonly relayUrl: string
    readonly document: string
    readonly token: string
    readonly user: string
  }): string
  close(): Promise<void>
}

/** Bundles the page and serves it. */
export async function servePlainEditor(): Promise<PlainEditor> {
  const files = await bundle()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    const body = files.get(path)
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html',
    })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    addressOf({ relayUrl, ...others }) {
      const params = new URLSearchParams({ relay: relayUrl, ...others })
      return `http://127.0.0.1:${port}/plain-editor.html?${params}`
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const built = (await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2024',
      rolldownOptions: { input: join(import.meta.dirname, 'plain-editor.html') },
    },
  })) as Rolldown.RolldownOutput
  return new Map(
    built.output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk' ? file.code : String(file.source),
    ]),
  )
}
