import { testGoldens, testMutatedGoldens } from '../../../testing/dialect-goldens.ts'
import { converse } from './index.ts'

const FOLDER = new URL('./golden/', import.meta.url)

testGoldens(converse, FOLDER)
testMutatedGoldens(converse, FOLDER)
