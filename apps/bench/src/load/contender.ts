/** What is put under load: a server process, and clients that write to it and read from it. */
import type { RunningServer } from '../server-process.ts'

/** What a client tells. Writes are named by their number in the run. */
export interface ClientEvents {
  /** The server has the write, on disk where it says so. */
  onAcknowledged(write: number): void
  /** A write of another client has come. */
  onDelivered(write: number): void
}

/** One connected client. */
export interface LoadClient {
  write(write: number): void
  close(): void
}

/** One server under test, with the clients that speak its protocol. */
export interface Contender {
  readonly name: string
  /** What an acknowledgement means there. */
  readonly promise: string
  start(): Promise<Pick<RunningServer, 'pid' | 'stop'>>
  /** Connects a client to a room; resolves when it may write and is at the end of what is there. */
  connect(room: string, role: 'writer' | 'reader', events: ClientEvents): Promise<LoadClient>
}
