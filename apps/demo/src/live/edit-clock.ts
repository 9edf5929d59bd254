/** When the edit under way was called: tells how long its patches take to come. */

let startedMs: number | undefined

/** Runs the clock from now until the call, which has just been made, is answered. Gives the call. */
export function clocked<T extends PromiseLike<unknown>>(call: T): T {
  const ownMs = performance.now()
  startedMs = ownMs
  const stop = (): void => {
    if (startedMs === ownMs) startedMs = undefined
  }
  call.then(stop, stop)
  return call
}

/** Milliseconds since the edit under way was called; undefined: there is none in this tab. */
export function sinceEditMs(): number | undefined {
  return startedMs === undefined ? undefined : performance.now() - startedMs
}
