/**
 * The broker: a SharedWorker of a few lines that hands followers' ports to the leader's worker.
 *
 * Its script is a blob of the leader's page, so that the app has no further file to serve. Another
 * tab of the origin reaches the same SharedWorker by the blob's URL, which the leader announces. A
 * data URL would be simpler: Chromium refuses to share those. Where there is no SharedWorker, or a
 * content security policy forbids blobs, links go over a BroadcastChannel.
 */

/**
 * The leader's port gets what any other port says, with the ports that came along; each port is told
 * `here` once there is a leader, so that it knows that the broker runs.
 */
const SCRIPT = `let leader
const waiting = []
onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data, ports }) => {
    if (data === 'lead') {
      leader = port
      port.postMessage('here')
      for (const other of waiting.splice(0)) other.postMessage('here')
    } else leader?.postMessage(data, ports)
  }
  if (leader) port.postMessage('here')
  else waiting.push(port)
}`

/** Makes the broker of a leader. Null where there can be none. */
export function createBroker(): { readonly port: MessagePort; readonly url: string } | null {
  if (typeof SharedWorker === 'undefined') return null
  try {
    const url = URL.createObjectURL(new Blob([SCRIPT], { type: 'text/javascript' }))
    // A script that a policy refuses only fires an event: the worker then waits for `here` in vain,
    // and tells followers that there is no broker.
    return { port: new SharedWorker(url).port, url }
  } catch {
    // A policy may throw as well: followers take the channel, and nothing is lost but speed.
    return null
  }
}

/** Opens a follower's two ports through the broker. Undefined where it does not answer in time. */
export async function introduceSelf(
  brokerUrl: string,
  msMax: number,
): Promise<{ readonly data: MessagePort; readonly commands: MessagePort } | undefined> {
  if (typeof SharedWorker === 'undefined') return undefined
  const isHere = Promise.withResolvers<boolean>()
  let broker: SharedWorker
  try {
    broker = new SharedWorker(brokerUrl)
  } catch {
    // As above: without a broker there is still the channel.
    return undefined
  }
  const timer = setTimeout(() => isHere.resolve(false), msMax)
  broker.onerror = () => isHere.resolve(false)
  broker.port.onmessage = () => isHere.resolve(true)
  const isAnswered = await isHere.promise
  clearTimeout(timer)
  if (!isAnswered) return undefined
  const data = new MessageChannel()
  const commands = new MessageChannel()
  broker.port.postMessage('introduce', [data.port2, commands.port2])
  return { data: data.port1, commands: commands.port1 }
}
