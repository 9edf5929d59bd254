/** Downloads of what the page has made. */

/** How long a download may take to begin before its address is withdrawn, ms. */
const KEEP_MS = 60_000

/** Hands bytes to the browser as a file of that name. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS)
}
