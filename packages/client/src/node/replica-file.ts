/** A database built in a file beside the open one, and renamed over it. */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { ReplicaStaging } from '../worker/store.ts'

const COMPANIONS = ['-wal', '-journal', '-shm']

/** Stages the file that is to replace the database of `path`, which is open. */
export function fileReplicaStaging(path: string): ReplicaStaging {
  const staged = stagedPath(path)
  // A log of an attempt that was broken off belongs to other pages than those to be written.
  for (const end of COMPANIONS) rmSync(staged + end, { force: true })
  let file: number | undefined = openSync(staged, constants.O_RDWR | constants.O_CREAT)
  let driver: Driver | undefined
  const closeFile = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const close = (): void => {
    closeFile()
    driver?.close()
  }
  return {
    read(at, byteCount) {
      const bytes = new Uint8Array(byteCount)
      return bytes.subarray(0, readSync(file as number, bytes, 0, byteCount, at))
    },
    write(at, bytes) {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file as number, bytes, done, bytes.length - done, at + done)
      }
    },
    async open(byteCount) {
      ftruncateSync(file as number, byteCount)
      fsyncSync(file as number)
      closeFile()
      driver = openNodeDatabase({ path: staged, durability: 'power' })
      return driver
    },
    seal: () => driver?.checkpoint(),
    async takeOver() {
      // The closed database has no log left: what is beside it would be played into the new one.
      for (const end of COMPANIONS) rmSync(path + end, { force: true })
      renameSync(staged, path)
      flushDirectory(dirname(path))
    },
    async drop() {
      close()
      removeStagedFile(path)
    },
    close,
  }
}

/** Removes what an earlier attempt left beside the database of `path`. */
export function removeStagedFile(path: string): void {
  for (const end of ['', ...COMPANIONS]) rmSync(stagedPath(path) + end, { force: true })
}

function stagedPath(path: string): string {
  return `${path}.staged`
}

/** Makes a rename survive a power cut, where the system lets a directory be flushed. */
function flushDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
