// Worker of the browser tests: a disk that can be made full and be given room again.
import { serve } from '../worker/index.ts'
import { todos } from './todos.ts'

let isFull = false
new BroadcastChannel('full disk').onmessage = ({ data }) => {
  isFull = data === true
}
const { write } = FileSystemSyncAccessHandle.prototype
FileSystemSyncAccessHandle.prototype.write = function (this: FileSystemSyncAccessHandle, ...args) {
  if (isFull) throw new DOMException('no room', 'QuotaExceededError')
  return write.apply(this, args)
}
serve(todos)
