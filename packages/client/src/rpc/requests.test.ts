import { UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { portLane } from './link.ts'
import { answerRequests, requestsOver } from './requests.ts'

interface Commands {
  add(a: number, b: number): Promise<number>
  fail(): Promise<never>
  hand(port: MessagePort): Promise<string>
  none(): Promise<never>
}

function connect() {
  const { port1, port2 } = new MessageChannel()
  answerRequests(portLane(port1), {
    add: async (a: number, b: number) => a + b,
    fail: () => {
      throw new UniverseError('storage/io', 'no disk')
    },
    hand: async (port: MessagePort) => {
      const heard = new Promise<string>((resolve) => {
        port.onmessage = ({ data }) => resolve(data)
      })
      return heard.finally(() => port.close())
    },
  })
  const commands = requestsOver<Commands>(portLane(port2))
  return { commands, port: port2, close: () => port1.close() }
}

test('requests are answered each with its own', async () => {
  const { commands, close } = connect()
  expect(await Promise.all([commands.add(1, 2), commands.add(3, 4)])).toEqual([3, 7])
  close()
})

test('what is thrown keeps its code; what is not there is refused; what is no request is left alone', async () => {
  const { commands, port, close } = connect()
  port.postMessage('noise')
  port.postMessage({ requestId: 'x' })
  await expect(commands.fail()).rejects.toMatchObject({ code: 'storage/io', message: 'no disk' })
  await expect(commands.none()).rejects.toThrow('there is no command "none"')
  close()
})

test('ports are handed over', async () => {
  const { commands, close } = connect()
  const { port1, port2 } = new MessageChannel()
  port1.postMessage('hello')
  expect(await commands.hand(port2)).toBe('hello')
  port1.close()
  close()
})
