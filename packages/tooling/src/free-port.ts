import { createServer } from 'node:net'

/**
 * A port of 127.0.0.1 that nothing listened on a moment ago.
 *
 * Another process may take it before the caller does: start the server with a strict port, so that
 * this shows as an error and not as a test against somebody else's server.
 */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
        else resolve(address.port)
      })
    })
  })
}
