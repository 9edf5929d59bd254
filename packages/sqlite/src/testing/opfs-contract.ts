import type { Driver } from '../driver.ts'
import { inTransaction } from '../transaction.ts'
import {
  deleteOpfsDatabase,
  dropStagedOpfs,
  hasOpfs,
  importOpfsDatabase,
  loadSqlite,
  type OpfsStaging,
  openWasmDatabase,
  readOpfsDatabase,
  stageOpfsDatabase,
  warmUpSqlite,
} from '../wasm/index.ts'
import { expectCode, expectEqual, expectRejection } from './expectation.ts'

/** What the files of the browser do, as cases for a dedicated worker. */
export const opfsContract: readonly { readonly title: string; run(): Promise<void> }[] = [
  {
    title: 'OPFS is there, a database says where it is, and warming up changes nothing',
    async run() {
      expectEqual(await hasOpfs(), true)
      const driver = await open()
      expectEqual(driver.storage, 'opfs')
      driver.close()
      warmUpSqlite(await sqlite)
      const memory = await openWasmDatabase({
        sqlite,
        storage: { kind: 'memory' },
        durability: 'power',
      })
      expectEqual(memory.storage, 'memory')
      memory.close()
    },
  },
  {
    title: 'a second owner is refused until the first has closed',
    async run() {
      const driver = await open()
      await expectRejection(open(), 'storage/locked')
      await expectRejection(deleteOpfsDatabase(directory), 'storage/locked')
      await expectRejection(importBytes([]), 'storage/locked')
      expectEqual(count(driver), 0)
      driver.close()
      const next = await open()
      expectEqual(count(next), 0)
      next.close()
    },
  },
  {
    title: 'a failed open gives its files back',
    async run() {
      const driver = await open()
      driver.close()
      await overwrite('0.db', 0, new Uint8Array(100).fill(0xa5))
      const before = await bytesOf('0.db')
      for (let attempt = 0; attempt < 3; attempt++) {
        await expectRejection(open(), 'storage/not-a-database')
      }
      expectEqual(await bytesOf('0.db'), before, 'bytes')
      const saved: number[] = []
      for await (const chunk of readOpfsDatabase(directory, 1_000)) saved.push(...chunk)
      expectEqual(Uint8Array.from(saved), before, 'saved bytes')
    },
  },
  {
    title: 'SQLite that cannot be loaded leaves the files free',
    async run() {
      await expectRejection(
        openWasmDatabase({
          sqlite: loadSqlite({ wasm: new Uint8Array([1, 2, 3]) }),
          storage: { kind: 'opfs', directory },
          durability: 'power',
        }),
        'client/worker-failed',
      )
      const driver = await open()
      driver.close()
    },
  },
  {
    title: 'damage is told, and the bytes stay as they were',
    async run() {
      const driver = await open()
      fill(driver, 500)
      driver.close()
      await overwrite('0.db', 100, new Uint8Array(60).fill(0xa5))
      const before = await bytesOf('0.db')
      await expectRejection(open(), 'storage/corrupt')
      expectEqual(await bytesOf('0.db'), before, 'bytes')
    },
  },
  {
    title: 'a deleted database is gone, and deleting again is fine',
    async run() {
      const driver = await open()
      fill(driver, 10)
      driver.close()
      await deleteOpfsDatabase(directory)
      await deleteOpfsDatabase(directory)
      await deleteOpfsDatabase('contract/never-was')
      const next = await open()
      expectEqual(count(next), 0)
      next.close()
    },
  },
  {
    title: 'an import takes the place of the old database',
    async run() {
      const bytes = await exported(300)
      const driver = await open()
      fill(driver, 7)
      driver.close()
      const progress: number[] = []
      await importBytes(pieces(bytes, 10_000), {
        onProgress: (bytesWritten) => progress.push(bytesWritten),
        validate: (candidate) => expectEqual(count(candidate), 300),
      })
      expectEqual(progress.at(-1), bytes.length, 'progress')
      expectEqual(await filesNow(), ['1.db', '1.db-journal', '1.db-wal', '1.ready'])
      const imported = await open()
      expectEqual(count(imported), 300)
      fill(imported, 1)
      imported.close()
      // A second time: generations go on counting.
      await importBytes(pieces(bytes, 33))
      const again = await open()
      expectEqual(count(again), 300)
      again.close()
      expectEqual((await filesNow())[0], '2.db')
    },
  },
  {
    title: 'an import into an empty place makes the database',
    async run() {
      await importBytes([await exported(20)])
      const driver = await open()
      expectEqual(count(driver), 20)
      driver.close()
    },
  },
  {
    title: 'an import that fails leaves the old database, whatever fails',
    async run() {
      const bytes = await exported(300)
      const damaged = bytes.slice()
      damaged.fill(0xa5, 3 * 8_192, 3 * 8_192 + 500)
      const driver = await open()
      fill(driver, 7)
      driver.close()
      const abort = new AbortController()
      abort.abort()
      await expectRejection(importBytes([]), 'storage/not-a-database')
      await expectRejection(importBytes([bytes.slice(0, 50)]), 'storage/not-a-database')
      await expectRejection(
        importBytes(pieces(new TextEncoder().encode('not a database '.repeat(99)), 30)),
        'storage/not-a-database',
      )
      await expectRejection(importBytes([damaged]), 'storage/corrupt')
      await expectRejection(importBytes([bytes.slice(0, 30_000)]), 'storage/corrupt')
      await expectRejection(importBytes([bytes], { signal: abort.signal }), 'call/aborted')
      const refuse = () => {
        throw Object.assign(new Error('another module'), { code: 'engine/module-mismatch' })
      }
      await expectRejection(importBytes([bytes], { validate: refuse }), 'engine/module-mismatch')
      const brokenStream = (async function* () {
        yield bytes.slice(0, 20_000)
        throw Object.assign(new Error('the network went away'), { code: 'network' })
      })()
      await expectRejection(importBytes(brokenStream), 'network')
      expectEqual(await filesNow(), ['0.db', '0.db-journal', '0.db-wal'])
      const kept = await open()
      expectEqual(count(kept), 7)
      kept.close()
    },
  },
  {
    title: 'what a killed import leaves is no database and is removed at the next open',
    async run() {
      const driver = await open()
      fill(driver, 7)
      driver.close()
      // Everything written and flushed, only the mark not made: the last moment before the switch.
      await overwrite('1.db', 0, await exported(300))
      await overwrite('1.db-wal', 0, new Uint8Array(10))
      const kept = await open()
      expectEqual(count(kept), 7)
      expectEqual(await filesNow(), ['0.db', '0.db-journal', '0.db-wal'])
      kept.close()
    },
  },
  {
    title: 'what an import killed after the switch leaves behind is removed too',
    async run() {
      const driver = await open()
      fill(driver, 7)
      driver.close()
      await overwrite('1.db', 0, await exported(300))
      await overwrite('1.ready', 0, new Uint8Array(0))
      const imported = await open()
      expectEqual(count(imported), 300)
      expectEqual(await filesNow(), ['1.db', '1.db-journal', '1.db-wal', '1.ready'])
      imported.close()
    },
  },
  {
    title: 'a database is staged beside the open one, in any order, and takes over in one step',
    async run() {
      const driver = await open()
      fill(driver, 7)
      const bytes = await exported(300)
      const staged = await stage()
      await expectRejection(stage(), 'storage/locked')
      const half = bytes.length >> 1
      staged.write(half, bytes.subarray(half))
      staged.write(0, bytes.subarray(0, half))
      staged.write(bytes.length, new Uint8Array(10))
      const next = staged.open(bytes.length)
      fill(next, 5)
      fill(driver, 1)
      expectEqual([count(driver), count(next)], [8, 305])
      next.checkpoint()
      next.close()
      driver.close()
      await staged.takeOver()
      // Too late: it is the universe now.
      await staged.drop()
      const current = await open()
      expectEqual(count(current), 305)
      expectEqual(await filesNow(), ['1.db', '1.db-journal', '1.db-wal', '1.ready'])
      current.close()
    },
  },
  {
    title: 'an empty database is staged as well, after what an earlier attempt left',
    async run() {
      const driver = await open()
      const first = await stage()
      first.write(0, await exported(300))
      first.close()
      const staged = await stage()
      const next = staged.open(0)
      expectEqual(count(next), 0)
      fill(next, 5)
      next.checkpoint()
      next.close()
      driver.close()
      await staged.takeOver()
      const current = await open()
      expectEqual(count(current), 5)
      current.close()
    },
  },
  {
    title: 'what was staged outlives its worker, and is no database before it takes over',
    async run() {
      const driver = await open()
      fill(driver, 7)
      const bytes = await exported(300)
      const staged = await stage()
      staged.write(0, bytes)
      // What SQLite writes after a first start of the staged database belongs to that start alone.
      staged.close()
      await overwrite('1.db-wal', 0, new Uint8Array(100).fill(0xa5))
      driver.close()
      const again = await open()
      expectEqual(count(again), 7)
      const kept = await stage()
      expectEqual(kept.read(0, bytes.length), bytes, 'kept bytes')
      expectEqual(kept.read(bytes.length - 4, 100).length, 4)
      const next = kept.open(bytes.length)
      expectEqual(count(next), 300)
      next.close()
      kept.close()
      again.close()
    },
  },
  {
    title: 'staged leftovers go by a word, by an import, and when they have taken over',
    async run() {
      const driver = await open()
      const staged = await stage()
      staged.write(0, new Uint8Array(10))
      await staged.drop()
      expectEqual(await filesNow(), ['0.db', '0.db-journal', '0.db-wal'])
      const left = await stage()
      left.close()
      await dropStagedOpfs(directory)
      await dropStagedOpfs('contract/never-was')
      expectEqual(await filesNow(), ['0.db', '0.db-journal', '0.db-wal'])
      const imported = await stage()
      imported.write(0, new Uint8Array(10_000_000))
      imported.close()
      driver.close()
      await importBytes([await exported(20)])
      const current = await open()
      expectEqual(count(current), 20)
      expectEqual(await filesNow(), ['1.db', '1.db-journal', '1.db-wal', '1.ready'])
      current.close()
      // Killed right after the switch: the old files are still there, and the mark of the staged.
      await overwrite('2.db', 0, await exported(30))
      await overwrite('2.staged', 0, new Uint8Array(0))
      await overwrite('2.ready', 0, new Uint8Array(0))
      const last = await open()
      expectEqual(count(last), 30)
      expectEqual(await filesNow(), ['2.db', '2.db-journal', '2.db-wal', '2.ready'])
      last.close()
    },
  },
].map(({ title, run }) => ({
  title,
  async run() {
    await deleteOpfsDatabase(directory)
    try {
      await run()
    } finally {
      await deleteOpfsDatabase(directory)
    }
  },
}))

