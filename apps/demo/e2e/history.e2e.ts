import { expectSample, expectSynced, goTo, importSample, renameEntity, test } from './device.ts'
import {
  test as alone,
  expect,
  type Locator,
  openWithSample,
  openWord,
  type Page,
} from './fixtures.ts'

alone('a state is named, what was changed since is told, and it is restored', async ({ page }) => {
  await openWithSample(page)
  await nameState(page, 'The sample')
  await expect(version(page, 'The sample')).toContainText(/\d row/)

  await renameEntity(page, 'dog', 'hound')
  await goTo(page, 'History')
  await version(page, 'The present').click()
  await expect(difference(page, 'hound')).toContainText(/name\s*doghound/)
  await nameState(page, 'With a hound')
  await page.reload()
  await expect(detail(page, 'With a hound')).toBeVisible()

  // Of two versions, chosen by the keyboard.
  await version(page, 'With a hound').focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+Enter')
  await expect(page.getByRole('combobox', { name: 'Compared with' })).toHaveValue(/The sample/)
  await expect(difference(page, 'hound')).toContainText(/name\s*doghound/)

  await version(page, 'The sample').click()
  await page.getByRole('button', { name: 'Restore' }).click()
  const dialog = page.getByRole('dialog', { name: /Restore/ })
  await expect(dialog).toContainText(/\d+ rows will be what they were then/)
  await expect(dialog).toContainText('1 row of the graph')
  await dialog.getByRole('checkbox', { name: /Name the state of now first/ }).uncheck()
  await dialog.getByRole('button', { name: 'Restore' }).click()
  await expect(told(page)).toContainText(/“The sample” was restored: \d+ rows? changed/)
  await openWord(page, 'dog')

  // And there again by restoring the one before.
  await goTo(page, 'History')
  await version(page, 'With a hound').click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await dialog.getByRole('button', { name: 'Restore' }).click()
  await expect(told(page)).toContainText('was restored')
  await expect(version(page, 'Before restoring “With a hound”')).toBeVisible()
  await openWord(page, 'hound')
})

