/**
 * A link: the two lanes between one client and the worker, whatever carries them.
 *
 * The `data` lane holds the batched messages of `contract.ts`, the `commands` lane Comlink's. A link
 * over ports moves memory; one over a BroadcastChannel copies it and is heard by all tabs, so it is
 * for browsers without SharedWorker only (README.md has both measured).
 */
import type { Endpoint } from 'comlink'

/** One lane: messages in order, until closed. */
export interface Lane {
  /** Set once, before the first message can arrive. */
  onMessage: (message: unknown) => void
  send(message: unknown, transfer?: readonly Transferable[]): void
  close(): void
}

/** Both lanes of a client. `commands` fits Comlink. */
export interface Link {
  readonly data: Lane
  readonly commands: Endpoint
  close(): void
}

/** A link over two MessagePorts. */
export function portLink(data: MessagePort, commands: MessagePort): Link {
  const lane: Lane = {
    onMessage: () => undefined,
    send: (message, transfer = []) => data.postMessage(message, transfer as Transferable[]),
    close: () => data.close(),
  }
  data.onmessage = (event) => lane.onMessage(event.data)
  return {
    data: lane,
    commands,
    close: () => {
      data.close()
      commands.close()
    },
  }
}

/** How messages of many links share one BroadcastChannel. */
interface Envelope {
  readonly to: string
  readonly from: string
  readonly lane: 'data' | 'commands'
  readonly message: unknown
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false
  const { to, from, lane } = value as Partial<Envelope>
  return (
    typeof to === 'string' && typeof from === 'string' && (lane === 'data' || lane === 'commands')
  )
}

/** A link between `self` and `peer` over a channel that others use too. Closing it leaves the channel. */
export function broadcastLink(channel: BroadcastChannel, self: string, peer: string): Link {
  const listeners = new Set<(event: MessageEvent) => void>()
  const post = (lane: Envelope['lane'], message: unknown): void => {
    const envelope: Envelope = { to: peer, from: self, lane, message }
    channel.postMessage(envelope)
  }
  const data: Lane = {
    onMessage: () => undefined,
    send: (message) => post('data', message),
    close: () => channel.removeEventListener('message', receive),
  }
  function receive(event: MessageEvent): void {
    const envelope: unknown = event.data
    if (!isEnvelope(envelope) || envelope.to !== self || envelope.from !== peer) return
    if (envelope.lane === 'data') data.onMessage(envelope.message)
    else
      for (const listener of listeners)
        listener(new MessageEvent('message', { data: envelope.message }))
  }
  channel.addEventListener('message', receive)
  const commands: Endpoint = {
    postMessage: (message) => post('commands', message),
    addEventListener: (_type, listener) => {
      if (typeof listener === 'function') listeners.add(listener as (event: MessageEvent) => void)
    },
    removeEventListener: (_type, listener) => {
      listeners.delete(listener as (event: MessageEvent) => void)
    },
  }
  return { data, commands, close: () => data.close() }
}

/** Who sent a message to `self`, and what: how the worker learns of a new broadcast link. */
export function broadcastSender(
  message: unknown,
  self: string,
): { readonly from: string; readonly message: unknown } | undefined {
  if (!isEnvelope(message) || message.to !== self || message.lane !== 'data') return undefined
  return { from: message.from, message: message.message }
}
