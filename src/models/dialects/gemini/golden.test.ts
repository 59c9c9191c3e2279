import { testGoldens, testMutatedGoldens } from '../../../testing/dialect-goldens.ts'
import { gemini } from './index.ts'

const FOLDER = new URL('./golden/', import.meta.url)

testGoldens(gemini, FOLDER)
testMutatedGoldens(gemini, FOLDER)
