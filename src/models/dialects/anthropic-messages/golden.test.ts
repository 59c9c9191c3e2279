import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { anthropicMessages } from './index.ts'

testGoldens(anthropicMessages, new URL('./golden/', import.meta.url))
