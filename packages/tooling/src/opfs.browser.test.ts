import { expect, test } from 'vitest'

const FILE = 'tooling-opfs-test'

/** What a worker of its own, gone when this resolves, finds in the file after appending `bytes`. */
async function appendInWorker(bytes: Uint8Array): Promise<Uint8Array> {
  const worker = new Worker(new URL('./opfs-worker.ts', import.meta.url), { type: 'module' })
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data)
      worker.onerror = (event) => reject(new Error(event.message))
      worker.postMessage({ name: FILE, bytes })
    })
  } finally {
    worker.terminate()
  }
}

test('a dedicated worker writes OPFS through a synchronous access handle, the next one reads it', async () => {
  expect(await appendInWorker(new Uint8Array([1, 2, 3]))).toEqual(new Uint8Array([1, 2, 3]))
  expect(await appendInWorker(new Uint8Array([4]))).toEqual(new Uint8Array([1, 2, 3, 4]))
  const directory = await navigator.storage.getDirectory()
  await directory.removeEntry(FILE)
})

test('the profile is on disk: there is room for a database, and the page is secure', async () => {
  expect(isSecureContext).toBe(true)
  const { quota = 0 } = await navigator.storage.estimate()
  // In memory the quota is a share of RAM, some hundred megabytes.
  expect(quota).toBeGreaterThan(4 * 2 ** 30)
})