/** The case that only runs where the browser leaves a few megabytes. */
export const fullDiskTitle = 'a full disk fails the call, undoes it, and reads go on'

/** See {@link fullDiskTitle}. */
export async function fullDisk(): Promise<void> {
  await deleteOpfsDatabase(directory)
  const driver = await open()
  try {
    fill(driver, 10)
    const error = expectCode(() => fill(driver, 100_000), 'storage/quota-exceeded')
    expectEqual((error.cause as Error).name, 'QuotaExceededError', 'cause')
    expectEqual(driver.isInTransaction, false)
    expectEqual(count(driver), 10)
    expectEqual(driver.integrityCheck(), ['ok'])
  } finally {
    driver.close()
    await deleteOpfsDatabase(directory)
  }
}

const directory = 'contract/files'
const sqlite = loadSqlite()

function open(): Promise<Driver> {
  return openWasmDatabase({ sqlite, storage: { kind: 'opfs', directory }, durability: 'power' })
}

async function stage(): Promise<OpfsStaging> {
  return stageOpfsDatabase({ sqlite: await sqlite, directory })
}

async function importBytes(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: Pick<
    Parameters<typeof importOpfsDatabase>[0],
    'validate' | 'onProgress' | 'signal'
  > = {},
): Promise<void> {
  await importOpfsDatabase({ sqlite: await sqlite, directory, chunks, ...options })
}

