import { openUniverse } from '../src/main/index.ts'
import { todos } from './todos.ts'

const universe = await openUniverse(todos, {
  name: 'home',
  worker: () => new Worker(new URL('./todos.worker.ts', import.meta.url), { type: 'module' }),
})

const form = document.querySelector('form') as HTMLFormElement
form.onsubmit = async (event) => {
  event.preventDefault()
  const title = String(new FormData(form).get('title'))
  form.reset()
  await universe.reducers.add({ title }) // on disk when it resolves
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
