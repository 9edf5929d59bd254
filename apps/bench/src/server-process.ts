/** Starts a server as a process of its own, and ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const START_MS_MAX = 20_000

/** A server process that is up. */
export interface RunningServer {
  readonly pid: number
  /** Asks it to end, and waits. */
  stop(): Promise<void>
  /** Ends it by SIGKILL, as a crash would, and waits. */
  kill(): Promise<void>
}

/** Runs a script with Node and waits until something listens on the port. */
export async function startServer(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  port: number,
): Promise<RunningServer> {
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // A run that fails must not leave its servers behind.
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  child.once('exit', () => process.off('exit', atExit))
  const endMs = Date.now() + START_MS_MAX
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > endMs) {
      child.kill('SIGKILL')
      throw new Error(`${command.join(' ')} did not begin to listen on port ${port}`)
    }
    await delay(50)
  }
  return {
    pid: child.pid as number,
    stop: () => stopProcess(child),
    kill: async () => {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Ends a process and waits for it; by force when it does not go by itself. */
async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