/** The bytes of a database with as many entries. */
async function exported(rowCount: number): Promise<Uint8Array<ArrayBuffer>> {
  const driver = await openWasmDatabase({
    sqlite,
    storage: { kind: 'memory' },
    durability: 'power',
  })
  fill(driver, rowCount)
  const [bytes] = [...driver.exportChunks(2 ** 30)]
  driver.close()
  return (bytes as Uint8Array).slice() as Uint8Array<ArrayBuffer>
}

function* pieces(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

function fill(driver: Driver, rowCount: number): void {
  driver.exec('CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, body TEXT)')
  inTransaction(driver, () => {
    const insert = driver.prepare('INSERT INTO entry (body) VALUES (?)')
    for (let row = 0; row < rowCount; row++) insert.run(['x'.repeat(300)])
  })
}

function count(driver: Driver): number {
  const isThere = driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'entry'").get()
  return isThere ? Number(driver.prepare('SELECT count(*) FROM entry').get()?.[0]) : 0
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  return (await root.getDirectoryHandle('contract')).getDirectoryHandle('files')
}

async function filesNow(): Promise<string[]> {
  const names: string[] = []
  for await (const name of (await folder()).keys()) names.push(name)
  return names.sort()
}

async function overwrite(name: string, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const file = await (await folder()).getFileHandle(name, { create: true })
  const handle = await file.createSyncAccessHandle()
  handle.write(bytes, { at })
  handle.close()
}

async function bytesOf(name: string): Promise<Uint8Array> {
  const file = await (await (await folder()).getFileHandle(name)).getFile()
  return new Uint8Array(await file.arrayBuffer())
}
