/**
 * A list kept in order, with positions: chunks of items one after the other.
 *
 * Invariant: no chunk is empty or longer than {@link CHUNK_ITEMS_MAX}. Cost of finding, inserting and
 * removing by comparison: O(log n) comparisons and one shift inside a chunk; whatever deals in
 * positions walks the chunks besides, n / 256 at worst.
 */

/** Shifting this many items costs less than a cache miss or two. */
const CHUNK_ITEMS_MAX = 512

/** Items in an order that never says that two different items are equal. */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number
  readonly #chunks: T[][] = []
  #size = 0

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  /** Puts an item in its place. False: an equal one is there, and stays. */
  insert(item: T): boolean {
    const chunkIndex = this.#chunkFor(item)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) {
      this.#insertLast(item)
      return true
    }
    const at = this.#search(chunk, item)
    if (at < chunk.length && this.#compare(chunk[at] as T, item) === 0) return false
    insertAt(chunk, at, item)
    if (chunk.length > CHUNK_ITEMS_MAX) {
      this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(chunk.length >> 1))
    }
    this.#size += 1
    return true
  }

  /** Takes the item out that equals this one. False: there is none. */
  remove(item: T): boolean {
    const chunkIndex = this.#chunkFor(item)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return false
    const at = this.#search(chunk, item)
    if (this.#compare(chunk[at] as T, item) !== 0) return false
    chunk.splice(at, 1)
    this.#size -= 1
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1)
    else this.#mergeWithNext(chunkIndex)
    return true
  }

  /** The item of the list that equals this one. */
  find(item: T): T | undefined {
    const chunk = this.#chunks[this.#chunkFor(item)]
    if (chunk === undefined) return undefined
    const found = chunk[this.#search(chunk, item)] as T
    return this.#compare(found, item) === 0 ? found : undefined
  }

  /** How many items come before this one, which need not be in the list. */
  rankOf(item: T): number {
    const chunkIndex = this.#chunkFor(item)
    const chunk = this.#chunks[chunkIndex]
    if (chunk === undefined) return this.#size
    return this.#sizeBefore(chunkIndex) + this.#search(chunk, item)
  }

  /** The item at a position. */
  at(position: number): T | undefined {
    let before = position
    for (const chunk of this.#chunks) {
      if (before < chunk.length) return chunk[before]
      before -= chunk.length
    }
    return undefined
  }

  /** Calls back with the items from a position on, until it returns false. */
  eachFrom(position: number, onItem: (item: T) => undefined | boolean): void {
    let before = position
    for (const chunk of this.#chunks) {
      for (let at = before; at < chunk.length; at += 1) {
        if (onItem(chunk[at] as T) === false) return
      }
      before = Math.max(0, before - chunk.length)
    }
  }

  /** The first chunk that does not end before the item; beyond the last one if there is none. */
  #chunkFor(item: T): number {
    const chunks = this.#chunks
    let low = 0
    let high = chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      const chunk = chunks[middle] as T[]
      if (this.#compare(chunk[chunk.length - 1] as T, item) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first position in a chunk that is not before the item. */
  #search(chunk: readonly T[], item: T): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compare(chunk[middle] as T, item) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Behind everything: rows that come in order fill their chunks to the brim. */
  #insertLast(item: T): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || last.length === CHUNK_ITEMS_MAX) this.#chunks.push([item])
    else last.push(item)
    this.#size += 1
  }

  #mergeWithNext(chunkIndex: number): void {
    const chunk = this.#chunks[chunkIndex] as T[]
    const next = this.#chunks[chunkIndex + 1]
    if (next === undefined || chunk.length + next.length > CHUNK_ITEMS_MAX >> 1) return
    chunk.push(...next)
    this.#chunks.splice(chunkIndex + 1, 1)
  }

  #sizeBefore(chunkIndex: number): number {
    let size = 0
    for (let index = 0; index < chunkIndex; index += 1) {
      size += (this.#chunks[index] as T[]).length
    }
    return size
  }
}

function insertAt<T>(items: T[], at: number, item: T): void {
  if (at === items.length) items.push(item)
  else items.splice(at, 0, item)
}
