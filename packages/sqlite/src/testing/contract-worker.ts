// Runs one case of a contract where it belongs, in a dedicated worker, and answers with the failure.

import {
  deleteOpfsDatabase,
  importOpfsDatabase,
  loadSqlite,
  openWasmDatabase,
} from '../wasm/index.ts'
import type { DriverHarness } from './driver-case.ts'
import { driverContract } from './driver-contract.ts'
import { fullDisk, fullDiskTitle, opfsContract } from './opfs-contract.ts'
import { sqlContract } from './sql-contract.ts'

const sqlite = loadSqlite()
const directory = 'contract/driver'

const casesByPlace: Readonly<Record<string, readonly { title: string; run(): Promise<void> }[]>> = {
  opfs: [...driverContract, ...sqlContract].map(({ title, run }) => ({
    title,
    run: () => run(opfsHarness()),
  })),
  memory: [...driverContract, ...sqlContract].map(({ title, run }) => ({
    title,
    run: () => run(memoryHarness()),
  })),
  files: opfsContract,
  full: [{ title: fullDiskTitle, run: fullDisk }],
}

self.onmessage = async (event: MessageEvent<{ place: string; title: string }>) => {
  const { place, title } = event.data
  try {
    const found = casesByPlace[place]?.find((each) => each.title === title)
    if (found === undefined) throw new Error(`there is no case "${title}" for ${place}`)
    await found.run()
    self.postMessage(undefined)
  } catch (error) {
    self.postMessage(error instanceof Error ? `${error.stack}` : String(error))
  }
}

function opfsHarness(): DriverHarness {
  const open = () =>
    openWasmDatabase({ sqlite, storage: { kind: 'opfs', directory }, durability: 'power' })
  return {
    isPersistent: true,
    interruptsWithinRows: true,
    open,
    async replace(chunks) {
      await importOpfsDatabase({ sqlite: await sqlite, directory, chunks })
      return open()
    },
    dispose: () => deleteOpfsDatabase(directory),
  }
}

function memoryHarness(): DriverHarness {
  return {
    isPersistent: false,
    interruptsWithinRows: true,
    open: () => openWasmDatabase({ sqlite, storage: { kind: 'memory' }, durability: 'power' }),
    async replace(chunks) {
      const contents = new Uint8Array(await new Blob([...chunks] as BlobPart[]).arrayBuffer())
      const storage = { kind: 'memory', contents } as const
      return openWasmDatabase({ sqlite, storage, durability: 'power' })
    },
    dispose: () => undefined,
  }
}
