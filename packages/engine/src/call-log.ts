/**
 * Answers of calls, so that a call sent twice runs once. STORAGE.md ST9, TX10–TX12.
 *
 * One row per client and transaction. A client says with each call which is the oldest it still waits
 * for; rows wholly below are deleted, but never the client's last one, which remembers that number:
 * a call below it had its answer and is not run again.
 */
import {
  type ClientId,
  type ErrorCode,
  type ErrorDetails,
  hexToBytes,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Call, CallOutcome } from './engine.ts'
import { resultOf, storableOf } from './plain-value.ts'

/** How long the answers of a client that has gone silent are kept, ms: a week. */
export const CALL_ANSWERS_MS_MAX: number = 7 * 24 * 3600 * 1000

/** An answer as stored: `[number, result?]` or `[number, 0, code, message, details]`. */
type StoredAnswer =
  | readonly [callNumber: number, value?: unknown]
  | readonly [callNumber: number, zero: 0, code: ErrorCode, message: string, details: ErrorDetails]

/** A call with the two parts of its id. */
export interface IdentifiedCall extends Call {
  readonly client: ClientId
  readonly callNumber: number
}

/** What a client is known to have done. */
interface ClientMemory {
  /** Highest call number answered. */
  lastNumber: number
  /** Calls below this number had their answers. */
  oldestPending: number
}

interface ClientAnswers {
  readonly outcomes: Map<number, CallOutcome>
  oldestPending: number
}

/** The stored answers of one open database. */
export class CallLog {
  readonly #driver: Driver
  /** By client; read from the file when a client first calls. */
  readonly #memories = new Map<ClientId, ClientMemory>()

  constructor(driver: Driver) {
    this.#driver = driver
  }

  /** Starts collecting a transaction's answers. */
  begin(): CallTransaction {
    return new CallTransaction(this)
  }

  /**
   * The answer of a call that ran in an earlier transaction; undefined for a call that is new.
   *
   * @throws UniverseError `call/forgotten` for a call whose answer its client had given up.
   */
  find(call: IdentifiedCall): CallOutcome | undefined {
    const { client, callNumber } = call
    const memory = this.memoryOf(client)
    if (callNumber > memory.lastNumber) return undefined
    const rows = this.#driver
      .prepare(
        'SELECT answers FROM _call WHERE client = ?1 AND last_number >= ?2 AND first_number <= ?2',
      )
      .all([clientBytes(client), callNumber])
    for (const [answers] of rows) {
      for (const answer of JSON.parse(answers as string) as StoredAnswer[]) {
        if (answer[0] === callNumber) return outcomeOf(call, answer)
      }
    }
    if (callNumber >= memory.oldestPending) return undefined
    throw new UniverseError(
      'call/forgotten',
      `call ${callNumber} had its answer, which its client gave up; it is not run again`,
    )
  }

  /** Writes a transaction's answers of one client and forgets what it no longer waits for. */
  write(client: ClientId, { outcomes, oldestPending }: ClientAnswers, nowMs: number): void {
    const memory = this.memoryOf(client)
    const numbers = [...outcomes.keys()]
    const first = Math.min(...numbers)
    const last = Math.max(...numbers)
    const oldest = Math.max(memory.oldestPending, oldestPending)
    const id = clientBytes(client)
    this.#driver
      .prepare('INSERT INTO _call VALUES (?1, ?2, ?3, ?4, ?5, ?6)')
      .run([id, last, first, oldest, nowMs, encodeAnswers(outcomes)])
    if (oldest > memory.oldestPending) {
      this.#driver
        .prepare('DELETE FROM _call WHERE client = ?1 AND last_number < ?2 AND last_number <> ?3')
        .run([id, oldest, last])
    }
    memory.oldestPending = oldest
    memory.lastNumber = Math.max(memory.lastNumber, last)
  }

  /** Forgets what was read or written: the transaction was undone. */
  forget(): void {
    this.#memories.clear()
  }

  /** Deletes the answers of clients that have been silent for {@link CALL_ANSWERS_MS_MAX}. */
  deleteOld(nowMs: number): void {
    this.#driver
      .prepare(
        `DELETE FROM _call WHERE client IN
          (SELECT client FROM _call GROUP BY client HAVING max(time_ms) < ?1)`,
      )
      .run([nowMs - CALL_ANSWERS_MS_MAX])
  }

  memoryOf(client: ClientId): ClientMemory {
    let memory = this.#memories.get(client)
    if (memory === undefined) {
      const [last, oldest] = this.#driver
        .prepare('SELECT max(last_number), max(oldest_pending) FROM _call WHERE client = ?1')
        .get([clientBytes(client)]) ?? [null, null]
      memory = { lastNumber: (last as number) ?? 0, oldestPending: (oldest as number) ?? 0 }
      this.#memories.set(client, memory)
    }
    return memory
  }
}

/** The answers of one transaction; calls repeated within it are answered from here. */
export class CallTransaction {
  readonly #log: CallLog
  readonly #byClient = new Map<ClientId, ClientAnswers>()

  constructor(log: CallLog) {
    this.#log = log
  }

  /** The answer this call had before, in this transaction or an earlier one. */
  find(call: IdentifiedCall): CallOutcome | undefined {
    const { client, callNumber } = call
    const own = this.#byClient.get(client)?.outcomes.get(callNumber)
    return own === undefined ? this.#log.find(call) : { ...own, isRepeated: true }
  }

  /** Remembers the answer of a call that has run now. */
  add({ client, callNumber, oldestPendingNumber }: IdentifiedCall, outcome: CallOutcome): void {
    let answers = this.#byClient.get(client)
    if (answers === undefined) {
      answers = { outcomes: new Map(), oldestPending: 0 }
      this.#byClient.set(client, answers)
    }
    answers.outcomes.set(callNumber, outcome)
    answers.oldestPending = Math.max(
      answers.oldestPending,
      Math.min(oldestPendingNumber, callNumber),
    )
  }

  /** Writes all answers, in the open transaction. */
  finish(nowMs: number): void {
    for (const [client, answers] of this.#byClient) this.#log.write(client, answers, nowMs)
  }
}

function clientBytes(client: ClientId): Uint8Array {
  return hexToBytes(client) ?? new Uint8Array()
}

function encodeAnswers(outcomes: ReadonlyMap<number, CallOutcome>): string {
  const answers: StoredAnswer[] = []
  for (const [callNumber, outcome] of outcomes) {
    if (!outcome.ok) {
      const { code, message, details } = outcome.error
      answers.push([callNumber, 0, code, message, details])
    } else if (outcome.value === undefined) {
      answers.push([callNumber])
    } else {
      answers.push([callNumber, storableOf(outcome.value)])
    }
  }
  return JSON.stringify(answers)
}

function outcomeOf(call: Call, answer: StoredAnswer): CallOutcome {
  const { callId } = call
  if (answer.length === 5) {
    const [, , code, message, details] = answer
    const error = new UniverseError(code, message, { details })
    return { callId, ok: false, error, isRepeated: true }
  }
  return { callId, ok: true, value: resultOf(answer[1]), isRepeated: true, delta: undefined }
}
