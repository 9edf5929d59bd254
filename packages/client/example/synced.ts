import { openUniverse } from '../src/main/index.ts'
import { todos } from './todos.ts'

const RELAY = '127.0.0.1:8787'

async function fetchToken(): Promise<string> {
  const body = JSON.stringify({ universe: 'shared', identity: 'ada' })
  const response = await fetch(`http://${RELAY}/v1/dev/token`, { method: 'POST', body })
  return (await response.json()).token
}

const universe = await openUniverse(todos, {
  name: 'shared',
  worker: () => new Worker(new URL('./todos.worker.ts', import.meta.url), { type: 'module' }),
  sync: { url: `ws://${RELAY}`, token: fetchToken },
})

const form = document.querySelector('form') as HTMLFormElement
form.onsubmit = (event) => {
  event.preventDefault()
  const title = String(new FormData(form).get('title'))
  form.reset()
  const call = universe.reducers.add({ title })
  call.confirmed.catch((error) => alert(`"${title}" was taken back: ${error.message}`))
}

const list = document.querySelector('ul') as HTMLUListElement
universe
  .live((q) => q.todo.orderBy('done').orderBy('id'))
  .subscribe(({ rows }) => {
    const items = rows.map(({ id, title, done }) => {
      const item = document.createElement('li')
      item.textContent = `${done ? '☑' : '☐'} ${title}`
      item.onclick = () => universe.reducers.toggle({ id })
      return item
    })
    list.replaceChildren(...items)
  })

const { sync } = universe
const output = document.querySelector('output') as HTMLOutputElement
const show = (): void => {
  const { kind, unsyncedCount } = sync.status
  output.textContent = `${kind}, ${unsyncedCount} to send, ${sync.presence.others.length} others here`
}
sync.onStatus(show)
sync.presence.onChange(show)
sync.presence.set('here')
show()
