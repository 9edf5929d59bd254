// Entry: makes sure there is a Chromium before something that needs one is started.
import { ensureChromium } from './chromium.ts'

ensureChromium()
