import {
  type Device,
  expectSample,
  expectSynced,
  importSample,
  nameDevice,
  test,
  turnOffline,
} from './device.ts'
import {
  test as alone,
  expect,
  type Locator,
  open,
  openProfile,
  openWithSample,
  openWord,
  type Page,
} from './fixtures.ts'
import { servePlainEditor } from './plain-editor.ts'

test('two devices and a plain Yjs editor write one note together, one of them offline for a while', async ({
  relay,
  openDevice,
  launchOptions,
  headless,
}) => {
  // Three browsers, a relay and a bundler.
  test.slow()
  await relay.start()
  const ana = await openDevice()
  await importSample(ana)
  await nameDevice(ana, 'Ana')
  const ben = await openDevice()
  await expectSample(ben)
  await nameDevice(ben, 'Ben')
  await openWord(ana.page, 'dog')
  const path = new URL(ana.page.url()).pathname
  await beginNote(ana.page)
  await ana.page.keyboard.type('Dogs. ')
  await openWord(ben.page, 'dog')
  await expect.poll(() => textOf(noteOf(ben.page))).toBe('Dogs. ')
  await expectSynced(ana)

  const plain = await openPlain()
  try {
    await expect.poll(() => textOf(plain.text)).toBe('Dogs. ')
    await ben.setNetwork(false)
    const pieces = ['Ana writes on. ', 'Ben is on a train. ', 'And so is the plain one. ']
    await Promise.all([
      typeAt(ana.page, noteOf(ana.page), 'Control+Home', pieces[0] as string),
      typeAt(ben.page, noteOf(ben.page), 'Control+End', pieces[1] as string),
      typeAt(plain.page, plain.text, 'Control+End', pieces[2] as string),
    ])
    const withoutBen = `${pieces[0]}Dogs. ${pieces[2]}`
    await expect.poll(() => textOf(noteOf(ana.page))).toBe(withoutBen)
    await expect.poll(() => textOf(plain.text)).toBe(withoutBen)
    expect(await textOf(noteOf(ben.page))).toBe(`Dogs. ${pieces[1]}`)
    await expect(cursorsIn(noteOf(ana.page)).filter({ hasText: 'Plain' })).toHaveCount(1)
    await expect(writersIn(ana.page)).toContainText('Plain')
    await expect(cursorsIn(plain.text)).toContainText(['Ana'])

    await ben.setNetwork(true)
    await expect
      .poll(() => textOf(noteOf(ben.page)))
      .toHaveLength(`Dogs. ${pieces.join('')}`.length)
    const merged = await textOf(noteOf(ben.page))
    for (const piece of ['Dogs. ', ...pieces]) expect(merged).toContain(piece)
    await expect.poll(() => textOf(noteOf(ana.page))).toBe(merged)
    await expect.poll(() => textOf(plain.text)).toBe(merged)
    await expect(writersIn(ana.page).getByRole('listitem')).toHaveCount(2)
    for (const who of ['Ben', 'Plain']) {
      await expect(writersIn(ana.page)).toContainText(who)
      await expect(cursorsIn(noteOf(ana.page)).filter({ hasText: who })).toHaveCount(1)
    }
    await ben.close()
    // As a list: while Ben is still shown, there are two.
    await expect(writersIn(ana.page).getByRole('listitem')).toHaveText(['Plain'])
  } finally {
    await plain.close()
  }

  async function openPlain() {
    const server = await servePlainEditor()
    const profile = await openProfile({ launchOptions, headless })
    const page = profile.context.pages()[0] ?? (await profile.context.newPage())
    const document = `wordnet/entity_note/${path.split('/').at(-1)}/body`
    const token = await devToken(relay.url)
    await page.goto(server.addressOf({ relayUrl: relay.url, document, token, user: 'Plain' }))
    await expect(page.getByText('synced', { exact: true })).toBeVisible()
    return {
      page,
      text: page.getByRole('textbox', { name: 'Plain text' }),
      close: async () => {
        await profile.close()
        await server.close()
      },
    }
  }
})

test('a note written offline arrives, and two that were begun at once are one', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const [ana, ben] = await openOnDog(openDevice)
  for (const [device, words] of [
    [ana, 'Ana began. '],
    [ben, 'Ben began. '],
  ] as const) {
    await turnOffline(device, true)
    await beginNote(device.page)
    await device.page.keyboard.type(words)
    await expect(notes(device.page).getByText('Saved', { exact: true })).toBeVisible()
  }
  for (const device of [ana, ben]) await turnOffline(device, false)
  await expect
    .poll(() => textOf(noteOf(ana.page)))
    .toMatch(/^(Ana began. Ben|Ben began. Ana) began. $/)
  const merged = await textOf(noteOf(ana.page))
  await expect.poll(() => textOf(noteOf(ben.page))).toBe(merged)
})

