// Worker of `opfs.browser.test.ts`: appends to a file by a synchronous access handle and answers
// with the bytes the file then holds.
self.onmessage = async (event: MessageEvent<{ name: string; bytes: Uint8Array }>) => {
  const { name, bytes } = event.data
  const directory = await navigator.storage.getDirectory()
  const file = await directory.getFileHandle(name, { create: true })
  const handle = await file.createSyncAccessHandle()
  handle.write(bytes, { at: handle.getSize() })
  handle.flush()
  const all = new Uint8Array(handle.getSize())
  handle.read(all, { at: 0 })
  handle.close()
  self.postMessage(all)
}
