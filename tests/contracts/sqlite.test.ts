import { bodyStoreContract } from './body-store.contract.ts'
import { eventLogContract } from './event-log.contract.ts'
import { eventReaderContract } from './event-reader.contract.ts'
import { keyStoreContract } from './key-store.contract.ts'
import { objectStoreContract } from './object-store.contract.ts'
import { projectionsContract } from './projections.contract.ts'
import { sqliteStores } from './stores.ts'

eventLogContract(sqliteStores())
eventReaderContract(sqliteStores())
keyStoreContract(sqliteStores())
bodyStoreContract(sqliteStores())
objectStoreContract(sqliteStores())
projectionsContract(sqliteStores())
