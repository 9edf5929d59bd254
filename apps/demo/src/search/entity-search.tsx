import { CloseButton, Combobox, Kbd, Loader, TextInput, useCombobox } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { EntityLine } from '../data/entity.ts'
import { TypeBadge } from '../shell/type-badge.tsx'
import classes from './entity-search.module.css'
import { type SearchState, TEXT_LENGTH_MIN, useEntitySearch } from './use-entity-search.ts'

/** Finds an entity by words of its name or description, with the keyboard or the pointer. */
export function EntitySearch({
  label,
  placeholder,
  onPick,
  hasShortcut = false,
  withinPortal = true,
}: {
  readonly label: string
  readonly placeholder: string
  readonly onPick: (entity: EntityLine) => void
  /** True for the one search that `/` goes to. */
  readonly hasShortcut?: boolean
  readonly withinPortal?: boolean
}): ReactNode {
  const [text, setText] = useState('')
  const state = useEntitySearch(text)
  const input = useRef<HTMLInputElement>(null)
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() })
  const isWaiting = text.trim().length >= TEXT_LENGTH_MIN && text.trim() !== state.text

  useSlash(hasShortcut, input)

  // biome-ignore lint/correctness/useExhaustiveDependencies: Enter opens the first of new results
  useEffect(() => {
    if (state.results.length > 0) combobox.selectFirstOption()
    else combobox.resetSelectedOption()
  }, [state.results])

  function pick(id: string): void {
    const entity = state.results.find((line) => line.id === id)
    if (entity === undefined) return
    setText('')
    combobox.closeDropdown()
    input.current?.blur()
    onPick(entity)
  }

  return (
    <Combobox
      store={combobox}
      onOptionSubmit={pick}
      shadow="lg"
      radius="md"
      offset={6}
      withinPortal={withinPortal}
    >
      <Combobox.Target withExpandedAttribute>
        <TextInput
          ref={input}
          type="text"
          role="combobox"
          inputMode="search"
          enterKeyHint="go"
          autoComplete="off"
          spellCheck={false}
          aria-label={label}
          placeholder={placeholder}
          value={text}
          leftSection={
            isWaiting ? <Loader size={14} aria-hidden /> : <IconSearch size={16} aria-hidden />
          }
          rightSection={rightSectionOf(text, hasShortcut, () => setText(''))}
          onChange={(event) => {
            setText(event.currentTarget.value)
            combobox.openDropdown()
          }}
          onFocus={() => text !== '' && combobox.openDropdown()}
          onBlur={() => combobox.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              if (combobox.dropdownOpened) combobox.closeDropdown()
              else input.current?.blur()
            }
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={text.trim().length < TEXT_LENGTH_MIN || state.text === ''} p={4}>
        <Combobox.Options aria-label="Results" className={classes.options}>
          <Results state={state} />
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

function rightSectionOf(text: string, hasShortcut: boolean, onClear: () => void): ReactNode {
  if (text !== '') {
    return (
      <CloseButton
        size="sm"
        aria-label="Clear the search"
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClear}
      />
    )
  }
  return hasShortcut ? (
    <Kbd size="xs" className={classes.shortcut} aria-hidden>
      /
    </Kbd>
  ) : null
}

function Results({ state }: { readonly state: SearchState }): ReactNode {
  if (state.error !== undefined) {
    const { message } = state.error instanceof Error ? state.error : new Error(String(state.error))
    return <Combobox.Empty role="alert">The search failed: {message}</Combobox.Empty>
  }
  if (state.results.length === 0) {
    return <Combobox.Empty>Nothing matches “{state.text}”</Combobox.Empty>
  }
  return state.results.map((line) => (
    <Combobox.Option key={line.id} value={line.id} className={classes.option}>
      <span className={classes.line}>
        <span className={classes.name}>{line.name}</span>
        <TypeBadge type={line.type} size="xs" />
      </span>
      <span className={classes.description}>{line.description}</span>
    </Combobox.Option>
  ))
}

/** Lets `/` anywhere on the page, but where one types, go to the search. */
function useSlash(isOn: boolean, input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    if (!isOn) return
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      const target = event.target as HTMLElement | null
      if (target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]')) {
        return
      }
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [isOn, input])
}
