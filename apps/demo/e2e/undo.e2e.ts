import { expectSample, expectSynced, goTo, importSample, renameEntity, test } from './device.ts'
import {
  test as alone,
  expect,
  type Locator,
  open,
  openWithSample,
  openWord,
  type Page,
} from './fixtures.ts'

alone(
  'edits are undone and done again, by button and by key, in any tab',
  async ({ page, context }) => {
    await openWithSample(page)
    await expect(undoButton(page)).toHaveAccessibleName('Undo')
    await expect(undoButton(page)).toBeDisabled()
    await renameEntity(page, 'dog', 'hound')
    const path = new URL(page.url()).pathname
    await expect(undoButton(page)).toHaveAccessibleName('Undo: Changed dog')
    await undoButton(page).click()
    await expect(heading(page, 'dog')).toBeVisible()
    await expect(told(page)).toContainText('Undone: Changed dog')
    await expect(undoButton(page)).toBeDisabled()
    await page.keyboard.press('Control+Shift+Z')
    await expect(heading(page, 'hound')).toBeVisible()
    await expect(told(page)).toContainText('Done again: Changed dog')

    const other = await context.newPage()
    await open(other, path)
    await expect(undoButton(other)).toHaveAccessibleName('Undo: Changed dog')
    await other.keyboard.press('Control+z')
    for (const tab of [page, other]) await expect(heading(tab, 'dog')).toBeVisible()
    await other.close()

    // In a text field the keys are the field's.
    await page.keyboard.press('Control+Shift+Z')
    await expect(heading(page, 'hound')).toBeVisible()
    await page.getByRole('combobox', { name: 'Search entities' }).fill('cat')
    await page.keyboard.press('Control+z')
    await expect(page.getByRole('combobox', { name: 'Search entities' })).toHaveValue('')
    await expect(undoButton(page)).toHaveAccessibleName('Undo: Changed dog')
  },
)

alone(
  'what was created goes and what was deleted comes back, with its relations',
  async ({ page }) => {
    await openWithSample(page)
    await page.getByRole('button', { name: 'New entity' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Rex')
    await page.getByRole('button', { name: 'Create' }).click()
    await expect(heading(page, 'Rex')).toBeVisible()
    await undoButton(page).click()
    await expect(heading(page, 'This entity is not here')).toBeVisible()
    await redoButton(page).click()
    await expect(heading(page, 'Rex')).toBeVisible()

    await openWord(page, 'dog')
    const path = new URL(page.url()).pathname
    const direction = page.getByRole('radiogroup', { name: 'Direction' })
    await expect(direction).toContainText(/From it [1-9]/)
    const counts = await direction.innerText()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await dialog.getByRole('button', { name: /Delete it and its/ }).click()
    await expect(page).toHaveURL('/')
    await expect(undoButton(page)).toHaveAccessibleName('Undo: Deleted dog')
    await undoButton(page).click()
    await expect(told(page)).toContainText('Undone: Deleted dog')
    await open(page, path)
    await expect(heading(page, 'dog')).toBeVisible()
    await expect(direction).toHaveText(counts.replaceAll('\n', ''))
  },
)

test('what another device changed since stays, and it is told', async ({ relay, openDevice }) => {
  await relay.start()
  const ana = await openDevice()
  await importSample(ana)
  const ben = await openDevice()
  await expectSample(ben)
  await renameEntity(ana.page, 'dog', 'Fido')
  await openWord(ben.page, 'Fido')
  await renameEntity(ben.page, 'Fido', 'Fido the dog')
  await expect(heading(ana.page, 'Fido the dog')).toBeVisible()
  await renameEntity(ana.page, 'cat', 'Tom')

  await undoButton(ana.page).click()
  await expect(heading(ana.page, 'cat')).toBeVisible()
  await expect(undoButton(ana.page)).toHaveAccessibleName('Undo: Changed dog')
  await undoButton(ana.page).click()
  await expect(told(ana.page)).toContainText('Not all of it was undone: Changed dog')
  await expect(told(ana.page)).toContainText(
    '“Fido the dog” was changed by somebody else since, and stays as it is.',
  )
  await told(ana.page).getByRole('button', { name: 'Close' }).click()
  await expect(told(ana.page)).toBeEmpty()
  await openWord(ana.page, 'Fido the dog')
  await openWord(ben.page, 'cat')
  await expectSynced(ana)
  await goTo(ana.page, 'Sync')
})

function undoButton(page: Page): Locator {
  return page.getByRole('banner').getByRole('button', { name: /^Undo/ })
}

function redoButton(page: Page): Locator {
  return page.getByRole('banner').getByRole('button', { name: /^Redo/ })
}

function heading(page: Page, name: string): Locator {
  return page.getByRole('heading', { level: 1, name, exact: true })
}

/** What was said of the last undoing. */
function told(page: Page): Locator {
  return page.getByRole('status', { name: 'Undone' })
}
