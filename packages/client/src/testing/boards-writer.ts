// Process of the kill test: writes to a universe with declared views, and says of each call that it is
// durable, until it is killed.
import { setTimeout as delay } from 'node:timers/promises'
import { openUniverse } from '../node/open.ts'
import { boards } from './boards.ts'

const [path = '', seedText = '1'] = process.argv.slice(2)
const universe = await openUniverse(boards, { path, durability: 'process' })
const { reducers } = universe
// What is still being filled is begun anew, which the test is not about.
while ((await universe.viewStates()).some(({ kind }) => kind !== 'ready')) await delay(5)
let state = Number(seedText)

/** A whole number below a bound; the same numbers for the same seed. */
function below(bound: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * bound)
}

function write(): PromiseLike<unknown> {
  const key = `t${below(300)}`
  const project = `p${below(5)}`
  switch (below(8)) {
    case 0:
      return reducers.removeTodo({ key })
    case 1:
      return reducers.putProject({ key: project, name: `project ${below(3)}` })
    case 2:
      return reducers.draft({ key, text: `text ${below(4)}` })
    case 3:
      return reducers.addMany({ count: 20, from: below(100) })
    default:
      return reducers.putTodo({
        key,
        project,
        points: below(20) / 4,
        done: below(2) === 0,
        owner: `o${below(3)}`,
      })
  }
}

for (let count = 1; ; count++) {
  // Several at a time share transactions.
  await Promise.all(Array.from({ length: 1 + below(4) }, write))
  process.stdout.write(`${count}\n`)
}
