/** Runs things after the messages that wait already: a message to oneself, which no timer clamps. */
export function createDefer(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => waiting.shift()?.()
  // In Node a port that listens would keep the process from ending.
  if ('unref' in port1) (port1.unref as () => void)()
  return (run) => {
    waiting.push(run)
    port2.postMessage(null)
  }
}