alone(
  'a note is loaded when it is shown, stays, follows other tabs, and takes back what was typed',
  async ({ page, context }) => {
    await openWithSample(page)
    await openWord(page, 'dog')
    await expect(notes(page)).toContainText('Nobody has written a note yet')
    expect(await scripts(page)).not.toMatch(/note-editor|yjs/)
    await beginNote(page)
    expect(await scripts(page)).toMatch(/note-editor/)
    await page.keyboard.type('First line')
    await page.keyboard.press('Enter')
    await page.keyboard.type('second line')
    await expect(notes(page).getByText('Saved', { exact: true })).toBeVisible()

    const path = new URL(page.url()).pathname
    const other = await context.newPage()
    await open(other, path)
    await expect.poll(() => textOf(noteOf(other))).toBe('First line\nsecond line')
    await typeAt(other, noteOf(other), 'Control+End', ', from the other tab')
    const whole = 'First line\nsecond line, from the other tab'
    await expect.poll(() => textOf(noteOf(page))).toBe(whole)

    // One's own typing only, and nothing of the entity.
    await noteOf(page).click()
    await page.keyboard.press('Control+z')
    await expect.poll(() => textOf(noteOf(other))).toBe(', from the other tab')
    await page.keyboard.press('Control+Shift+Z')
    await expect.poll(() => textOf(noteOf(other))).toBe(whole)

    await expect(notes(page).getByText('Saved', { exact: true })).toBeVisible()
    await other.close()
    await page.reload()
    await expect.poll(() => textOf(noteOf(page))).toBe(whole)
  },
)

alone(
  'a note whose editor does not come says so, and the rest of the page stays',
  async ({ page }) => {
    await openWithSample(page)
    await openWord(page, 'dog')
    await page.route(/note-editor/, (route) => route.abort())
    await notes(page).getByRole('button', { name: 'Write a note' }).click()
    await expect(notes(page).getByRole('alert')).toContainText('The note cannot be shown')
    await expect(page.getByRole('region', { name: 'Relations' })).toBeVisible()
    await page.unroute(/note-editor/)
    await notes(page).getByRole('button', { name: 'Try again' }).click()
    await expect(noteOf(page)).toBeVisible()
  },
)

async function openOnDog(
  openDevice: (options?: { readonly isPaused?: boolean }) => Promise<Device>,
): Promise<readonly [Device, Device]> {
  const ana = await openDevice()
  await importSample(ana)
  await expectSynced(ana)
  const ben = await openDevice()
  await expectSample(ben)
  for (const { page } of [ana, ben]) await openWord(page, 'dog')
  return [ana, ben]
}

function notes(page: Page): Locator {
  return page.getByRole('region', { name: 'Notes' })
}

function noteOf(page: Page): Locator {
  return page.getByRole('textbox', { name: /^Note on / })
}

function writersIn(page: Page): Locator {
  return notes(page).getByRole('list', { name: 'Also in this note' })
}

/** Others' cursors, with their names. */
function cursorsIn(editor: Locator): Locator {
  return editor.locator('.cm-ySelectionCaret')
}

/** Begins the note of the entity shown; the cursor is in it then. */
async function beginNote(page: Page): Promise<void> {
  await notes(page).getByRole('button', { name: 'Write a note' }).click()
  await expect(noteOf(page)).toBeFocused()
}

async function typeAt(page: Page, editor: Locator, key: string, words: string): Promise<void> {
  await editor.click()
  await page.keyboard.press(key)
  await page.keyboard.type(words)
}

/** What is written in an editor, without what it shows of others' cursors. */
function textOf(editor: Locator): Promise<string> {
  return editor.evaluate((content) => {
    const copy = content.cloneNode(true) as HTMLElement
    for (const shown of copy.querySelectorAll(
      '.cm-ySelectionCaret, .cm-placeholder, .cm-widgetBuffer',
    )) {
      shown.remove()
    }
    return [...copy.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n')
  })
}

/** The scripts a page has fetched. */
function scripts(page: Page): Promise<string> {
  return page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('.js'))
      .join('\n'),
  )
}

async function devToken(relayUrl: string): Promise<string> {
  const response = await fetch(new URL('/v1/dev/token', relayUrl.replace(/^ws/, 'http')), {
    method: 'POST',
    body: JSON.stringify({ universe: 'wordnet', identity: 'plain-editor' }),
  })
  return ((await response.json()) as { readonly token: string }).token
}
