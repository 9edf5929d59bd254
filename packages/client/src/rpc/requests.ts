/**
 * Requests over a lane: a method's name and arguments under an id, by which the answer is known.
 *
 * For what is asked rarely; calls, reads and rows travel batched, as contract.ts says. Ports among the
 * arguments are handed over, everything else is copied.
 */
import { decodeError, encodeError, type TransferredError } from './error-transfer.ts'
import type { Lane } from './link.ts'

interface Request {
  readonly requestId: number
  readonly method: string
  readonly args: readonly unknown[]
}

interface Answer {
  readonly answerTo: number
  readonly value?: unknown
  readonly error?: TransferredError
}

/** The methods at the other end of a lane. What they throw or cannot send rejects here. */
export function requestsOver<Methods extends object>(
  lane: Pick<Lane, 'onMessage' | 'send'>,
): Methods {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  lane.onMessage = (message) => {
    if (!hasNumber(message, 'answerTo')) return
    const { answerTo, value, error } = message as Answer
    const pending = waiting.get(answerTo)
    waiting.delete(answerTo)
    if (error === undefined) pending?.resolve(value)
    else pending?.reject(decodeError(error))
  }
  return new Proxy({} as Methods, {
    get:
      (_target, method) =>
      (...args: unknown[]) => {
        const requestId = ++lastId
        const pending = Promise.withResolvers<unknown>()
        waiting.set(requestId, pending)
        const ports = args.filter((arg) => arg instanceof MessagePort)
        lane.send({ requestId, method: String(method), args } satisfies Request, ports)
        return pending.promise
      },
  })
}

/** Answers the requests that come over a lane. Others have no say: what is no request is left alone. */
export function answerRequests(lane: Pick<Lane, 'onMessage' | 'send'>, methods: object): void {
  lane.onMessage = async (message) => {
    if (!hasNumber(message, 'requestId')) return
    const { requestId: answerTo, method, args } = message as Request
    let answer: Answer
    try {
      if (!Object.hasOwn(methods, method)) throw new TypeError(`there is no command "${method}"`)
      const run = (methods as Record<string, (...args: readonly unknown[]) => unknown>)[method]
      answer = { answerTo, value: await run?.(...args) }
    } catch (error) {
      answer = { answerTo, error: encodeError(error) }
    }
    lane.send(answer)
  }
}

function hasNumber(message: unknown, name: string): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    typeof (message as Readonly<Record<string, unknown>>)[name] === 'number'
  )
}
