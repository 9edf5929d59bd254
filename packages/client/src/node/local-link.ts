/** A link within one thread: messages arrive in order, one microtask later, and are not copied. */
import type { Lane } from '../rpc/link.ts'

/** The two ends of a lane. What is sent into one comes out of the other. */
export function localLanes(): readonly [Lane, Lane] {
  let isOpen = true
  const close = (): void => {
    isOpen = false
  }
  const end = (peer: () => Lane): Lane => ({
    onMessage: () => undefined,
    send: (message) => {
      // What was sent before it was closed still arrives, as it does with ports.
      if (isOpen) queueMicrotask(() => peer().onMessage(message))
    },
    close,
  })
  const left: Lane = end(() => right)
  const right: Lane = end(() => left)
  return [left, right]
}
