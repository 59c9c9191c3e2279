import { testGoldens } from '../../../testing/dialect-goldens.ts'
import { openaiChat } from './index.ts'

testGoldens(openaiChat, new URL('./golden/across/', import.meta.url))