alone(
  'a branch is worked on beside the present, and merged with what both changed told',
  async ({ page }) => {
    await openWithSample(page)
    await nameState(page, 'The sample')
    await page.getByRole('button', { name: 'Branch', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name of the branch' }).fill('animals')
    await dialog.getByRole('button', { name: 'Begin the branch' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Branch animals' })).toBeVisible()
    await changeOnBranch(page, 'dog', 'Hound of the branch')
    await changeOnBranch(page, 'cat', 'Whiskers')
    await expect(page.getByRole('list', { name: 'Differences' })).toContainText('Whiskers')
    await page.getByRole('textbox', { name: 'What you did on the branch' }).fill('Animals renamed')
    await page.getByRole('button', { name: 'Save on the branch' }).click()
    await expect(detail(page, 'Animals renamed')).toContainText('on branch animals')
    await page.reload()
    await expect(detail(page, 'Animals renamed')).toBeVisible()
    await expect(version(page, 'Animals renamed')).toContainText('branch animals')

    // The present is as it was, and goes its own way.
    await renameEntity(page, 'dog', 'Fido')
    await goTo(page, 'History')
    await version(page, 'Animals renamed').click()
    await page.getByRole('button', { name: 'Merge' }).click()
    await dialog.getByRole('textbox', { name: 'Name of the merged state' }).fill('All animals')
    await dialog.getByRole('button', { name: 'Merge' }).click()
    await expect(told(page)).toContainText('1 thing had been changed on both sides')
    await expect(told(page).getByRole('list', { name: 'Conflicts' })).toContainText(
      /: what the (branch|present) says stands/,
    )
    await expect(detail(page, 'All animals')).toContainText('Made of')
    await expect(page.getByRole('button', { name: 'Merge' })).toBeHidden()
    await told(page).getByRole('link', { name: 'As it was on the branch' }).click()
    await expect(page.getByRole('article', { name: 'Hound of the branch' })).toBeVisible()
    await openWord(page, 'Whiskers')
  },
)

alone('tags keep a version, versions go, and come back from a file', async ({ page }) => {
  await openWithSample(page)
  await nameState(page, 'First')
  await renameEntity(page, 'dog', 'hound')
  await nameState(page, 'Second')
  await menuItem(page, 'More for this version', 'Tag it')
  await page.getByRole('textbox', { name: 'Tag' }).fill('release')
  await page.getByRole('button', { name: 'Tag it' }).click()
  await expect(version(page, 'Second')).toContainText('tag release')
  await menuItem(page, 'More for this version', 'Drop this version')
  await expect(page.getByRole('alert')).toContainText('history/version-referenced')

  const download = page.waitForEvent('download')
  await menuItem(page, 'More for all versions', 'Export all versions')
  const path = await (await download).path()
  await menuItem(page, 'More for this version', 'Remove the tag release')
  await expect(version(page, 'Second')).not.toContainText('release')
  await menuItem(page, 'More for this version', 'Drop this version')
  await expect(told(page)).toContainText('“Second” was dropped')
  await expect(version(page, 'Second')).toBeHidden()

  const chooser = page.waitForEvent('filechooser')
  await menuItem(page, 'More for all versions', 'Import versions')
  await (await chooser).setFiles(path)
  await expect(told(page)).toContainText(/Imported .*: 1 version\./)
  await version(page, 'Second').click()
  await expect(page.getByRole('combobox', { name: 'Compared with' })).toBeVisible()

  await menuItem(page, 'More for all versions', 'Keep only the newest')
  await page.getByRole('textbox', { name: 'Versions to keep' }).fill('1')
  await page.getByRole('button', { name: 'Drop older ones' }).click()
  await expect(told(page)).toContainText('1 version will go')
  await expect(version(page, 'First')).toBeHidden()
  await expect(version(page, 'Second')).toBeVisible()
})

test('another device has the versions, and looks into one with its note', async ({
  relay,
  openDevice,
}) => {
  await relay.start()
  const ana = await openDevice()
  await importSample(ana)
  const ben = await openDevice()
  await expectSample(ben)
  await openWord(ana.page, 'dog')
  await ana.page.getByRole('button', { name: 'Write a note' }).click()
  const note = ana.page.getByRole('textbox', { name: 'Note on dog' })
  await note.fill('It barks.')
  await expect(ana.page.getByText('Saved', { exact: true })).toBeVisible()
  await nameState(ana.page, 'With a note')
  await expectSynced(ana)
  await openWord(ana.page, 'dog')
  await note.fill('It does not bark any more.')
  await renameEntity(ana.page, 'dog', 'hound')
  await expectSynced(ana)

  await openWord(ben.page, 'hound')
  await goTo(ben.page, 'History')
  await version(ben.page, 'With a note').click()
  await ben.page.getByRole('link', { name: 'Look into it' }).click()
  await expect(ben.page.getByRole('note', { name: 'The past' })).toContainText('With a note')
  await expect(ben.page.getByRole('main')).toContainText('It had 2,000 entities')
  await ben.page.getByRole('textbox', { name: 'Find an entity as it was' }).fill('dog')
  await ben.page.getByRole('list', { name: 'Found' }).getByRole('link').first().click()
  const article = ben.page.getByRole('article', { name: 'dog' })
  await expect(article.getByRole('heading', { level: 1, name: 'dog' })).toBeVisible()
  await expect(article).toContainText('It barks.')

  // It walks on in the past, and back to the present.
  await article.getByRole('link', { name: 'As it is now' }).click()
  await expect(ben.page.getByRole('heading', { level: 1, name: 'hound' })).toBeVisible()
})

/** Names the state of now on the page of versions; leaves the version shown. */
async function nameState(page: Page, name: string): Promise<void> {
  if (!new URL(page.url()).pathname.startsWith('/history')) await goTo(page, 'History')
  await page.getByRole('textbox', { name: 'Name this state' }).fill(name)
  await page.getByRole('button', { name: 'Name it' }).click()
  await expect(detail(page, name)).toBeVisible()
}

async function changeOnBranch(page: Page, word: string, name: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Find an entity to change' }).fill(word)
  await expect(page.getByRole('option').first()).toHaveText(new RegExp(`^${word}(noun|verb)`))
  await page.keyboard.press('Enter')
  const form = page.getByRole('form', { name: `Change ${word} on the branch` })
  await form.getByRole('textbox', { name: 'Name' }).fill(name)
  await form.getByRole('button', { name: 'Change it on the branch' }).click()
  await expect(form).toBeHidden()
}

async function menuItem(page: Page, menu: string, item: string): Promise<void> {
  await page.getByRole('button', { name: menu }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

/** A version in the list. */
function version(page: Page, name: string): Locator {
  return page.getByRole('region', { name: 'Versions' }).getByRole('button', { name })
}

/** What is shown of the chosen version. */
function detail(page: Page, name: string): Locator {
  return page.getByRole('region', { name, exact: true })
}

function difference(page: Page, title: string): Locator {
  return page
    .getByRole('list', { name: 'Differences' })
    .getByRole('listitem')
    .filter({ hasText: title })
}

/** What was said of the last restore, merge or the like. */
function told(page: Page): Locator {
  return page.getByRole('region', { name: 'What was done' })
}
