/** Serves the commands of one client with code that is loaded when the first of them comes. */
import type { Endpoint } from 'comlink'
import { outcomeOf } from '../rpc/commands.ts'
import { loaded } from '../rpc/loaded.ts'
import type { OpenDatabase } from './host-commands.ts'

type Listener = (event: MessageEvent) => void

/** Gives what drops the client's unfinished exports and imports, for when it is gone. */
export function lateCommands(database: OpenDatabase, endpoint: Endpoint): () => void {
  let dropTransfers = (): void => undefined
  let isLoading = false
  const waiting: MessageEvent[] = []
  const gather = (event: Event): void => {
    waiting.push(event as MessageEvent)
    if (!isLoading) void load()
  }
  /** Gives whoever listens what has come before everything that comes. */
  const listen = (listener: Listener): void => {
    endpoint.removeEventListener('message', gather)
    endpoint.addEventListener('message', listener as EventListener)
    for (const event of waiting.splice(0)) listener(event)
  }
  const load = async (): Promise<void> => {
    isLoading = true
    try {
      const { serveCommands } = await loaded(import('./parts/commands.ts'))
      const served = serveCommands(database, {
        postMessage: (message, transfer) => endpoint.postMessage(message, transfer),
        addEventListener: (_type, listener) => listen(listener as Listener),
        removeEventListener: (_type, listener) => endpoint.removeEventListener('message', listener),
      })
      dropTransfers = served.dropTransfers
    } catch (error) {
      // Offline with a cold cache, say. In Comlink's own form, as Comlink is what could not be loaded.
      const value = await outcomeOf(() => Promise.reject(error))
      for (const { data } of waiting.splice(0)) {
        endpoint.postMessage({ id: data.id, type: 'RAW', value })
      }
    }
    isLoading = false
  }
  endpoint.addEventListener('message', gather)
  endpoint.start?.()
  return () => dropTransfers()
}
