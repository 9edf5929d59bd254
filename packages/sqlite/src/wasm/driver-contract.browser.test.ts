import { afterAll, describe, test } from 'vitest'
import { cdp } from 'vitest/browser'
import { driverContract, sqlContract } from '../testing/index.ts'
import { fullDiskTitle, opfsContract } from '../testing/opfs-contract.ts'
import { hasOpfs, loadSqlite, openWasmDatabase } from './index.ts'

const worker = new Worker(new URL('../testing/contract-worker.ts', import.meta.url), {
  type: 'module',
})
afterAll(() => worker.terminate())

for (const [place, cases] of [
  ['opfs', [...driverContract, ...sqlContract]],
  ['memory', [...driverContract, ...sqlContract]],
  ['files', opfsContract],
] as const) {
  describe(`wa-sqlite in a worker: ${place}`, () => {
    for (const { title } of cases) test(title, () => runInWorker(place, title))
  })
}

test('a page cannot open databases in OPFS, and says so', async ({ expect }) => {
  expect(await hasOpfs()).toBe(false)
  const storage = { kind: 'opfs', directory: 'contract/page' } as const
  await expect(
    openWasmDatabase({ sqlite: loadSqlite(), storage, durability: 'power' }),
  ).rejects.toMatchObject({ code: 'storage/unavailable' })
})

test('a full disk fails the call, undoes it, and reads go on', async () => {
  const session = cdp() as CdpSession
  const { usage = 0 } = await navigator.storage.estimate()
  const quotaSize = usage + 4_000_000
  await session.send('Storage.overrideQuotaForOrigin', { origin: location.origin, quotaSize })
  try {
    await runInWorker('full', fullDiskTitle)
  } finally {
    await session.send('Storage.overrideQuotaForOrigin', { origin: location.origin })
  }
})

interface CdpSession {
  send(method: string, params: object): Promise<unknown>
}

function runInWorker(place: string, title: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string | undefined>) => {
      if (data === undefined) resolve()
      else reject(new Error(data))
    }
    worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`))
    worker.postMessage({ place, title })
  })
}
