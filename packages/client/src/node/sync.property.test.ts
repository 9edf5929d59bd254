/** Devices that write, pause, close and come back while their relay restarts: nothing durable is lost. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToken, parseConfig, startRelay } from '@inner-universe/relay'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { SyncStatus, Universe } from '../main/universe.ts'
import { sharedNotes } from '../testing/shared-notes.ts'
import { openUniverse } from './index.ts'

type Notes = Universe<typeof sharedNotes.tables, typeof sharedNotes.reducers>

const SECRET = 'a secret of at least thirty-two characters'
const directory = mkdtempSync(join(tmpdir(), 'inner-universe-chaos-'))
let runCount = 0

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const step = fc.record({
  device: fc.nat(2),
  kind: fc.constantFrom('add', 'add', 'add', 'edit', 'edit', 'pause', 'resume', 'reopen', 'relay'),
  pick: fc.nat(100),
  waitMs: fc.constantFrom(0, 0, 0, 5, 30),
})

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const isSynced = ({ kind, unsyncedCount }: SyncStatus): boolean =>
  kind === 'live' && unsyncedCount === 0

async function run(steps: readonly Step[]): Promise<void> {
  const folder = join(directory, `${++runCount}`)
  mkdirSync(folder)
  const startAt = (port: number) =>
    startRelay(
      parseConfig(
        {
          port,
          storage: 'sqlite',
          dataDir: join(folder, 'relay'),
          secret: SECRET,
          logLevel: 'silent',
          retention: { imageEveryEntries: 8, everyMs: 40, floorLagMs: 100, sessionMemoryMs: 1_000 },
        },
        folder,
      ),
    )
  let relay = await startAt(0)
  const { url, port } = relay
  const open = (device: number): Promise<Notes> =>
    openUniverse(sharedNotes, {
      path: join(folder, `device-${device}.db`),
      durability: 'process',
      identity: `device ${device}`,
      sync: {
        url,
        universe: 'home',
        token: () => {
          const issuedMs = Date.now()
          return createToken({
            secret: SECRET,
            identity: `device ${device}`,
            universes: { home: 'write' },
            issuedMs,
            expiresMs: issuedMs + 3_600_000,
          })
        },
      },
    })
  const devices = [await open(0), await open(1), await open(2)]
  const ids: string[] = []
  const rejected: unknown[] = []
  for (const { device, kind, pick, waitMs } of steps) {
    const universe = devices[device] as Notes
    switch (kind) {
      case 'add': {
        const call = universe.reducers.addNote({ text: `${ids.length} by ${device}` })
        ids.push(await call)
        call.confirmed.catch((error: { code: string }) => {
          if (error.code !== 'client/closed') rejected.push(error)
        })
        break
      }
      case 'edit': {
        const rows = await universe.query((q) => q.note.orderBy('id'))
        const row = rows[pick % Math.max(1, rows.length)]
        if (row) await universe.reducers.editNote({ id: row.id, text: `edited by ${device}` })
        break
      }
      case 'pause':
        universe.sync.pause()
        break
      case 'resume':
        universe.sync.resume()
        break
      case 'reopen':
        await universe.close()
        devices[device] = await open(device)
        break
      case 'relay':
        await relay.close()
        relay = await startAt(port)
        break
    }
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  const late = await open(3)
  devices.push(late)
  try {
    for (const universe of devices) universe.sync.resume()
    await expect
      .poll(
        async () => {
          const statuses = devices.map(({ sync }) => sync.status)
          if (!statuses.every(isSynced)) return statuses
          const digests = await Promise.all(devices.map((universe) => universe.digest()))
          return new Set(digests).size
        },
        { timeout: 15_000, interval: 50 },
      )
      .toBe(1)
    for (const universe of devices) {
      const rows = await universe.query((q) => q.note.orderBy('id'))
      expect(rows.map(({ id }) => id)).toEqual([...ids].sort())
      expect(await universe.verify()).toEqual([])
    }
    expect(rejected).toEqual([])
  } finally {
    for (const universe of devices) await universe.close()
    await relay.close()
  }
}

test('whatever devices and their relay go through, all devices end with all that was durable', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), run), {
    numRuns: 3,
    // A run takes a second: a failure is told as it was found.
    endOnFailure: true,
  })
}, 200_000)
