import type { SyncFile } from '../wasm/vfs.ts'

/** A disk in memory that several files share: it can be full, and it can lose power. */
export class MemoryDisk {
  /** Bytes that may still be written before the disk is full. */
  budget: number = Number.POSITIVE_INFINITY
  /** Names of what was asked of it, in order: `write`, `flush`, `truncate`. */
  readonly operations: string[] = []
  readonly files: MemoryFile[] = []

  /** Three empty files, or copies of those a `previous` disk holds. */
  constructor(previous?: MemoryDisk) {
    for (let index = 0; index < 3; index++) {
      this.files.push(new MemoryFile(this, previous?.files[index]?.bytes()))
    }
  }
}

/** One file of a {@link MemoryDisk}, behind the interface of OPFS access handles. */
export class MemoryFile implements SyncFile {
  readonly #disk: MemoryDisk
  #bytes: Uint8Array<ArrayBuffer>
  #size: number

  constructor(disk: MemoryDisk, contents: Uint8Array = new Uint8Array(0)) {
    this.#disk = disk
    this.#bytes = contents.slice() as Uint8Array<ArrayBuffer>
    this.#size = contents.length
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#size)
  }

  read(data: Uint8Array, { at }: { at: number }): number {
    const source = this.#bytes.subarray(at, Math.max(at, Math.min(this.#size, at + data.length)))
    data.set(source)
    return source.length
  }

  write(data: Uint8Array, { at }: { at: number }): number {
    this.#disk.operations.push('write')
    if (data.length > this.#disk.budget) {
      throw new DOMException('no room left', 'QuotaExceededError')
    }
    this.#disk.budget -= data.length
    const end = at + data.length
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    }
    this.#bytes.set(data, at)
    this.#size = Math.max(this.#size, end)
    return data.length
  }

  truncate(byteCount: number): void {
    this.#disk.operations.push('truncate')
    this.#bytes.fill(0, byteCount)
    this.#size = Math.min(this.#size, byteCount)
  }

  getSize(): number {
    return this.#size
  }

  flush(): void {
    this.#disk.operations.push('flush')
  }

  close(): void {
    // Nothing is held.
  }
}
