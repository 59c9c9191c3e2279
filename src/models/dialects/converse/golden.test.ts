import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { converse } from './index.ts'

testGoldens(converse, new URL('./golden/', import.meta.url))
