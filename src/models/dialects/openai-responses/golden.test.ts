import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { openaiResponses } from './index.ts'

testGoldens(openaiResponses, new URL('./golden/', import.meta.url))
