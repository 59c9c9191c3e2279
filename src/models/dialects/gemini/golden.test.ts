import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { gemini } from './index.ts'

testGoldens(gemini, new URL('./golden/', import.meta.url))
