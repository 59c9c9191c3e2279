import { bodyStoreContract } from './body-store.contract.ts'
import { eventLogContract } from './event-log.contract.ts'
import { eventReaderContract } from './event-reader.contract.ts'
import { keyStoreContract } from './key-store.contract.ts'
import { objectStoreContract } from './object-store.contract.ts'
import { POSTGRES_URL } from './postgres-server.ts'
import { projectionsContract } from './projections.contract.ts'
import { postgresStores } from './stores.ts'

if (POSTGRES_URL === undefined) {
  process.stderr.write(
    'SIGNALBOX_TEST_POSTGRES_URL is not set: the contracts of PostgreSQL are left out (scripts/test-services.sh starts one).\n',
  )
} else {
  eventLogContract(postgresStores(POSTGRES_URL))
  eventReaderContract(postgresStores(POSTGRES_URL))
  keyStoreContract(postgresStores(POSTGRES_URL))
  bodyStoreContract(postgresStores(POSTGRES_URL))
  objectStoreContract(postgresStores(POSTGRES_URL))
  projectionsContract(postgresStores(POSTGRES_URL))
}
