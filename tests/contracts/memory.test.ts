import { bodyStoreContract } from './body-store.contract.ts'
import { eventLogContract } from './event-log.contract.ts'
import { eventReaderContract } from './event-reader.contract.ts'
import { keyStoreContract } from './key-store.contract.ts'
import { objectStoreContract } from './object-store.contract.ts'
import { projectionsContract } from './projections.contract.ts'
import { memoryStores } from './stores.ts'

eventLogContract(memoryStores())
eventReaderContract(memoryStores())
keyStoreContract(memoryStores())
bodyStoreContract(memoryStores())
objectStoreContract(memoryStores())
projectionsContract(memoryStores())
