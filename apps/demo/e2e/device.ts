/** A person's device in a test of sync: a browser profile of its own, and what is done with it. */
import { readFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { test as base } from '@playwright/test'
import { expect, type Locator, open, openProfile, openWord, type Page, status } from './fixtures.ts'
import { createRelay, type Relay } from './relay.ts'

/** A device with its one tab. */
export interface Device {
  readonly page: Page
  /** Takes the network away, or gives it back. */
  setNetwork(isThere: boolean): Promise<void>
  /** Closes the browser, for a device that leaves in the middle of a test. */
  close(): Promise<void>
}

/** Opens devices of a relay that belongs to the test; all ends with it. */
interface SyncFixtures {
  /** Not started. */
  readonly relay: Relay
  /** Opens a device that shows the home page. */
  readonly openDevice: (options?: { readonly isPaused?: boolean }) => Promise<Device>
}

/** Playwright's test with a relay and as many devices as it opens. */
export const test = base.extend<SyncFixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from it
  relay: async ({}, use, testInfo) => {
    const relay = await createRelay({ everyMs: 200, imageEveryEntries: 5 })
    await use(relay)
    await testInfo.attach('log of the relay', { body: relay.log(), contentType: 'text/plain' })
    await relay.remove()
  },
  openDevice: async ({ relay, launchOptions, headless, baseURL, viewport }, use) => {
    const closings: (() => Promise<void>)[] = []
    await use(async ({ isPaused = false } = {}) => {
      const profile = await openProfile({
        launchOptions,
        headless,
        baseURL,
        viewport,
        relayUrl: relay.url,
        isPaused,
      })
      const { context } = profile
      const page = context.pages()[0] ?? (await context.newPage())
      await open(page)
      let isOpen = true
      const close = async (): Promise<void> => {
        if (!isOpen) return
        isOpen = false
        await profile.close()
      }
      closings.push(close)
      return { page, setNetwork: (isThere) => context.setOffline(!isThere), close }
    })
    for (const close of closings) await close()
  },
})

/** The badge in the header. */
export function badge(page: Page): Locator {
  return page.getByRole('banner').getByRole('button', { name: /^Sync: / })
}

/** Waits until the relay has everything of a device and the device everything of the relay. */
export async function expectSynced({ page }: Device): Promise<void> {
  await expect(badge(page)).toHaveAccessibleName(/^Sync: Live(, \d+ conflicts?)?$/)
}

/** Turns the switch in the badge's dialog. */
export async function turnOffline({ page }: Device, isWanted: boolean): Promise<void> {
  await badge(page).click()
  const dialog = page.getByRole('dialog', { name: 'Sync' })
  const offline = dialog.getByRole('switch', { name: 'Work offline' })
  await offline.click()
  await expect(offline).toBeChecked({ checked: isWanted })
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
}

/** Goes to a page of the header without loading anew, which would be a change of its own. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('banner').getByRole('link', { name, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
}

/** Gives a device its name. */
export async function nameDevice({ page }: Device, name: string): Promise<void> {
  await goTo(page, 'Sync')
  await page.getByRole('textbox', { name: 'Name of this device' }).fill(name)
  await page.getByRole('button', { name: 'Rename' }).click()
}

/** Renames the entity found first for a word; leaves its page open. */
export async function renameEntity(page: Page, word: string, name: string): Promise<void> {
  await openWord(page, word)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
}

/** Makes an entity; leaves its page open. */
export async function createEntity(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New entity' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
}

/** Deletes the entity found first for a word, with its relations. */
export async function deleteEntity(page: Page, word: string): Promise<void> {
  await openWord(page, word)
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog.getByRole('button', { name: /Delete it and its/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: /The words of English/ })).toBeVisible()
}

/** Waits until all devices have the same, to the fingerprint and to the row. */
export async function expectEqual(devices: readonly Device[]): Promise<void> {
  for (const device of devices) await goTo(device.page, 'Sync')
  await expect(async () => {
    const fingerprints: string[] = []
    for (const device of devices) {
      await expectSynced(device)
      fingerprints.push(await fingerprint(device.page))
    }
    expect(new Set(fingerprints).size, fingerprints.join(' ')).toBe(1)
  }).toPass({ timeout: 60_000 })
  const [first, ...others] = await Promise.all(devices.map(({ page }) => rowsOf(page)))
  for (const rows of others) expect(rows).toEqual(first)
}

async function fingerprint(page: Page): Promise<string> {
  const button = page.getByRole('button', { name: 'Take it' })
  await button.click()
  await expect(button).toBeEnabled()
  return page.getByRole('status', { name: 'Fingerprint' }).innerText()
}

/** The rows of synced tables in the exported file. */
async function rowsOf(page: Page): Promise<Readonly<Record<string, readonly unknown[]>>> {
  await goTo(page, 'Storage')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export the file' }).click()
  const path = await (await download).path()
  expect((await readFile(path)).length).toBeGreaterThan(0)
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const rowsOfTable = (table: string, columns: string): unknown[] =>
      database.prepare(`select ${columns} from ${table} order by 1`).all()
    const entities = rowsOfTable('entity', 'id, entity_type, metadata, owner, revision, updated_at')
    // A comparison of nothing would prove nothing.
    expect(entities.length).toBeGreaterThan(0)
    return {
      entities,
      relations: rowsOfTable('relation', 'id, from_entity, to_entity, relation_type, metadata'),
      events: rowsOfTable('event_log', 'event_id, event_type, source, timestamp, data'),
      config: rowsOfTable('config', 'key, value, updated_at, updated_by'),
    }
  } finally {
    database.close()
  }
}

/** Imports the sample of WordNet on a device that shows the home page. */
export async function importSample({ page }: Device): Promise<void> {
  await page.getByRole('button', { name: /Import a sample/ }).click()
  await expect(page.getByRole('heading', { name: 'WordNet is here' })).toBeVisible()
}

/** Waits until a device shows the sample, plus so many entities. */
export async function expectSample({ page }: Device, more = 0): Promise<void> {
  await expect(status(page)).toContainText(`${(2000 + more).toLocaleString('en')} entities`)
}
