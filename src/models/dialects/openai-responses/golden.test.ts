import { testGoldens, testMutatedGoldens } from '../../../testing/dialect-goldens.ts'
import { openaiResponses } from './index.ts'

const FOLDER = new URL('./golden/', import.meta.url)

testGoldens(openaiResponses, FOLDER)
testMutatedGoldens(openaiResponses, FOLDER)
