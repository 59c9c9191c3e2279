import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { openaiCompletions } from './index.ts'

testGoldens(openaiCompletions, new URL('./golden/', import.meta.url))
