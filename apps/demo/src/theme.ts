/** Colours and type of the app, in Mantine's terms. */
import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** Ink-like violet: from a wash for backgrounds to text on white. */
const iris: MantineColorsTuple = [
  '#f3f2fd',
  '#e4e3fa',
  '#c8c6f4',
  '#aaa7ee',
  '#8f8be6',
  '#7671de',
  '#5b5bd6',
  '#4b49c0',
  '#3d3b9f',
  '#2e2c7d',
]

/** Warmer than Mantine's: paper by night. */
const dark: MantineColorsTuple = [
  '#d5d4dc',
  '#adacb9',
  '#92919f',
  '#6b6a79',
  '#42414d',
  '#33323d',
  '#26252e',
  '#1b1a21',
  '#151419',
  '#0f0e12',
]

/** The theme. */
export const theme: ReturnType<typeof createTheme> = createTheme({
  primaryColor: 'iris',
  primaryShade: { light: 6, dark: 5 },
  colors: { iris, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  autoContrast: true,
  fontFamily:
    'Inter, -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace',
  headings: {
    fontFamily:
      '"Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Charter, Georgia, "Liberation Serif", serif',
    fontWeight: '600',
  },
})
