// Worker of the browser tests: serves one job on a disk that can be made full and be given room again.
import { serveJobs } from '../jobs/worker/index.ts'

let isFull = false
new BroadcastChannel('full disk of jobs').onmessage = ({ data }) => {
  isFull = data === true
}
const { write } = FileSystemSyncAccessHandle.prototype
FileSystemSyncAccessHandle.prototype.write = function (this: FileSystemSyncAccessHandle, ...args) {
  if (isFull) throw new DOMException('no room', 'QuotaExceededError')
  return write.apply(this, args)
}
serveJobs()
