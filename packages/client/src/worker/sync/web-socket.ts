/** Connections to a relay over WebSocket: the one file that knows it, in workers and in Node. */
import type { Connect } from '@inner-universe/sync'
import { SUBPROTOCOL } from '@inner-universe/sync'

/** Connects to the relay at an address, `ws:` or `wss:`. */
export function webSocketConnect(url: string): Connect {
  return ({ onOpen, onMessage, onClose }) => {
    let isOver = false
    const end = (): void => {
      if (isOver) return
      isOver = true
      onClose()
    }
    let socket: WebSocket
    try {
      socket = new WebSocket(url, SUBPROTOCOL)
    } catch {
      // An address that is none, or one that a secure page may not use: the same as no answer.
      queueMicrotask(end)
      return { send: () => undefined, bufferedBytes: () => 0, close: () => (isOver = true) }
    }
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      if (!isOver) onOpen()
    }
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isOver) return
      if (data instanceof ArrayBuffer) onMessage(new Uint8Array(data))
      else socket.close()
    }
    // An `error` is always followed by a `close`, which says as much.
    socket.onclose = end
    return {
      send: (bytes) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>)
      },
      bufferedBytes: () => socket.bufferedAmount,
      close: () => {
        isOver = true
        socket.close()
      },
    }
  }
}
